"""Who may import whom. The tuples below are the documentation of the order; the tests hold it.

Read the imports by the syntax tree, so an import inside a function counts like any other.
"""

import ast
from collections.abc import Iterator

from tests.house.source import Import, Module, product

# Each package imports only from itself and from those before it.
ORDER = (
    "portal.common",
    "portal.plateformes",
    "portal.messaging",
    "portal.observability",
    "portal.referentiels",
    "accounts",
    "ror",
    "maillage",
    "portal.hub",
    "portal.gallery",
    "portal.backup",
    "portal.urls",
)
# They start the product; they are no part of the order and nothing in it imports them.
STARTERS = (
    "portal.settings",
    "portal.celery",
    "portal.wsgi",
    "portal.serving",
    "portal.asgi",
    "portal.demo_urls",
    "portal.launcher",
)
SIMULATORS = "portal.simulators"
# What a request, a command or a worker enters by. They may use the core of any package; they are leaves.
ENTRY_POINTS = frozenset(
    {"views", "forms", "urls", "admin", "tasks", "management", "templatetags", "checks", "apps"}
)
# Inside one package an entry point may lean on these others.
LEANS_ON = {
    "views": {"views", "forms"},
    "forms": {"forms"},
    "urls": {"urls", "views"},
    "admin": {"admin", "forms"},
    "tasks": {"tasks"},
    "management": {"management"},
    "templatetags": {"templatetags"},
    "apps": {"checks"},
}
# The core module of a package that puts its own tasks in the queue (ids only).
ENQUEUERS = frozenset({"portal.messaging.publishing"})


def package_of(name: str) -> str:
    """The entry of ORDER, STARTERS or SIMULATORS that holds a module; empty when it is not ours."""
    for package in (*ORDER, *STARTERS, SIMULATORS):
        if name == package or name.startswith(package + "."):
            return package
    return ""


def entry_point(name: str) -> str:
    """« views » for accounts.views.sign_in and accounts.views_sign_up; empty for a core module.

    portal.common is the floor: its forms and tags are made to be used by all.
    """
    package = package_of(name)
    if package in {"portal.common", "portal.urls", ""}:
        return ""
    first = name.removeprefix(package).strip(".").split(".")[0]
    return next((kind for kind in ENTRY_POINTS if first == kind or first.startswith(kind + "_")), "")


def our_imports() -> Iterator[tuple[Module, Import]]:
    for module in product().values():
        for found in module.imports:
            if package_of(found.target):
                yield module, found


def describe(module: Module, found: Import) -> str:
    return f"{module.place}:{found.line} imports {found.target}"


def test_every_module_has_its_place_in_the_order() -> None:
    bare = {"portal"}
    unplaced = [
        module.place
        for module in product().values()
        if not package_of(module.name) and module.name not in bare
    ]
    assert unplaced == [], "put the package in ORDER, where its imports are all on its left"


def test_the_core_imports_only_from_its_left() -> None:
    wrong = []
    for module, found in our_imports():
        source, target = package_of(module.name), package_of(found.target)
        if source not in ORDER or target not in ORDER or entry_point(module.name):
            continue
        if ORDER.index(target) > ORDER.index(source):
            wrong.append(describe(module, found))
    assert wrong == [], "a lower layer that must tell a higher one takes a callable or returns a value"


def test_entry_points_are_leaves() -> None:
    wrong = []
    for module, found in our_imports():
        target = entry_point(found.target)
        source, same = entry_point(module.name), package_of(module.name) == package_of(found.target)
        if not target or package_of(module.name) in {"portal.urls", *STARTERS}:
            continue
        if same and target in LEANS_ON.get(source, ()):
            continue
        if same and target == "tasks" and module.name in ENQUEUERS:
            continue
        wrong.append(describe(module, found))
    assert wrong == [], "move what is shared out of the view, form, task… into a core module"


def test_no_import_inside_a_function_dodges_a_cycle() -> None:
    wrong = [
        describe(module, found)
        for module, found in our_imports()
        if found.inner and package_of(module.name) not in STARTERS
    ]
    assert wrong == [], "import at the top; when that makes a cycle, move the shared part down"


def test_no_modules_import_each_other_in_a_ring() -> None:
    graph: dict[str, set[str]] = {name: set() for name in product()}
    for module, found in our_imports():
        if not found.typing_only and found.target in graph and found.target != module.name:
            graph[module.name].add(found.target)
    assert rings(graph) == []


