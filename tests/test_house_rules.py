"""Rules of the house that a reviewer would otherwise repeat. Each failure says what to do instead."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house import source
from tests.house.source import ROOT, Module, files, product

LONGEST_MODULE = 500
LONGEST_FUNCTION = 80
# A state field is written by `portal.common.workflow`; these write one that no machine of decisions governs.
STATE_WRITERS = {
    "portal.common.workflow": "the kernel itself",
    "portal.messaging.delivery": "a message is claimed by a conditional UPDATE, so that ten workers send it once",
    "portal.messaging.sweeping": "takes back what a dead worker claimed, by the same conditional UPDATE",
    "portal.messaging.resending": "support puts a failed message back in the queue, by a conditional UPDATE",
}
STATE_FIELDS = {"status", "etat"}


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def templates() -> list[Path]:
    """Those of the product's folder and those an application keeps beside its code."""
    found = files(".html", ".txt", ".md", under=("templates", "portal", "accounts"))
    return [path for path in found if "templates" in path.relative_to(ROOT).parts]


def pages() -> list[Path]:
    """Templates that a browser renders: mails need inline styles, for mail programs ignore style sheets."""
    return [path for path in templates() if path.suffix == ".html" and not is_mail(path)]


def is_mail(path: Path) -> bool:
    place = shown(path)
    return "/email/" in place or place.startswith(("templates/messaging/", "templates/launcher/"))


# --- state -------------------------------------------------------------------------------------------
def state_writes(module: Module) -> Iterator[str]:
    """`x.status = …`, `setattr(x, "status", …)`, `….update(status=…)`; filters and creations are not writes."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            hits = [t for t in targets if isinstance(t, ast.Attribute) and t.attr in STATE_FIELDS]
        elif isinstance(node, ast.Call):
            hits = [node] if _sets_state(node) else []
        else:
            continue
        for hit in hits:
            yield f"{module.place}:{hit.lineno}"


def _sets_state(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id == "setattr" and len(call.args) > 1:
        return isinstance(call.args[1], ast.Constant) and call.args[1].value in STATE_FIELDS
    if isinstance(call.func, ast.Attribute) and call.func.attr in {"update", "bulk_update", "aupdate"}:
        return any(keyword.arg in STATE_FIELDS for keyword in call.keywords)
    return False


def test_a_state_is_written_by_its_machine_only() -> None:
    wrong = [
        place
        for module in product().values()
        if module.name not in STATE_WRITERS and ".migrations." not in module.name
        for place in state_writes(module)
    ]
    assert wrong == [], "make the move with Machine.perform: it locks, asks the right and logs"


def test_every_exempt_state_writer_still_exists() -> None:
    assert [name for name in STATE_WRITERS if name not in product()] == []


# --- finished code -------------------------------------------------------------------------------------
def test_nothing_is_left_for_later() -> None:
    mark = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|NotImplementedError|[Ll]orem ipsum")
    suffixes = (".py", ".html", ".txt", ".toml", ".css", ".js", ".md", ".sh")
    wrong = [
        f"{shown(path)}:{number}"
        for path in files(
            *suffixes, under=("portal", "accounts", "templates", "static", "tests", "bin", "docs")
        )
        if shown(path) != "tests/test_house_rules.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if mark.search(line)
    ]
    assert wrong == [], "write it now, or write down the decision not to"


def test_modules_stay_short() -> None:
    long = {
        module.place: len(module.text.splitlines())
        for module in (*product().values(), *source.tests().values())
        if ".migrations." not in module.name and len(module.text.splitlines()) > LONGEST_MODULE
    }
    assert long == {}, "split the module along what it talks about"


def test_functions_stay_short() -> None:
    long = [
        f"{module.place}:{node.lineno} {node.name} ({length} lines)"
        for module in product().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert long == [], "give its steps a name"


def test_no_test_is_skipped() -> None:
    skips = {"skip", "skipif", "xfail", "importorskip", "skipUnless", "skipIf", "skipTest"}
    wrong = [
        f"{module.place}:{node.lineno}"
        for module in source.tests().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in skips
    ]
    assert wrong == [], "a test that cannot run fails and says what is missing"


def test_product_code_never_asks_whether_it_is_a_demo() -> None:
    places = ("portal.settings", "portal.launcher", "portal.simulators", "portal.demo_urls")
    wrong = [
        f"{module.place}:{node.lineno}"
        for module in product().values()
        if not module.name.startswith(places)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith("DEMO")
        if isinstance(node.value, ast.Name) and node.value.id == "settings"
    ]
    assert wrong == [], "only addresses in settings change between the demo and production"


# --- browser tests ---------------------------------------------------------------------------------------
# What these answer is true at one instant: a click does not wait for the page it leads to.
_INSTANT = {
    *("is_visible", "is_hidden", "is_checked", "is_enabled", "is_disabled", "is_editable", "inner_text"),
    *("inner_html", "text_content", "all_inner_texts", "all_text_contents", "input_value", "get_attribute"),
}
_ACTIONS = {"click", "press", "check", "uncheck", "tap", "dblclick", "select_option", "reload", "go_back"}
_LOOKS = {"check_accessibility", "find_problems", "too_wide", "look", "check"}
_SCREENS = {"page", "phone", "phone_page", "opened", "window"}
# The seconds that the product itself makes a visitor without script wait.
_MAY_SLEEP = {"tests.support.browser"}


def drives_a_browser(module: Module) -> bool:
    return "playwright" in module.text or ".goto(" in module.text


def hasty_looks(module: Module) -> Iterator[str]:
    """Asserts on what a page shows at one instant, looks straight after an action, and fixed sleeps."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assert) and any(_is_instant(part) for part in ast.walk(node.test)):
            yield f"{module.place}:{node.lineno}: an assert on one instant"
        if _name(node) == "wait_for_timeout" and module.name not in _MAY_SLEEP:
            yield f"{module.place}:{getattr(node, 'lineno', 0)}: a fixed sleep"
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                yield from (
                    f"{module.place}:{line}: a look straight after an action" for line in _rushed(block)
                )


