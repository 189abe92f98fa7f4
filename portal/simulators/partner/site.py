"""The pages of the application and the address that the portal calls when a session ends."""

from __future__ import annotations

import secrets
import time

from portal.simulators.partner import failures, markup
from portal.simulators.partner.control import Control
from portal.simulators.partner.failures import Failures
from portal.simulators.partner.people import ACCOUNTS
from portal.simulators.partner.relying_party import PortalError, RelyingParty, new_secret
from portal.simulators.partner.store import Pending, Session, Store, account_of
from portal.simulators.psc.markup import described, error, when
from portal.simulators.psc.web import Request, Response, html_page, json_answer, redirect
from portal.simulators.psc.web import Router as BaseRouter

SESSION_COOKIE = "viatrajectoire"
BROWSER_COOKIE = "viatrajectoire_connexion"
BACKCHANNEL_PATH = "/deconnexion/portail/"
_SAID = {
    "rattache": "Votre compte ViaTrajectoire est relié : le portail l’ouvrira directement la prochaine fois."
}
_SAID |= {"retire": "Le rattachement est retiré : la prochaine entrée demandera vos identifiants habituels."}
_SAID |= {"renouvele": "Vos données viennent d’être relues sur le portail."}


class Router(BaseRouter):
    """Refuses forms sent by another site; its page « introuvable » is ours."""

    def __init__(self, base: str, portal: str) -> None:
        super().__init__()
        self._base, self._portal = base, portal

    def answer(self, request: Request) -> Response:
        origin = request.headers.get("Origin", "")
        if request.method == "POST" and origin and origin != self._base:
            return Response(status=403)
        found = super().answer(request)
        if found.status == 404:
            return html_page(markup.page("missing", title="Page introuvable", portal=self._portal), 404)
        return found


