"""`{% url %}` in place of Django's, as built-in: each address is looked up once per process."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.base import FilterExpression, Parser, Token
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as django_url
from django.urls import get_script_prefix, get_urlconf, reverse

register = template.Library()


@lru_cache(maxsize=2048, typed=True)
def _address(name: str, args: tuple[str | int, ...], urlconf: str, prefix: str) -> str:
    """Routes are read once at the start of a process, so this never goes stale; NoReverseMatch is not kept."""
    return reverse(name, urlconf=urlconf, args=args)


class KeptURLNode(URLNode):
    """The address of a route named in the template itself; with texts and whole numbers as arguments, if any."""

    def __init__(self, name: str, node: URLNode) -> None:
        super().__init__(node.view_name, node.args, node.kwargs, node.asvar)
        self.name = name

    def render(self, context: template.Context) -> str:
        args = tuple(arg.resolve(context) for arg in self.args)
        if not all(type(arg) in {str, int} for arg in args):
            return str(super().render(context))
        return _address(self.name, args, str(get_urlconf() or settings.ROOT_URLCONF), get_script_prefix())


def _constant_name(name: FilterExpression) -> str:
    is_literal = isinstance(name.var, str) and not name.filters
    return str(name.var) if is_literal else ""


@register.tag
def url(parser: Parser, token: Token) -> Any:
    """`{% url 'hub:tile' slug %}`; with named arguments, `as` or a route in a variable, Django's own node."""
    node: URLNode = django_url(parser, token)
    name = _constant_name(node.view_name)
    has_instances = name.startswith("admin:")  # resolved by the current application: left to Django
    return node if not name or has_instances or node.kwargs or node.asvar else KeptURLNode(name, node)