def _name(node: ast.AST) -> str:
    """`name(…)` or `….name(…)`."""
    called = node.func if isinstance(node, ast.Call) else None
    return getattr(called, "attr", getattr(called, "id", ""))


def _is_instant(node: ast.AST) -> bool:
    """`….is_visible()`, `locator(…).count()`, `page.url`, `page.content()`."""
    if isinstance(node, ast.Attribute) and node.attr in {"url", "content"}:
        return ast.unparse(node.value).rpartition(".")[2] in _SCREENS
    if _name(node) == "count":
        return any(_name(part).startswith(("locator", "get_by_")) for part in ast.walk(node))
    return _name(node) in _INSTANT


def _rushed(block: list[ast.stmt]) -> Iterator[int]:
    for first, second in itertools.pairwise(block):
        if isinstance(first, ast.Expr) and _name(first.value) in _ACTIONS:
            looks = {part.id for part in ast.walk(second) if isinstance(part, ast.Name)} & _LOOKS
            if looks:
                yield second.lineno


def test_browser_tests_wait_for_what_they_look_at() -> None:
    wrong = [
        hit
        for module in source.tests().values()
        if module.name != "tests.test_house_rules" and drives_a_browser(module)
        for hit in hasty_looks(module)
    ]
    assert wrong == [], "use Playwright's expect(…), which waits: a click does not wait for the page it opens"


# --- templates -------------------------------------------------------------------------------------------
_MESSAGE_PARTS = re.compile(r"(?:_subject\.txt|_body\.txt|_body\.html|\.txt)$")
# Django finds these by their name.
_NAMED_BY_DJANGO = re.compile(r"templates/(?:[45]\d\d\.html|admin/.*|registration/.*)")


