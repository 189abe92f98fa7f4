"""Layout, error pages, theme and gallery through the HTTP client."""

import graphlib
import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import get_finder
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client

ROOT = Path(__file__).parents[2]


def test_the_theme_carries_the_accent_of_the_platform_and_may_be_kept(client, plateforme):
    answer = client.get("/theme.css")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/css")
    assert "public" in answer["Cache-Control"]
    first = answer.content
    plateforme("entractes")
    assert client.get("/theme.css").content != first


def test_the_theme_is_read_only(client, db):
    assert client.post("/theme.css").status_code == 405


@pytest.mark.parametrize("address", ["/galerie/", "/galerie/communes/", "/galerie/robot/"])
def test_the_gallery_does_not_exist_outside_debug_mode(client, address, settings, db):
    settings.DEBUG = False
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_the_last_error_pages_need_no_context(name):
    html = render_to_string(name)
    assert html.count("<h1>") == 1
    assert 'lang="fr"' in html


@pytest.mark.feature("M94-009")
@pytest.mark.feature("M94-044")
def test_each_public_page_offers_to_sign_in_and_ends_with_the_legal_links(client, settings, db):
    settings.DEBUG = True
    html = client.get("/galerie/?onglet=card").content.decode()
    assert 'href="/connexion/?suivant=%2Fgalerie%2F%3Fonglet%3Dcard" data-portal-login' in html
    for label in ("Mentions légales", "CGU", "Contacts", "Accessibilité : non conforme"):
        assert label in html.split("<footer")[1]


def test_the_page_after_sign_in_cannot_be_turned_into_markup_by_the_address(client, settings, db):
    settings.DEBUG = True
    html = client.get('/galerie/?onglet="><script>alert(1)</script>').content.decode()
    assert "<script>alert" not in html


def test_no_page_of_ours_holds_an_inline_style_or_script(client, settings, db):
    settings.DEBUG = True
    html = client.get("/galerie/").content.decode()
    assert " style=" not in html and "<style" not in html
    assert "<script>" not in html and " onclick=" not in html


def test_each_part_of_the_page_is_in_one_piece(client, settings, db):
    settings.DEBUG = True
    html = client.get("/galerie/").content.decode()
    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert 'class="skip" href="#contenu"' in html


def test_a_sample_form_comes_back_with_a_note(settings, db):
    settings.DEBUG = True
    html = Client().post("/galerie/", follow=True).content.decode()
    assert "Rien n’a été enregistré." in html.split('class="toasts"')[1]


def test_style_and_script_stay_light():
    """What every page loads: two style sheets and the binder; each behaviour is small and comes when needed."""
    css = sum(path.stat().st_size for path in (ROOT / "static/css").glob("*.css"))
    of_one_page = {"card.js", "passkey.js"}  # programs of the card and passkey pages, fetched nowhere else
    files = [path for path in (ROOT / "static/js").glob("*.js") if path.name not in of_one_page]
    scripts = {path.name: path.stat().st_size for path in files}
    assert css < 50_000
    assert sum(scripts.values()) < 60_000  # of all behaviours together: a page fetches only its own
    assert max(scripts.values()) < 8_000


def test_each_component_opens_with_how_to_use_it():
    for path in (ROOT / "templates/components").glob("*.html"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("{# ") and first.endswith(" #}"), path.name


def _imports(path):
    return set(
        re.findall(r"""(?:from|import\()\s*["']\./([\w-]+\.js)["']""", path.read_text(encoding="utf-8"))
    )


def test_no_script_imports_itself_through_others():
    """A circle has no content-hashed name, and would run the binder twice."""
    edges = {path.name: _imports(path) for path in (ROOT / "static/js").glob("*.js")}
    assert edges["favourites.js"] == {"announce.js", "toast.js"}
    list(graphlib.TopologicalSorter(edges).static_order())
    assert set().union(*edges.values()) <= set(edges)


def test_in_production_each_module_is_fetched_by_its_hashed_name(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_DIRS = [ROOT / "static"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "portal.gallery.storage.ModuleStaticFilesStorage"},
    }
    get_finder.cache_clear()
    call_command("collectstatic", interactive=False, verbosity=0)
    get_finder.cache_clear()
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    binder = (tmp_path / names["js/portal.js"]).read_text(encoding="utf-8")
    assert f'import("./{Path(names["js/codes.js"]).name}")' in binder
    assert "./codes.js" not in binder