def test_simulators_know_nothing_of_the_product() -> None:
    wrong = [
        describe(module, found)
        for module, found in our_imports()
        if package_of(module.name) == SIMULATORS and package_of(found.target) != SIMULATORS
    ]
    assert wrong == [], "a stand-in speaks the wire protocol only"


def test_nothing_of_the_product_knows_the_simulators() -> None:
    """The launcher starts them and measures with them: it is a tool beside the product."""
    allowed = {"portal.demo_urls", "portal.settings.demo"}
    wrong = [
        describe(module, found)
        for module, found in our_imports()
        if package_of(found.target) == SIMULATORS
        and package_of(module.name) not in {SIMULATORS, "portal.launcher"}
        and module.name not in allowed
    ]
    assert wrong == [], "only the demo's settings and addresses name a simulator"


def test_nothing_imports_what_starts_the_product() -> None:
    """But one apps.py: a process that puts a task in the queue needs the Celery application loaded."""
    wrong = [
        describe(module, found)
        for module, found in our_imports()
        if package_of(found.target) in STARTERS
        and package_of(module.name) not in STARTERS
        and not (found.target == "portal.celery" and entry_point(module.name) == "apps")
    ]
    assert wrong == [], "code reads django.conf.settings, and names tasks by their function"


def test_applications_do_not_listen_to_the_signals_of_one_another() -> None:
    """Libraries' signals (the cache, structured logs) may be heard; models' may not."""
    wrong = [
        f"{module.place}:{found.line}"
        for module in product().values()
        for found in module.imports
        if found.target.startswith("django.db.models.signals")
    ]
    assert wrong == [], "call the function: a signal hides who does what"


def test_no_code_asks_which_platform_it_runs_on() -> None:
    wrong = [
        f"{module.place}:{node.lineno} {ast.unparse(node)}"
        for module in product().values()
        for node in ast.walk(module.tree)
        if asks_for_the_platform(node)
    ]
    assert wrong == [], (
        "ask the profile for the rule; add a key to portal/plateformes/schema.py when it lacks"
    )


def asks_for_the_platform(node: ast.AST) -> bool:
    """`plateforme.key == …`, `current().key in …`, `match profile.key`, `settings.PLATEFORME == …`."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
    elif isinstance(node, ast.Match):
        sides = [node.subject]
    else:
        return False
    return any(_is_platform_key(side) for side in sides)


def _is_platform_key(side: ast.expr) -> bool:
    if not isinstance(side, ast.Attribute):
        return False
    owner = ast.unparse(side.value).rsplit(".", 1)[-1]
    return side.attr == "PLATEFORME" or (
        side.attr in {"key", "name", "short_name", "operator", "region"}
        and owner in {"plateforme", "platform", "profile", "profil", "current()", "_plateforme"}
    )


def rings(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that reach one another (strongly connected components of two or more)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for target in sorted(graph[name]):
            if target not in order:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], order[target])
        if low[name] == order[name]:
            ring = [stack.pop()]
            while ring[-1] != name:
                ring.append(stack.pop())
            if len(ring) > 1:
                found.append(sorted(ring))

    for name in sorted(graph):
        if name not in order:
            visit(name)
    return found


# --- the rules themselves can fail ------------------------------------------------------------------
def test_a_ring_is_seen() -> None:
    assert rings({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert rings({"a": {"b"}, "b": set()}) == []


def test_a_question_about_the_platform_is_seen() -> None:
    def asked(source: str) -> bool:
        return any(asks_for_the_platform(node) for node in ast.walk(ast.parse(source)))

    assert asked("if plateforme.key == 'enrs-idf': pass")
    assert asked("x = current().key in ('a', 'b')")
    assert asked("x = 'a' == settings.PLATEFORME")
    assert asked("match current().key:\n    case 'a': pass")
    assert not asked("x = field.key == 'a'")
    assert not asked("x = current().robot.kind == 'image'")


def test_entry_points_are_recognised() -> None:
    assert entry_point("accounts.views.sign_in") == "views"
    assert entry_point("accounts.urls_sign_up") == "urls"
    assert entry_point("accounts.throttle") == ""
    assert entry_point("portal.common.forms") == ""
    assert package_of("portal.hubris") == ""
