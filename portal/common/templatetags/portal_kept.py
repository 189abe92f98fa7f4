"""`{% kept %}`: a part of a page that is the same for everybody, drawn once per process and per platform."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.template.defaulttags import CsrfTokenNode
from django.utils.safestring import SafeString

register = template.Library()
MAX_ENTRIES = 500
MAX_TEXT = 200
_PLAIN = (str, bool, int, type(None))
_kept: dict[tuple[Any, ...], SafeString] = {}


class KeptNode(Node):
    def __init__(self, nodelist: NodeList, varying: list[FilterExpression]) -> None:
        self.nodelist, self.varying = nodelist, varying

    def render(self, context: template.Context) -> SafeString:
        key = self._key(context) if settings.PROCESS_MEMORY else None
        found = _kept.get(key) if key is not None else None
        if found is None:
            found = self.nodelist.render(context)
            if key is not None:
                if len(_kept) >= MAX_ENTRIES:
                    _kept.clear()
                _kept[key] = found
        return found

    def _key(self, context: template.Context) -> tuple[Any, ...] | None:
        """None for a part that must be drawn: a value that is no plain one, or a long text of the visitor's.

        The node itself stands for the place in the template: the loader compiles a template once per process.
        """
        values = [one.resolve(context) for one in self.varying]
        if any(type(one) not in _PLAIN or (isinstance(one, str) and len(one) > MAX_TEXT) for one in values):
            return None
        platform = getattr(context.get("plateforme"), "key", "")
        return (self, platform, *((type(one), one) for one in values))


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """`{% kept next_url has_card %}…{% endkept %}`: drawn again only for another platform or another value.

    Everything the part shows must come from the platform, from the texts of the template or from the values named:
    never from the person, the session or the request. A form's protection may not be inside.
    """
    varying = [parser.compile_filter(word) for word in token.split_contents()[1:]]
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    if nodelist.get_nodes_by_type(CsrfTokenNode):
        raise template.TemplateSyntaxError("{% kept %} must not hold {% csrf_token %}")
    return KeptNode(nodelist, varying)