def test_every_template_is_used() -> None:
    texts = {shown(path): path.read_text(encoding="utf-8") for path in templates()}
    texts |= {module.place: module.text for module in product().values()}
    unused = []
    for path in templates():
        place = shown(path)
        name = place.rpartition("templates/")[2]
        wanted = {name, _MESSAGE_PARTS.sub("", name), name.removesuffix(path.suffix)}
        if _NAMED_BY_DJANGO.match(place) or path.name == "README.md":
            continue
        if _MESSAGE_PARTS.search(
            name
        ):  # messages are named by one function per notice, with their folder apart
            wanted |= {f'{before}{_MESSAGE_PARTS.sub("", path.name)}"' for before in '/"'}
        if not any(word in text for other, text in texts.items() if other != place for word in wanted):
            unused.append(place)
    assert unused == [], "remove the template, or use it"


def lines_matching(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        text = re.sub(
            r"(?s)\{#.*?#\}|\{% comment .*?%\}.*?\{% endcomment %\}", _blank, path.read_text("utf-8")
        )
        found += [
            f"{shown(path)}:{text.count(chr(10), 0, hit.start()) + 1}" for hit in pattern.finditer(text)
        ]
    return found


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def test_pages_hold_no_inline_style() -> None:
    pattern = re.compile(r"<style\b|<[a-z][^<>]*\sstyle\s*=", re.IGNORECASE)
    assert lines_matching(pattern, pages()) == [], "the content policy refuses it: give the element a class"


def test_pages_hold_no_inline_script() -> None:
    pattern = re.compile(
        r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)|<[a-z][^<>]*\son[a-z]+\s*=|[\"']javascript:",
        re.IGNORECASE,
    )
    assert lines_matching(pattern, pages()) == [], "bind the behaviour with data-portal-*, in static/js"


def test_pages_load_nothing_from_elsewhere() -> None:
    pattern = re.compile(
        r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//"
    )
    assert lines_matching(pattern, pages()) == [], "serve it from static/: the content policy allows only us"


# Copied by a script into a page, with that page's token.
FORM_MODELS = {"templates/components/toast.html"}


def test_a_form_that_posts_carries_its_token() -> None:
    form = re.compile(r"(?is)<form\b[^>]*method=[\"']?post.*?</form>")
    wrong = [
        f"{shown(path)}:{text.count(chr(10), 0, hit.start()) + 1}"
        for path in pages()
        for text in [path.read_text(encoding="utf-8")]
        for hit in form.finditer(text)
        if "csrf_token" not in hit[0] and shown(path) not in FORM_MODELS
    ]
    assert wrong == [], "add {% csrf_token %}"


def test_unescaped_text_has_its_reason_in_the_template() -> None:
    pattern = re.compile(r"\|\s*safe(?:seq)?\b|\{%\s*autoescape off")
    wrong = []
    for path in (path for path in templates() if path.suffix == ".html"):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if pattern.search(line) and "{#" not in line + (lines[number - 1] if number else ""):
                wrong.append(f"{shown(path)}:{number + 1}")
    assert wrong == [], "let Django escape it, or say in a {# comment #} why the text is ours"


def test_unescaped_text_has_its_reason_in_code() -> None:
    """A constant is plainly ours; anything else needs a comment on its line."""
    wrong = []
    for module in product().values():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).rsplit(".", 1)[-1] != "mark_safe":
                continue
            if not isinstance(node.args[0], ast.Constant) and "#" not in module.line(node.lineno):
                wrong.append(f"{module.place}:{node.lineno}")
    assert wrong == [], "use format_html, or say why the text is ours"


# --- nothing of a real person, nothing of a machine ----------------------------------------------------------
_REPOSITORY = (
    "portal",
    "accounts",
    "ror",
    "maillage",
    "templates",
    "static",
    "tests",
    "docs",
    "bin",
    "deploy",
)
_TEXTS = (".py", ".html", ".txt", ".toml", ".md", ".json", ".csv", ".js", ".css", ".sh", ".yml", ".tsv")


