"""Requests no browser sends: answered by a page of ours, never by a crash (WEB-8), and never without the defences."""

from __future__ import annotations

import base64
import encodings
import json
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import pytest
from django.test import Client

from portal.observability.charset import Utf8Only
from portal.wsgi import application
from tests.accounts.signin.steps import DOOR, PROOF, post_password
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("WEB-8")]

DEEP = "[" * 1400
ODD_CHARSETS = [
    "inconnu",
    "hex",
    "rot13",
    "zlib",
    "idna",
    "undefined",
    "unicode_escape",
    "utf-7",
    "utf-16",
    "utf-8-sig",
]
DEFENCES = [
    *("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy"),
    *("Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"),
]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def through_the_door(method: str, kind: str, body: bytes) -> tuple[str, dict[str, str]]:
    """Status and headers of the real WSGI application: Django's test client builds its requests otherwise."""
    told: dict[str, Any] = {}
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": DOOR,
        "QUERY_STRING": "next=/%C3%A9&onglet=%5Cud800",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    setup_testing_defaults(environ)
    environ["HTTP_HOST"] = "testserver"
    list(application(environ, lambda status, headers, *_: told.update(status=status, headers=dict(headers))))
    return told["status"], told["headers"]


@pytest.mark.parametrize("charset", ODD_CHARSETS)
@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_a_request_in_another_charset_is_refused_with_a_page_of_ours(kind: str, charset: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="identifiant"\r\n\r\n\\ud800abc\r\n--x--\r\n'
    for method in ("GET", "POST"):
        status, headers = through_the_door(method, f"{kind}; charset={charset}", body)
        assert status.startswith("400") and [name for name in DEFENCES if name not in headers] == []


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", '"utf-8"'])
def test_utf8_under_any_name_works(client: Client, charset: str) -> None:
    answer = client.get("/connexion/", headers={"Content-Type": f"text/plain; charset={charset}"})
    assert answer.status_code == 200
    environ = {"CONTENT_TYPE": f"text/plain; charset={charset}"}
    Utf8Only(lambda environ, _: [])(environ, lambda *_: None)
    assert environ == {"CONTENT_TYPE": f"text/plain; charset={charset}"}


@pytest.mark.parametrize(
    "parameter",
    [
        "a*=nope''b",
        "charset*=hex''abc",
        "a*=undefined''%41",
        "boundary*=nope''x",
        "charset*0=hex",
        "a*=\xff''b",
    ],
)
def test_a_parameter_that_names_its_own_charset_is_refused_with_a_page(parameter: str) -> None:
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        for method in ("GET", "POST"):
            status, headers = through_the_door(method, f"{kind}; {parameter}", b"a=1")
            assert status.startswith("400") and [name for name in DEFENCES if name not in headers] == []


def test_a_part_of_a_form_that_names_its_own_charset_never_crashes() -> None:
    for odd in (
        "name*=nope''b",
        "name=\"a\"; filename*=nope''b",
        "name*=hex''61",
        "name=\"a\"; x*=undefined''%41",
    ):
        body = f"--x\r\nContent-Disposition: form-data; {odd}\r\n\r\nvalue\r\n--x--\r\n".encode()
        status, _ = through_the_door("POST", "multipart/form-data; boundary=x", body)
        assert int(status[:3]) < 500, odd


def test_names_of_charsets_without_end_fill_no_memory() -> None:
    before = len(encodings._cache)  # type: ignore[attr-defined]
    for number in range(50):
        through_the_door("GET", f"text/plain; charset={'z' * 2000}{number}", b"")
    assert len(encodings._cache) - before < 10  # type: ignore[attr-defined]


@pytest.mark.security("ABU-6")
@pytest.mark.parametrize("path", ["/inscription/", "/assistance/", "/identifiant/oublie/"])
def test_a_robot_answer_nested_a_thousand_times_is_a_wrong_answer(client: Client, path: str) -> None:
    solution = base64.b64encode(DEEP.encode()).decode()
    assert client.post(path, {"robot_solution": solution}).status_code == 200


def test_a_passkey_answer_nested_a_thousand_times_is_a_wrong_answer(client: Client) -> None:
    person = make_person()
    post_password(client, person.identifiant)
    assert client.post(PROOF, {"preuve": DEEP * 20, "moyen": "passkey"}).status_code == 200
    sign_in(client, person)
    page = client.post("/preferences/moyens/cles/ajouter/", {"nom": "clé", "reponse": DEEP * 20})
    assert page.status_code == 200


@pytest.mark.security("WEB-1")
@pytest.mark.parametrize(
    "method", ["TRACE", "CONNECT", "PROPFIND", "GET", "HEAD", "OPTIONS", "PUT", "DELETE"]
)
def test_no_method_gets_an_answer_that_may_be_framed(client: Client, method: str) -> None:
    headers = client.generic(method, DOOR).headers
    assert [name for name in DEFENCES if name not in headers] == []
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "path",
    ["/pages/%00/", "/pages/%ff%fe/", "/%ed%a0%80", "/?q=%00", "/connexion/?next=%00", "/pages/cgu/?version=%00",
     "/robot/image/?jeton=%ff%00", "/robot/image/?jeton=" + "A" * 4000, "/connexion/niveau/?niveau=%D9%A3"],
)  # fmt: skip
def test_odd_addresses_never_crash(client: Client, path: str) -> None:
    assert client.get(path).status_code < 500


