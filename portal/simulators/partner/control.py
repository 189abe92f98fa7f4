"""/pilotage/ : what the application does wrong with sign-outs, those it heard, its accounts; by hand or in JSON.

GET  /pilotage/etat   {"failure": …, "logouts": […]}
POST /pilotage/etat   {"failure": "slow", "seconds": 3, "times": 1} · {"reset": true}
"""

from __future__ import annotations

from typing import Any

from portal.simulators.partner import failures, markup
from portal.simulators.partner.failures import Failures
from portal.simulators.partner.people import ACCOUNTS
from portal.simulators.partner.store import Store
from portal.simulators.psc.markup import Html, fill_text, join
from portal.simulators.psc.web import Request, Response, Router, html_page, json_answer, redirect

_EMPTY = Html("<p>Aucune pour l’instant.</p>")
_HEAD = Html(
    '<div class="table" role="region" aria-label="Tableau des déconnexions" tabindex="0"><table><thead><tr>'
    '<th scope="col">Reçue le</th><th scope="col">Suite</th><th scope="col">Sessions fermées</th></tr></thead><tbody>'
)
_TAIL = Html("</tbody></table></div>")


class Control:
    def __init__(self, store: Store, troubles: Failures, portal: str) -> None:
        self.store, self.troubles, self.portal = store, troubles, portal

    def mount(self, router: Router) -> None:
        router.route("GET", "/pilotage/")(self.page)
        router.route("POST", "/pilotage/")(self.by_form)
        router.route("GET", "/pilotage/etat")(lambda request: json_answer(self.state()))
        router.route("POST", "/pilotage/etat")(self.by_json)

    def state(self) -> dict[str, Any]:
        return {"failure": self.troubles.shown(), "failures": failures.MODES, "logouts": self.store.logouts()}

    def by_json(self, request: Request) -> Response:
        try:
            self._apply(request.json)
        except (ValueError, TypeError) as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer(self.state())

    def by_form(self, request: Request) -> Response:
        try:
            self._apply({name: value for name, value in request.form.items() if value or name == "failure"})
        except ValueError:
            return html_page(markup.page("missing", title="Réglage refusé", portal=self.portal), 400)
        return redirect("/pilotage/")

    def _apply(self, asked: dict[str, Any]) -> None:
        """ValueError or TypeError for what cannot be set; nothing is changed then."""
        if "failure" in asked:
            times = None if asked.get("times") is None else int(asked["times"])
            self.troubles.set(str(asked["failure"]), seconds=float(asked.get("seconds", 10)), times=times)
        if asked.get("reset"):
            self.troubles.set("")
            self.store.clear()

    def page(self, request: Request) -> Response:
        mode = str(self.troubles.shown()["mode"])
        content = markup.page(
            "control",
            title="Pilotage de la simulation",
            portal=self.portal,
            now=failures.MODES[mode],
            modes=join(_choice(name, words, mode) for name, words in failures.MODES.items()),
            logouts=self._logouts(),
            accounts=markup.rows((one.username, one.password, one.name) for one in ACCOUNTS),
        )
        return html_page(content)

    def _logouts(self) -> Html:
        heard = self.store.logouts()
        if not heard:
            return _EMPTY
        lines = markup.rows((markup.moment(row["at"]), row["outcome"], str(row["ended"])) for row in heard)
        return join([_HEAD, lines, _TAIL])


def _choice(value: str, words: str, chosen: str) -> Html:
    return fill_text(
        '<label class="choice"><input type="radio" name="failure" value="{{ value }}"{{ on }}> {{ words }}</label>',
        value=value,
        words=words,
        on=Html(" checked") if value == chosen else Html(),
    )
