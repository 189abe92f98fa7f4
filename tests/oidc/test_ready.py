"""Discovery and keys given again without Django: the same answer, until the document changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections

from portal.hub.oidc import keys
from portal.hub.oidc.ready import ReadyDocuments

pytestmark = pytest.mark.django_db
DISCOVERY, JWKS = "/.well-known/openid-configuration", "/openid/cles/"


class Server:
    """The portal as a server runs it; `asked` counts what reached Django."""

    def __init__(self) -> None:
        self.django, self.asked = WSGIHandler(), 0
        self.application = ReadyDocuments(self._count)

    def _count(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked += 1
        return self.django(environ, start_response)

    def get(self, path: str, method: str = "GET", **others: Any) -> tuple[str, dict[str, str], bytes]:
        environ = {
            **{
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "QUERY_STRING": "",
                "SERVER_PROTOCOL": "HTTP/1.1",
            },
            **{"SERVER_NAME": "testserver", "SERVER_PORT": "80", "HTTP_HOST": "testserver"},
            **{"wsgi.input": BytesIO(), "wsgi.url_scheme": "http", "REMOTE_ADDR": "127.0.0.1", **others},
        }
        told: list[tuple[str, dict[str, str]]] = []
        answer = self.application(environ, lambda status, headers, *_: told.append((status, dict(headers))))
        body = b"".join(answer)
        return *told[-1], body


@pytest.fixture
def server(db: None) -> Iterator[Server]:
    keys.ring()
    request_started.disconnect(
        close_old_connections
    )  # as Django's own test client: the test holds a transaction
    yield Server()
    request_started.connect(close_old_connections)


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
def test_the_second_answer_is_the_first_one_without_django(server: Server, path: str) -> None:
    first, second = server.get(path), server.get(path)
    assert server.asked == 1
    references = first[1].pop("X-Request-ID"), second[1].pop("X-Request-ID")
    assert first == second
    assert first[0] == "200 OK" and "Content-Security-Policy" in second[1]
    assert references[0] != references[1]


def test_a_new_key_is_published_at_once_where_it_was_made(server: Server) -> None:
    before = server.get(JWKS)[2]
    keys.rotate("ES256", at_once=True)
    after = server.get(JWKS)[2]
    assert server.asked == 2 and after != before and after == keys.ring().jwks


def test_keys_of_another_process_are_read_in_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.get(JWKS)
    now = keys.time.monotonic()
    monkeypatch.setattr(keys.time, "monotonic", lambda: now + keys.RING_SECONDS + 1)
    server.get(JWKS)
    assert server.asked == 2


@pytest.mark.parametrize(
    "others",
    [
        {"HTTP_HOST": "ailleurs.example"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_IF_NONE_MATCH": '"une-autre"'},
        {"method": "HEAD"},
        {"method": "POST"},
        {"method": "TRACE"},
    ],
    ids=str,
)
def test_what_is_not_the_same_question_is_asked_to_django(server: Server, others: dict[str, str]) -> None:
    server.get(DISCOVERY)
    server.get(DISCOVERY, **others)
    assert server.asked == 2


def test_a_refused_host_is_refused_each_time(server: Server) -> None:
    server.get(DISCOVERY)
    for _ in range(2):
        assert server.get(DISCOVERY, HTTP_HOST="ailleurs.example")[0].startswith("400")
