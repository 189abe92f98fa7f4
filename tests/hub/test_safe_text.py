"""The small mark-up of staff texts: what it understands, and that nothing else gets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.hub.safe_text import document, is_safe_address, paragraphs


def test_blank_lines_make_paragraphs_and_line_breaks_stay():
    assert paragraphs("Un\ndeux\n\nTrois\r\n") == "<p>Un<br>deux</p>\n<p>Trois</p>"


def test_document_knows_headings_lists_bold_and_links():
    text = "# Titre\n\nUn **mot** et un [lien](/pages/cgu/).\n\n"
    text += "## Sous-titre\n- un\n- deux\n  suite\n\n1. premier\n2. fin"
    assert document(text) == (
        '<h2>Titre</h2>\n<p>Un <strong>mot</strong> et un <a href="/pages/cgu/">lien</a>.</p>\n<h2>Sous-titre</h2>\n'
        "<ul><li>un</li><li>deux suite</li></ul>\n<ol><li>premier</li><li>fin</li></ol>"
    )


@pytest.mark.security("WEB-6")
@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example",
     "https://user@evil.example/", "vbscript:x", "https://", "file:///etc/passwd", "http://[", "blob:x"],
)  # fmt: skip
def test_a_dangerous_address_leaves_the_words_without_link(url):
    assert not is_safe_address(url)
    assert "<a" not in document(f"[mot]({url})")


@pytest.mark.parametrize(
    "url",
    ["/assistance/", "#ancre", "https://exemple.example/a?b=c", "mailto:a@b.example", "tel:+33123456789"],
)
def test_a_harmless_address_is_a_link(url):
    assert is_safe_address(url) and f'href="{url}"' in document(f"[mot]({url})")


@given(st.text(alphabet=st.sampled_from("<>&\"'ab *#[]()-1.\n/:"), max_size=120))
def test_no_tag_of_the_writer_survives(text):
    for html in (document(text), paragraphs(text)):
        stripped = html
        for tag in ("p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "a"):
            stripped = stripped.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
        stripped = stripped.replace("<br>", "")
        assert "<" not in stripped.replace('<a href="', "")


def test_long_hostile_text_takes_no_time():
    assert document("**" * 30_000 + "[" * 30_000).startswith("<p>")
