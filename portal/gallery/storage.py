"""Static files named by their content, the addresses inside our ES modules included."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """`import "./x.js"` of a module becomes the hashed name: a new release never mixes old and new modules.

    Only our own `js/`: scripts of packages hold words that look like imports and name files they do not ship.
    Needs imports without a circle (tests/design): a name depends on the content of what is imported.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )
