"""How a request of the protocol fails: on our own page, at the partner's address, or as JSON."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse


class Refused(Exception):
    """`code` is the protocol's word; `message` is what is told, without secret or personal text."""

    def __init__(self, code: str, message: str = "", *, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.http_status = status


class PageRefused(Refused):
    """Client or address unknown: nothing is sent anywhere, a page of ours says what is wrong (OP-1)."""


class ClientRefused(Refused):
    """The caller is not the client it says (`invalid_client`)."""

    def __init__(self, message: str = "Client authentication failed", *, retry_after: int = 0) -> None:
        super().__init__("invalid_client", message, status=429 if retry_after else 401)
        self.retry_after = retry_after


def as_json(refused: Refused, request: HttpRequest) -> JsonResponse:
    answer = JsonResponse(
        {"error": refused.code, "error_description": refused.message}, status=refused.http_status
    )
    answer["Cache-Control"] = "no-store"
    if isinstance(refused, ClientRefused):
        if refused.retry_after:
            answer["Retry-After"] = str(refused.retry_after)
        else:
            answer["WWW-Authenticate"] = 'Basic realm="openid", charset="UTF-8"'
    return answer
