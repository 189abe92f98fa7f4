"""Return addresses, fragments, and GET that changes nothing."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from portal.common import web
from portal.common.web import is_safe_next, safe_next, writes_on_get, written_table


@pytest.mark.security("WEB-4")
@pytest.mark.parametrize(
    "target",
    [
        "//e",
        "//e.example/x",
        "/\\e",
        "\\\\e",
        "/\t/e",
        "/%09/e",
        "/%2Fe.example",
        "/%252Fe.example",
        "/%25252Fe.example",
        "/%5Ce",
        "/%255Ce",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "/a@e.example",
        "/%40e.example",
        "https://e.example/",
        "https:e.example",
        "http://testserver@e.example/",
        " /a",
        "/a\nb",
        "/a%0d%0aSet-Cookie:x",
        "a/b",
        "?a=b",
        "",
        "/" + "a" * 2048,
        "/%25%32%35%32%35%32%35%32f",
    ],
)
def test_addresses_that_leave_the_site_are_refused(target: str) -> None:
    assert not is_safe_next(target)


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/ror/offres/",
        "/annuaire/?q=camille%40exemple.fr",
        "/o/authorize/?client_id=a&redirect_uri=https%3A%2F%2Fpartenaire.example%2Fretour&state=x",
        "/annuaire/?q=kin%C3%A9#resultats",
        "/connexion/?next=%2Fror%2F",
    ],
)
def test_paths_of_ours_are_accepted(target: str) -> None:
    assert is_safe_next(target)


@given(st.text(alphabet="/\\@%25Cc:.?#abe \t", max_size=20))
def test_an_accepted_address_always_begins_with_exactly_one_slash(target: str) -> None:
    if is_safe_next("/" + target):
        assert not target.startswith(("/", "\\"))


@pytest.mark.security("WEB-4")
def test_the_form_speaks_before_the_query_and_a_bad_one_gives_the_default() -> None:
    factory = RequestFactory()
    assert safe_next(factory.get("/?next=/ror/"), "/") == "/ror/"
    assert safe_next(factory.post("/?next=/a/", {"next": "/b/"}), "/") == "/b/"
    assert safe_next(factory.post("/?next=/a/", {"next": "//e"}), "/accueil/") == "/accueil/"
    assert safe_next(factory.get("/"), "/accueil/") == "/accueil/"


class Htmx:
    def __init__(self, *, boosted: bool = False, history_restore_request: bool = False) -> None:
        self.boosted, self.history_restore_request = boosted, history_restore_request


@pytest.mark.parametrize(
    ("htmx", "fragment"),
    [
        (Htmx(), True),
        (Htmx(boosted=True), False),
        (Htmx(history_restore_request=True), False),
        (None, False),
    ],
)
def test_only_htmx_swaps_get_a_fragment(htmx: Htmx | None, fragment: bool) -> None:
    request = RequestFactory().get("/")
    request.htmx = htmx
    assert web.wants_fragment(request) is fragment


def test_a_page_and_its_fragment_are_cached_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def fake_render(request: object, template: str, context: dict[str, object], status: int) -> HttpResponse:
        shown.append(template)
        return HttpResponse(status=status)

    monkeypatch.setattr(web, "render", fake_render)
    request = RequestFactory().get("/")
    request.htmx = Htmx()
    response = web.render_page(request, "page.html", "part.html", {"a": 1}, status=422)
    request.htmx = None
    web.render_page(request, "page.html", "part.html")
    assert shown == ["part.html", "page.html"]
    assert (response.status_code, response["Vary"]) == (422, "HX-Request")


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ('INSERT INTO "accounts_user" ("id") VALUES (1)', "accounts_user"),
        ('UPDATE "accounts_user" SET "a" = 1', "accounts_user"),
        ('DELETE FROM "accounts_user" WHERE 1=1', "accounts_user"),
        ("WITH x AS (DELETE FROM accounts_user WHERE id = 1) SELECT 1", "accounts_user"),
        ("truncate table accounts_user", "accounts_user"),
        ('SELECT 1 FROM "accounts_user" FOR UPDATE', None),
        ('SELECT 1 FROM "accounts_user" FOR UPDATE OF "accounts_user" SKIP LOCKED', None),
        ("SELECT 'UPDATE accounts_user SET a = 1'", None),
        ('SELECT "update" FROM t', None),
    ],
)
def test_writes_are_told_from_reads(sql: str, table: str | None) -> None:
    assert written_table(sql) == table


def test_a_view_that_writes_on_get_gives_its_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        writes_on_get("  ")
    assert (
        writes_on_get("retour du fournisseur")(lambda request: None).writes_on_get == "retour du fournisseur"
    )