@pytest.mark.parametrize(
    "path",
    ["/openid/autorisation/reprise/%00/", "/openid/autorisation/accord/a%00/", "/preferences/applications/%00/retirer/",
     "/administration/hub/openidclient/%00/change/", "/%00", "/static/%00.css"],
)  # fmt: skip
def test_a_nul_in_the_address_reaches_no_column(client: Client, path: str) -> None:
    sign_in(client, make_person())
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 400
        assert [name for name in DEFENCES if name not in answer.headers] == []


@pytest.mark.security("OP-6")
@pytest.mark.parametrize("name", ["%00", "a%00b", "%ED%A0%80", "é", "x" * 3000])
def test_an_odd_name_of_application_in_the_header_is_nobodys(client: Client, name: str) -> None:
    pair = base64.b64encode(f"{name}:secret".encode()).decode()
    form = "grant_type=authorization_code&code=x&code_verifier=y"
    for path in ("/openid/jetons/", "/openid/revocation/", "/openid/introspection/"):
        answer = client.post(
            path,
            form,
            content_type="application/x-www-form-urlencoded",
            headers={"Authorization": f"Basic {pair}"},
        )
        assert answer.status_code in {401, 429}, answer.content


@pytest.mark.security("OP-6")
@pytest.mark.parametrize("issuer", [r"\ud800", r"\u0000", "x" * 3000, r"\u202e"])
def test_an_odd_name_of_application_in_an_assertion_is_nobodys(client: Client, issuer: str) -> None:
    payload = base64.urlsafe_b64encode(f'{{"iss": "{issuer}"}}'.encode()).rstrip(b"=").decode()
    form = {
        "grant_type": "authorization_code",
        "client_assertion": f"x.{payload}.y",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    answer = client.post("/openid/jetons/", urlencode(form), content_type="application/x-www-form-urlencoded")
    assert answer.status_code in {400, 401, 429}


@pytest.mark.parametrize(
    "body", [DEEP * 10, "NaN", "9" * 5000, "null", '[{"body": {"blockedURL": "http://["}}]', "\0"]
)
def test_odd_policy_reports_never_crash(client: Client, body: str) -> None:
    assert client.post("/csp-rapport/", body, content_type="application/json").status_code in {204, 400}


def test_three_thousand_fields_and_two_megabytes_are_refused(client: Client) -> None:
    many = {f"champ{number}": "x" for number in range(3000)}
    assert client.post(DOOR, many, content_type="application/x-www-form-urlencoded").status_code == 400 or (
        client.post(DOOR, many).status_code == 400
    )
    big = "identifiant=" + "a" * 2_000_000
    assert client.post(DOOR, big, content_type="application/x-www-form-urlencoded").status_code == 400


def test_a_cookie_of_any_shape_is_nobody(client: Client) -> None:
    for value in ("x", "A" * 4000, "é", '"\\000"', json.dumps({"a": 1})):
        for name in (
            "sessionid",
            "appareil",
            "messages",
            "csrftoken",
            "lien-validation",
            "lien-mot-de-passe",
        ):
            client.cookies[name] = value
        assert client.get("/").status_code == 200
        assert client.get("/preferences/").status_code == 302
        assert client.get("/inscription/validation/").status_code == 410
