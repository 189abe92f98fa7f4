"""What a reader gets: text and HTML that say the same without any image, and headers nobody forged."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from html.parser import HTMLParser

import html5lib
import pytest
import structlog
from django.conf import settings
from django.template import TemplateDoesNotExist
from django.utils.html import escape

from portal.messaging.content import ContentRefusedError, readable_on, render_email, render_sms
from portal.messaging.delivery import deliver
from portal.messaging.models import OutgoingMessage
from tests.messaging.conftest import ADDRESS, CONTEXT
from tests.messaging.relay import Relay

PROFILES = ["enrs-idf", "esante-cvl", "entractes"]
Queue = Callable[..., OutgoingMessage]


class _Visible(HTMLParser):
    """Text a reader sees without images nor style sheets, and the tags met."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.pieces).split())


@pytest.fixture
def received(mail: Queue, relay: Relay) -> EmailMessage:
    deliver(mail().pk)
    return relay.taken[0]


def _part(received: EmailMessage, kind: str) -> str:
    body = received.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@pytest.mark.feature("CVL-068")
@pytest.mark.parametrize("profile", PROFILES)
def test_text_and_html_say_everything_without_images(
    plateforme: Callable[[str], object], profile: str
) -> None:
    region = plateforme(profile)
    content = render_email("essai/code", CONTEXT)
    page = _Visible(content.html)

    assert not {"img", "script", "link", "iframe", "object", "video"} & set(page.tags)
    assert "url(" not in content.html
    for needed in ("Claire Fontaine", CONTEXT["code"], CONTEXT["link"]):
        assert str(needed) in content.text
        assert str(needed) in page.text
    for identity in (region.name, region.senders.email, region.operator):  # type: ignore[attr-defined]
        assert identity in content.text
        assert identity in page.text


@pytest.mark.feature("CVL-068")
@pytest.mark.django_db
def test_the_sender_is_the_no_reply_address_of_the_region(received: EmailMessage) -> None:
    assert str(received["From"]) == "Portail ENRS Île-de-France <ne-pas-repondre@enrs-idf.example>"
    assert str(received["To"]) == ADDRESS
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["Content-Language"] == "fr"
    assert received.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in received.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.django_db
def test_accents_arrive_whole(received: EmailMessage) -> None:
    assert "Île-de-France" in _part(received, "plain")
    assert "Île-de-France" in _part(received, "html")
    assert received["Subject"] == "[Portail ENRS] Votre code de connexion"


@pytest.mark.parametrize("profile", PROFILES)
def test_the_html_is_valid_has_a_language_a_title_and_one_main_heading(
    plateforme: Callable[[str], object], profile: str
) -> None:
    plateforme(profile)
    content = render_email("essai/code", CONTEXT)
    html5lib.HTMLParser(strict=True).parse(
        re.sub(r' (cellpadding|cellspacing|border|align|valign)="[^"]*"', "", content.html)
    )

    assert '<html lang="fr"' in content.html
    assert f"<title>{escape(content.subject)}</title>" in content.html
    assert content.html.count("<h1") == 1
    assert 'role="presentation"' in content.html


def _contrast(first: str, second: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("accent", ["#1f4e8c", "#ffffff", "#000000", "#e8c547", "#767676", "#00a0a0"])
def test_words_on_the_accent_are_readable_whatever_the_accent(accent: str) -> None:
    assert _contrast(readable_on(accent), accent) >= 4.5


@pytest.mark.parametrize("pair", [("#1b2733", "#ffffff"), ("#1b2733", "#f3f5f7"), ("#45525f", "#ffffff")])
def test_the_fixed_colours_of_the_layout_are_readable(pair: tuple[str, str]) -> None:
    html = render_email("essai/code", CONTEXT).html

    assert pair[0] in html and pair[1] in html
    assert _contrast(*pair) >= 4.5


@pytest.mark.security("WEB-6")
def test_what_people_typed_is_text_in_both_parts() -> None:
    name = "<script>alert('x')</script> & d'Artagnan"
    content = render_email("essai/code", {**CONTEXT, "name": name})

    assert name in content.text
    assert "<script" not in content.html
    assert "&lt;script&gt;" in content.html
    assert name in _Visible(content.html).text


@pytest.mark.security("CODE-10", "WEB-5")
def test_links_of_the_layout_come_from_the_configuration() -> None:
    content = render_email("essai/code", CONTEXT)

    for link in _Visible(content.html).links:
        assert link.startswith((settings.SITE_URL, "https://portail.example/"))
    assert settings.SITE_URL in content.text


def test_a_mail_without_one_of_its_three_templates_is_refused() -> None:
    with pytest.raises(TemplateDoesNotExist):
        render_email("essai/absent", CONTEXT)


@pytest.mark.parametrize("bad", ["\x00", "\x07", "\x1b"])
def test_a_control_character_in_a_body_is_refused(bad: str) -> None:
    with pytest.raises(ContentRefusedError):
        render_email("essai/code", {**CONTEXT, "name": f"Claire{bad}"})


def test_an_sms_is_one_line() -> None:
    assert render_sms("essai/code", CONTEXT).text == "Portail ENRS : votre code est 004271."


@pytest.mark.django_db
def test_a_line_that_is_a_lone_dot_does_not_end_the_mail(mail: Queue, relay: Relay) -> None:
    deliver(mail(context={**CONTEXT, "name": "Claire\n.\n..\nFontaine"}).pk)

    assert "Claire\n.\n..\nFontaine" in _part(relay.taken[0], "plain")
    assert CONTEXT["code"] in _part(relay.taken[0], "plain")


@pytest.mark.security("REL-13")
@pytest.mark.django_db
def test_the_request_that_asked_for_a_mail_is_named_in_its_headers(mail: Queue, relay: Relay) -> None:
    with structlog.contextvars.bound_contextvars(request_id="0b7a3c0e-1111-4222-8333-944445555666"):
        message = mail()
    deliver(message.pk)

    assert message.correlation_id == "0b7a3c0e-1111-4222-8333-944445555666"
    assert relay.taken[0]["X-Correlation-ID"] == message.correlation_id


def test_the_heading_leaves_the_sender_s_name_to_the_band_above_it() -> None:
    content = render_email("essai/code", CONTEXT)

    assert content.subject == "[Portail ENRS] Votre code de connexion"
    assert ">Votre code de connexion</h1>" in content.html


def test_no_line_of_a_mail_may_begin_with_a_sign() -> None:
    content = render_email("essai/code", {**CONTEXT, "name": "Claire « Fontaine » ?"})

    assert "Claire «&nbsp;Fontaine&nbsp;»&nbsp;?" in content.html
    assert "Claire « Fontaine » ?" in content.text
    assert 'style="margin:0;font-size:14px;"' in content.html
