"""`{% url %}`: constant addresses are kept, all the others are Django's."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.template.defaulttags import URLNode
from django.urls import NoReverseMatch, set_script_prefix
from django.utils.safestring import mark_safe

from portal.common.templatetags.portal_addresses import KeptURLNode


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{% url 'accounts:sign_in' %}", "/connexion/"),
        ('{% url "hub:home" %}', "/"),
        ("{% url 'hub:page' 'cgu' %}", "/pages/cgu/"),
        ("{% url name %}", "/connexion/"),
        ("{% url 'accounts:sign_in' as there %}[{{ there }}]", "[/connexion/]"),
        ("{% url 'hub:inconnue' as there %}[{{ there }}]", "[]"),
    ],
)
def test_an_address_is_that_of_its_route(text: str, shown: str) -> None:
    assert Template(text).render(Context({"name": "accounts:sign_in"})) == shown


def test_an_unknown_route_is_an_error_each_time() -> None:
    page = Template("{% url 'hub:inconnue' %}")
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            page.render(Context())


def test_a_kept_address_follows_the_prefix_of_the_site() -> None:
    page = Template("{% url 'accounts:sign_in' %}")
    assert page.render(Context()) == "/connexion/"
    set_script_prefix("/portail/")
    try:
        assert page.render(Context()) == "/portail/connexion/"
    finally:
        set_script_prefix("/")
    assert page.render(Context()) == "/connexion/"


def test_an_argument_is_never_taken_for_another() -> None:
    page = Template("{% url 'hub:page' slug %}")
    shown = [page.render(Context({"slug": slug})) for slug in ("cgu", "contacts", "cgu", mark_safe("cgu"))]
    assert shown == ["/pages/cgu/", "/pages/contacts/", "/pages/cgu/", "/pages/cgu/"]
    with pytest.raises(NoReverseMatch):
        page.render(Context({"slug": '"><script>'}))


def test_named_arguments_variables_and_the_administration_are_left_to_django() -> None:
    def node(text: str) -> type:
        return type(Template(text).nodelist[0])

    assert node("{% url 'hub:home' %}") is node("{% url 'hub:page' slug %}") is KeptURLNode
    others = ("{% url name %}", "{% url 'hub:page' slug=slug %}", "{% url 'admin:index' %}")
    assert {node(text) for text in others} == {URLNode}
