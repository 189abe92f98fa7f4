"""The guard that makes a GET which writes raise."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from accounts.models import User
from portal.common.web import ReadOnlyGetMiddleware, WriteDuringRead, writes_on_get

pytestmark = [pytest.mark.django_db, pytest.mark.security("WEB-3")]


def create(request: HttpRequest) -> HttpResponse:
    User.objects.create_user("camille", None, email="camille@exemple.fr")
    return HttpResponse()


def read(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(User.objects.select_for_update(of=("self",)).count()))


def call(view: Callable[[HttpRequest], HttpResponse], method: str = "GET") -> HttpResponse:
    middleware = ReadOnlyGetMiddleware(lambda request: _answer(middleware, request, view))
    return middleware(RequestFactory().generic(method, "/x/"))


def _answer(
    middleware: ReadOnlyGetMiddleware, request: HttpRequest, view: Callable[[HttpRequest], HttpResponse]
) -> HttpResponse:
    middleware.process_view(request, view)
    return view(request)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_that_writes_raises_and_writes_nothing(method: str) -> None:
    with pytest.raises(WriteDuringRead, match="accounts_user"), transaction.atomic():
        call(create, method)
    assert not User.objects.exists()


def test_a_post_may_write() -> None:
    call(create, "POST")
    assert User.objects.count() == 1


def test_a_read_that_reads_passes() -> None:
    assert call(read).content == b"0"


def test_a_marked_view_may_write() -> None:
    call(writes_on_get("retour du fournisseur d'identité")(create))
    assert User.objects.count() == 1


def test_an_exempt_table_may_be_written(settings: pytest.FixtureRequest) -> None:
    settings.READ_ONLY_GET_EXEMPT_TABLES = ["accounts_user"]
    call(create)
    assert User.objects.count() == 1


def test_the_guard_is_gone_after_the_request() -> None:
    call(read)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET email = email")
