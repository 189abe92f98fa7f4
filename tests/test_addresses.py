"""The shape of our addresses: French words without accents, hyphens, a trailing slash, no database key."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

# Names that other systems look for, and a style sheet.
IMPOSED = re.compile(r"\.well-known/[a-z-]+(\.txt)?|sante/[a-z]+|metriques|theme\.css")
LIBRARIES = ("administration/", "static/", "__debug__/")
SHAPE = re.compile(r"(?:(?:[a-z0-9]+(?:-[a-z0-9]+)*|<(?:uuid|slug|str|date):[a-z_]+>)/)*")


def routes() -> Iterator[str]:
    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, route)
            else:
                yield route

    return (route for route in walk(get_resolver().url_patterns, "") if not route.startswith(LIBRARIES))


def test_addresses_are_lower_case_words_with_a_trailing_slash() -> None:
    wrong = [route for route in routes() if not SHAPE.fullmatch(route) and not IMPOSED.fullmatch(route)]
    assert wrong == [], (
        "lower case, unaccented, hyphens, trailing slash; objects by uuid, slug or national number"
    )


def test_no_address_holds_a_database_key() -> None:
    assert [route for route in routes() if re.search(r"<int:|<(?:\w+:)?(?:pk|id)>", route)] == []


def test_route_names_are_english_and_namespaced() -> None:
    def walk(patterns: list[URLPattern | URLResolver], namespace: str) -> Iterator[str]:
        for entry in patterns:
            if isinstance(entry, URLResolver):
                if str(entry.pattern) not in LIBRARIES:
                    yield from walk(entry.url_patterns, entry.namespace or namespace)
            else:
                yield f"{namespace}:{entry.name}"

    wrong = [
        name for name in walk(get_resolver().url_patterns, "") if not re.fullmatch(r"[a-z]+:[a-z_]+", name)
    ]
    assert wrong == [], "give the route an English name, in the namespace of its application"
