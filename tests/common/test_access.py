"""Private by default, and the list of what is public."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from portal.common.access import PublicUrl, is_public, list_public_urls, public


def closed(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@public
def opened(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


inner = ([path("ouvert/", opened, name="opened"), path("ferme/", closed, name="closed")], "inner")
urlpatterns = [
    path("", opened),
    path("prive/", closed, name="closed"),
    path("dedans/", include(inner, namespace="inner")),
]


def test_a_view_is_private_unless_marked() -> None:
    assert is_public(opened)
    assert not is_public(closed)


def test_public_routes_are_listed_with_their_names_through_includes() -> None:
    assert list_public_urls(__name__) == [
        PublicUrl("/", ""),
        PublicUrl("/dedans/ouvert/", "inner:opened"),
    ]
