"""`bin/bench`: figures taken side by side in one run, on a portal started for the purpose.

A section is a module with `run(bench) -> list[Measure]`; its name is added to SECTIONS, nothing else.
"""

SECTIONS: dict[str, str] = {
    "page": "portal.launcher.bench.page",
    "login": "portal.launcher.bench.login",
    "sso": "portal.launcher.bench.sso",
    "delivery": "portal.launcher.bench.delivery",
    "import": "portal.launcher.bench.directory_import",
    "lookup": "portal.launcher.bench.directory_lookup",
}
