"""A short way for the endpoints that programs call: no session, no messages, no account is looked at for them.

Placed after the headers and the logs, before SessionMiddleware. Without it the same addresses answer the same, slower.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from portal.hub.oidc import authorize, discovery, endpoints

DISCOVERY = "/.well-known/openid-configuration"
SHORT_WAY: dict[str, endpoints.Endpoint] = {
    DISCOVERY: endpoints.configuration,
    discovery.JWKS: endpoints.jwks,
    discovery.TOKEN: endpoints.token,
    discovery.USERINFO: endpoints.userinfo,
    discovery.REVOCATION: endpoints.revoke,
    discovery.INTROSPECTION: endpoints.introspect,
}


class ProtocolMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = SHORT_WAY.get(request.path_info)
        if view is None:
            return self.get_response(request)
        request.get_host()  # raises, as CommonMiddleware would, for a host that is not ours (CODE-10)
        return view(request)


class EntryMiddleware:
    """Answers the entry of somebody who has a live session and nothing to do, the most frequent request of all.

    Placed after accounts.middleware.SessionPolicyMiddleware, which admits the session. Every other case, pages and
    refusals, goes on to the view of the same address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET" and request.path_info == discovery.AUTHORIZATION:
            answer = authorize.enter_directly(request)
            if answer is not None:
                return answer
        return self.get_response(request)
