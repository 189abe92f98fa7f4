"""Two answers with the same state at the same instant: one finds the attempt."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from accounts.psc import attempts
from accounts.session_store import SessionStore


@pytest.mark.security("RP-1")
@pytest.mark.django_db(transaction=True)
def test_an_attempt_is_taken_once_whatever_comes_together(rf: RequestFactory) -> None:
    begun: Any = rf.post("/")
    begun.session = SessionStore()
    attempt = attempts.begin(begun, next_url="", is_fresh=False)
    begun.session.save()
    together, found = threading.Barrier(8), []

    def answer() -> None:
        request: Any = rf.get("/")
        request.session = SessionStore(begun.session.session_key)
        together.wait()
        try:
            found.append(attempts.take(request, attempt.state))
        finally:
            connection.close()

    threads = [threading.Thread(target=answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [one for one in found if one is not None] == [attempt]
    assert len(found) == 8