def hits(pattern: re.Pattern[str], *under: str) -> list[tuple[str, str]]:
    return [
        (f"{shown(path)}", hit[0])
        for path in files(*_TEXTS, under=under or _REPOSITORY)
        if shown(path) != "tests/test_house_rules.py"
        for hit in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]


def test_mobile_numbers_are_those_kept_for_fiction() -> None:
    """06 39 98 xx xx; overseas mobiles (069x) have no such range and appear only where their shape is tested."""
    mobile = re.compile(r"(?<![\d+.])(?:\+33[  ]?[67]|0[67])(?:[  .]?\d{2}){4}(?!\d)")
    kept = re.compile(r"(?:\+33|0)(?:63998|69)")
    elsewhere = {
        "portal/referentiels/donnees/filtres.txt",  # two-digit codes, side by side
        "tests/common/test_validators.py",  # the shape of Mayotte's mobiles
    }
    wrong = [
        (place, number)
        for place, number in hits(mobile)
        if place not in elsewhere and not kept.match(re.sub(r"[ \u202f.]", "", number))
    ]
    assert wrong == [], "write 06 39 98 xx xx: any other number may ring at somebody's"


def test_no_rpps_number_may_be_a_real_persons() -> None:
    number = re.compile(r"(?<![\d.])1[0-9]{10}(?![\d.])")
    wrong = [hit for hit in hits(number) if luhn(hit[1])]
    assert wrong == [], "use the test range 997…"


def luhn(digits: str) -> bool:
    doubled = [int(d) * (2 if rank % 2 else 1) for rank, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def test_the_repository_depends_on_no_registry() -> None:
    host = re.compile(
        r"\b(?:files\.pythonhosted|pypi|registry\.npmjs|npmjs|unpkg|jsdelivr)\.(?:org|com|net)\b"
    )
    assert hits(host) == [], "locks carry hashes, never an address"


# --- words ---------------------------------------------------------------------------------------------
def test_every_name_of_the_glossary_exists_in_code() -> None:
    names = {
        node.name
        for module in product().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    text = (ROOT / "docs" / "glossaire.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| ") and "Classe" not in line]
    # The class column; what stands between brackets names a field.
    quoted = [name for row in rows for name in re.findall(r"`(\w+)`", re.sub(r"\(champ `\w+`\)", "", row[3]))]
    assert len(quoted) > 30
    assert [name for name in quoted if name not in names] == [], "rename it in docs/glossaire.md too"


# --- the rules themselves can fail ------------------------------------------------------------------------------
def _module(text: str) -> Module:
    module = Module("tests.sample", ROOT / "tests" / "sample.py")
    module.__dict__["text"] = text
    return module


def test_state_writes_are_seen() -> None:
    def count(text: str) -> int:
        return len(list(state_writes(_module(text))))

    assert count("x.status = 'a'") == 1
    assert count("setattr(x, 'status', 'a')") == 1
    assert count("X.objects.filter(pk=1).update(status='a')") == 1
    assert count("X.objects.filter(status='a').exclude(status='b')") == 0
    assert count("X.objects.create(status='a')") == 0


def test_hasty_looks_are_seen() -> None:
    def count(text: str) -> int:
        return len(list(hasty_looks(_module(text))))

    assert count("assert page.get_by_text('a').is_visible()") == 1
    assert count("assert not window.locator('p').count()") == 1
    assert count("assert 'a' in page.url") == 1
    assert count("assert 'a' in desk.page.content()") == 1
    assert count("page.wait_for_timeout(50)") == 1
    assert count("def f():\n    page.get_by_role('link').click()\n    check_accessibility(page)") == 1
    assert count("page.get_by_role('link').click()\nexpect(page).to_have_url('a')") == 0
    assert count("assert rows.count() == 1 and answer.url == answer.content") == 0


def test_real_looking_numbers_are_seen() -> None:
    assert luhn("99700273917")
    assert not luhn("99700273918")