class Site:
    def __init__(self, party: RelyingParty, store: Store, troubles: Failures) -> None:
        self.party, self.store, self.troubles = party, store, troubles
        self.portal = party.issuer

    def router(self) -> Router:
        made = Router(self.party.base, self.portal)
        made.route("GET", "/")(self.home)
        made.route("GET", "/partenaire.css")(
            lambda request: Response(markup.style(), kind="text/css; charset=utf-8")
        )
        for method in ("GET", "POST"):
            made.route(method, "/connexion/")(self.sign_in)
        made.route("GET", "/connexion/retour/")(self.come_back)
        made.route("GET", "/rattachement/")(self.link_page)
        made.route("POST", "/rattachement/")(self.link)
        made.route("POST", "/rattachement/retirer/")(self.unlink)
        made.route("GET", "/espace/")(self.space)
        made.route("POST", "/espace/relire/")(self.renew)
        made.route("POST", "/deconnexion/")(self.sign_out)
        made.route("GET", "/au-revoir/")(self.goodbye)
        made.route("POST", BACKCHANNEL_PATH)(self.told_of_sign_out)
        Control(self.store, self.troubles, self.portal).mount(made)
        return made

    # --- in -------------------------------------------------------------------------------------------------
    def home(self, request: Request) -> Response:
        session = self._session(request)
        if session is not None and not session.ended:
            return redirect("/espace/")
        told = ""
        if session is not None and session.ended == "portal":
            told = "Vous avez quitté le portail : votre session est fermée ici aussi."
        answer = self._page("home", "Bienvenue sur ViaTrajectoire", message=told)
        return answer.cookie(SESSION_COOKIE, "", 0) if session is not None else answer

    def sign_in(self, request: Request) -> Response:
        """From our button or from the tile of the portal (third-party initiated login: `iss` names who calls)."""
        if request.query.get("iss", self.portal) != self.portal:
            return self._problem("Cette connexion vient d’un portail que nous ne connaissons pas.", 400)
        state, nonce, verifier, browser = (new_secret() for _ in range(4))
        try:
            url = self.party.start(state=state, nonce=nonce, verifier=verifier)
        except PortalError as trouble:
            return self._problem(str(trouble), 503)
        self.store.begin(state, Pending(browser, nonce, verifier))
        return redirect(url).cookie(BROWSER_COOKIE, browser, 900)

    def come_back(self, request: Request) -> Response:
        pending = self.store.take(request.query.get("state", ""), request.cookies.get(BROWSER_COOKIE, ""))
        if pending is None:
            return self._problem(
                "Cette connexion n’a pas commencé ici, ou elle a trop duré. Recommencez.", 400
            )
        if "error" in request.query:
            return self._problem(_refused(request.query["error"]), 403)
        try:
            entry = self.party.finish(request.query, nonce=pending.nonce, verifier=pending.verifier)
        except PortalError as trouble:
            return self._problem(str(trouble), 502)
        content = {
            "claims": entry.claims,
            "person": entry.person,
            "id_token": entry.id_token,
            "refresh_token": entry.refresh_token,
        }
        former = request.cookies.get(SESSION_COOKIE, "")
        self.store.end(former, "replaced")
        sid = str(entry.claims.get("sid", ""))
        key = self.store.open_session(self.portal, str(entry.claims["sub"]), sid, content)
        return redirect("/espace/").cookie(SESSION_COOKIE, key).cookie(BROWSER_COOKIE, "", 0)

    # --- first entry ----------------------------------------------------------------------------------------
    def link_page(self, request: Request) -> Response:
        session = self._session(request)
        if session is None or session.ended:
            return redirect("/")
        return redirect("/espace/") if session.username else self._link_form(session)

    def link(self, request: Request) -> Response:
        session = self._session(request)
        if session is None or session.ended or session.username:
            return redirect("/espace/")
        typed = request.form.get("utilisateur", "").strip()
        account = self.store.check(typed, request.form.get("secret", ""))
        if account is None:
            if self.store.count_try(session) == 0:
                self.store.end(session.key, "tries")
                return self._problem("Trop d’essais. Recommencez depuis le portail.", 403)
            return self._link_form(
                session, typed, "Le nom d’utilisateur ou le mot de passe n’est pas le bon."
            )
        if not self.store.link(session, account.username):
            return self._link_form(
                session, typed, "Ce compte est déjà relié à une autre personne du portail."
            )
        return redirect("/espace/?fait=rattache")

    def _link_form(self, session: Session, typed: str = "", told: str = "") -> Response:
        person = session.content["person"]
        return self._page(
            "link",
            f"{'Erreur : ' if told else ''}Reliez votre compte ViaTrajectoire",
            status=422 if told else 200,
            name=person.get("name") or person.get("preferred_username") or session.sub,
            typed=typed,
            error=error(told),
            described=described(told),
            accounts=markup.rows((one.username, one.password) for one in ACCOUNTS),
        )

    def unlink(self, request: Request) -> Response:
        session = self._session(request)
        if session is None or session.ended:
            return redirect("/")
        self.store.unlink(session)
        return redirect("/rattachement/")

    # --- inside -----------------------------------------------------------------------------------------------
    def space(self, request: Request) -> Response:
        session = self._session(request)
        if session is None or session.ended:
            return redirect("/")
        account = account_of(session.username)
        if account is None:
            return redirect("/rattachement/")
        content = session.content
        return self._page(
            "space",
            f"Bonjour {account.name}",
            who=f"Connecté : {account.username}",
            message=_SAID.get(request.query.get("fait", ""), ""),
            unit=account.unit,
            entry=markup.entry_lines(content["claims"]),
            person=markup.person_lines(content["person"]),
            claims=markup.claim_rows(content["claims"]),
            renew=when(content["refresh_token"], _RENEW),
        )

    def renew(self, request: Request) -> Response:
        """Ask the portal again with the refresh token: its refusal ends the session here."""
        session = self._session(request)
        if session is None or session.ended or not session.content["refresh_token"]:
            return redirect("/")
        try:
            person, following = self.party.renew(session.content["refresh_token"], session.sub)
        except PortalError as trouble:
            self.store.end(session.key, "portal")
            return self._problem(f"Votre accès est terminé. {trouble}", 403)
        self.store.keep(session, session.content | {"person": person, "refresh_token": following})
        return redirect("/espace/?fait=renouvele")

    # --- out ------------------------------------------------------------------------------------------------
    def sign_out(self, request: Request) -> Response:
        """Close our session, then have the portal close its own."""
        session = self._session(request)
        if session is None:
            return redirect("/")
        self.store.end(session.key, "sign_out")
        try:
            away = self.party.leave_url(session.content["id_token"], secrets.token_urlsafe(16))
        except PortalError as trouble:
            return self._problem(f"Vous êtes déconnecté ici seulement. {trouble}", 503)
        return redirect(away).cookie(SESSION_COOKIE, "", 0)

    def goodbye(self, request: Request) -> Response:
        return self._page("goodbye", "Vous êtes déconnecté")

    def told_of_sign_out(self, request: Request) -> Response:
        """OpenID Connect Back-Channel Logout 1.0, with the failures asked for."""
        mode, seconds = self.troubles.take()
        if mode in {"slow", "hang"}:
            time.sleep(seconds)
        if mode in {"hang", "error", "cut"}:
            self.store.note_logout(f"panne : {failures.MODES[mode]}")
            return Response(status=500, is_cut=mode != "error")
        try:
            token = self.party.read_logout_token(request.form.get("logout_token", ""))
        except PortalError as trouble:
            self.store.note_logout(f"refusée : {trouble}")
            return json_answer({"error": "invalid_request", "error_description": str(trouble)}, 400)
        if not self.store.is_new(token.jti):
            self.store.note_logout("refusée : déjà reçue", token.sid)
            return json_answer({"error": "invalid_request", "error_description": "jti"}, 400)
        ended = self.store.end_told(token.iss, token.sid, token.sub)
        self.store.note_logout("suivie", token.sid, ended)
        return Response(status=200)

    # --- helpers --------------------------------------------------------------------------------------------
    def _session(self, request: Request) -> Session | None:
        return self.store.session(request.cookies.get(SESSION_COOKIE, ""))

    def _page(self, name: str, title: str, /, *, status: int = 200, **values: object) -> Response:
        return html_page(markup.page(name, title=title, portal=self.portal, **values), status)  # type: ignore[arg-type]

    def _problem(self, told: str, status: int) -> Response:
        return self._page("problem", "Connexion impossible", status=status, told=told)


_RENEW = (
    '<form method="post" action="/espace/relire/">'
    '<button class="quiet">Relire mes données sur le portail</button></form>'
)


def _refused(code: str) -> str:
    if code == "access_denied":
        return "Le portail n’a pas ouvert cette application : l’accès a été refusé."
    return f"Le portail a refusé la connexion ({code[:60]})."
