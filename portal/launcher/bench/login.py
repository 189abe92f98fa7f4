"""A password sign-in through the page, beside the password hash alone."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from itertools import cycle

from portal.launcher.bench.bench import Bench
from portal.launcher.bench.load import Load, drive
from portal.launcher.bench.measures import Measure, median

PATH = "/connexion/"
IN_FLIGHT = 2
SECOND_PROOF = "/connexion/verification/"
"""Where a right password leads: any other answer is a wrong one."""
MOST_HASHES = 1.87
"""A whole sign-in beside the hash alone of the same run: the hash, and what the reference identity server spends around
it (17 ms where the hash took 19.5 ms; it makes none)."""
_INPUT = re.compile(r"<input\b[^>]*>")
_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)


class Unchanged(urllib.request.HTTPRedirectHandler):
    """The redirect is the answer that counts: it is not followed."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def run(bench: Bench) -> list[Measure]:
    hashes = _hashes(bench)
    logins = cycle(bench.password_people())
    rounds = [
        drive(lambda: _visitor(bench, *next(logins)), bench.seconds, 302, in_flight=IN_FLIGHT)
        for _ in range(bench.rounds)
    ]
    return _measures(rounds, median([*hashes, *_hashes(bench)]))


def _hashes(bench: Bench) -> list[float]:
    """CPU of the hash alone, as many at once as sign-ins: what it costs is the speed of the memory they share."""
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        asked = [
            pool.submit(bench.product, "portal.launcher.bench.product", "hash") for _ in range(IN_FLIGHT)
        ]
        return [float(one.result()) for one in asked]


def _measures(rounds: list[Load], hash_ms: float) -> list[Measure]:
    cpu = median([x.cpu_each_ms for x in rounds])
    wrong = sum(x.wrong for x in rounds)
    return [
        Measure("login.hash_alone", hash_ms, "ms"),
        Measure(
            "login.per_second",
            median([x.per_second for x in rounds]),
            "sign-ins/s",
            "hash alone",
            1000 / hash_ms,
        ),
        Measure(
            "login.cpu_each",
            cpu,
            "ms",
            "hash alone",
            hash_ms,
            f"≤ {MOST_HASHES} ×",
            cpu <= MOST_HASHES * hash_ms,
        ),
        Measure("login.p95", median([x.p95_ms for x in rounds]), "ms"),
        Measure("login.wrong_answers", wrong, "answers", goal="0", passed=wrong == 0),
    ]


def _visitor(bench: Bench, login: str, password: str) -> Callable[[], tuple[int, int]]:
    """Signs in again and again from a browser without cookies: page, form, post up to the second proof."""
    address = f"http://localhost:{bench.port}{PATH}"

    def sign_in() -> tuple[int, int]:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        opener = urllib.request.build_opener(jar, Unchanged())
        with opener.open(address, timeout=30) as page:
            fields = password_form(page.read().decode(), login, password)
        request = urllib.request.Request(
            address, urllib.parse.urlencode(fields).encode(), {"Referer": address}
        )
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, len(answer.read())
        except urllib.error.HTTPError as redirect:
            accepted = SECOND_PROOF in redirect.headers.get("Location", "")
            return redirect.code if accepted else 0, 0

    return sign_in


def password_form(page: str, login: str, password: str) -> dict[str, str]:
    """The fields of the page's form that asks a password, filled in. ValueError when there is none."""
    for form in _FORM.findall(page):
        inputs = [_attributes(tag) for tag in _INPUT.findall(form)]
        if not any(field.get("type") == "password" for field in inputs):
            continue
        filled = {f["name"]: f.get("value", "") for f in inputs if f.get("type") == "hidden" and "name" in f}
        for field in inputs:
            kind, name = field.get("type", "text"), field.get("name", "")
            if kind in {"text", "email"} and name:
                filled.setdefault(name, login)
            elif kind == "password":
                filled[name] = password
        return filled
    raise ValueError("no password form on the page")


def _attributes(tag: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
