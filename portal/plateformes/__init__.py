"""Platform profiles: what a region decides (names, texts, rules) is data in a TOML file, no branch in code.

`current()` gives the profile the product runs with. Adding a region is adding a file and its documents.
"""

from portal.plateformes.loader import ProfileError, available, current, load
from portal.plateformes.schema import Plateforme

__all__ = ["Plateforme", "ProfileError", "available", "current", "load"]
