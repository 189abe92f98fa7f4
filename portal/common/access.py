"""Every page is private unless its view says otherwise.

`LoginRequiredMiddleware` sends a visitor to sign-in; a view open to anybody is marked with `public`. The list
of public addresses is pinned by a test: opening a page is a decision somebody reads.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, get_resolver


class PublicUrl(NamedTuple):
    """`route` as written in the URL conf, `name` with its namespaces (empty when the route has none)."""

    route: str
    name: str


def public(view: Callable[..., Any]) -> Callable[..., Any]:
    """Open this view (function, or result of `as_view()`) to people who are not signed in."""
    return login_not_required(view)


def is_public(view: Callable[..., Any]) -> bool:
    return not getattr(view, "login_required", True)


def list_public_urls(urlconf: str | None = None) -> list[PublicUrl]:
    """Every route of the URL conf that a visitor may open, sorted."""
    return sorted(set(_walk(get_resolver(urlconf).url_patterns, "", "")))


def _walk(patterns: list[Any], prefix: str, namespace: str) -> Iterator[PublicUrl]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, route, inner)
        elif isinstance(entry, URLPattern) and is_public(entry.callback):
            yield PublicUrl("/" + route.removeprefix("^"), f"{namespace}{entry.name}" if entry.name else "")
