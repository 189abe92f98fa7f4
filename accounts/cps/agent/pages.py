"""The agent's own window: the code of the card is typed here and nowhere else."""

from __future__ import annotations

import struct
from html import escape

from accounts.cps.agent import VERSION, VERSION_DATE
from accounts.cps.agent.demands import Demand
from accounts.cps.agent.errors import final_warning, tries_sentence
from accounts.cps.agent.protocol import PURPOSES

_STYLE = """
:root { color-scheme: light; --ink: #1c2530; --soft: #5b6774; --edge: #7d8894; --accent: #1c5fa8; --bad: #a3201d; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: start center; background: #e9edf2; color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", sans-serif; padding: 1.25rem .75rem; }
main { width: 100%; max-width: 27rem; background: #fff; border: 1px solid #c5cdd6; border-radius: .6rem;
  box-shadow: 0 8px 28px rgb(20 35 55 / 18%); overflow: hidden; }
header { background: var(--accent); color: #fff; padding: .75rem 1.25rem; }
h1 { font-size: 1.15rem; line-height: 1.3; margin: 0; }
.body { padding: 1.1rem 1.25rem 1.25rem; }
.asked { margin: 0 0 1rem; padding: .6rem .8rem; background: #f2f5f8; border-radius: .4rem; font-size: .9rem; }
.asked dt { color: var(--soft); } .asked dd { margin: 0 0 .25rem; font-weight: 600; overflow-wrap: anywhere; }
.asked dd:last-child { margin: 0; }
label { display: block; font-weight: 600; margin-bottom: .3rem; }
input[type=password] { width: 10rem; font: 1.5rem/1.2 ui-monospace, monospace; letter-spacing: .35em;
  padding: .5rem .7rem; border: 1.5px solid var(--edge); border-radius: .4rem; }
input[aria-invalid=true] { border-color: var(--bad); }
:focus-visible { outline: 3px solid #f2a900; outline-offset: 2px; }
p { margin: 0 0 .8rem; } .tries { margin-top: .8rem; font-weight: 600; overflow-wrap: anywhere; }
.bad { color: var(--bad); font-weight: 600; }
.warn { border-left: 4px solid var(--bad); padding-left: .7rem; font-weight: 600; }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; margin-top: 1rem; }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: 0 1.4rem; border-radius: .4rem; cursor: pointer;
  border: 1.5px solid var(--accent); background: var(--accent); color: #fff; }
button.quiet { background: #fff; color: var(--accent); }
footer { border-top: 1px solid #dde3e9; padding: .5rem 1.25rem; color: var(--soft); font-size: .8rem; }
"""


def pin_page(demand: Demand, nonce: str, *, error: str = "", tries_left: int) -> str:
    """« Saisissez votre Code Porteur », with what is being signed and for whom."""
    ident, bad = escape(demand.ident), ' aria-invalid="true" aria-describedby="erreur"' if error else ""
    warning = final_warning(tries_left)
    field = ""
    if not demand.card.has_pin_pad:
        field = (
            '<label for="code">Code Porteur :</label>'
            '<input id="code" name="code" type="password" inputmode="numeric" pattern="[0-9]*" maxlength="8" '
            f'autocomplete="off" autofocus{bad}>'
        )
    else:
        field = "<p>Tapez votre code sur le clavier du lecteur après avoir choisi « Valider ».</p>"
    body = f"""
{_asked(demand)}
<form method="post" action="/saisie/{ident}/" autocomplete="off">
  <input type="hidden" name="jeton" value="{escape(demand.form_token)}">
  {f'<p class="bad" id="erreur" role="alert">{escape(error)}</p>' if error else ""}
  {field}
  <p class="tries">{escape(tries_sentence(tries_left, demand.card.label))}</p>
  {f'<p class="warn">{escape(warning)}</p>' if warning else ""}
  <div class="actions">
    <button name="action" value="valider">Valider</button>
    <button name="action" value="annuler" class="quiet" formnovalidate>Annuler</button>
  </div>
</form>"""
    return _page("Saisissez votre Code Porteur", body, nonce)


def closing_page(title: str, sentence: str, nonce: str, *, is_bad: bool = False) -> str:
    """The window's last page. It closes by itself when it may and nothing needs to be read."""
    script = "" if is_bad else f'<script nonce="{nonce}">setTimeout(() => window.close(), 600);</script>'
    mark = ' class="bad" role="alert"' if is_bad else ' role="status"'
    tail = "<p>Vous pouvez fermer cette fenêtre et revenir au portail.</p>"
    return _page(title, f"<p{mark}>{escape(sentence)}</p>{tail}{script}", nonce)


def version_line() -> str:
    """As the middleware's window shows its own: « v1.0.0 64b - 20.11.2026 »."""
    return f"agent-cps v{VERSION} {struct.calcsize('P') * 8}b - {VERSION_DATE}"


def policy(nonce: str) -> str:
    """Nothing from elsewhere, in no frame, and a form that goes nowhere but here."""
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _asked(demand: Demand) -> str:
    rows = (
        ("Site qui demande", demand.origin),
        ("Pour", PURPOSES[demand.purpose]),
        ("Certificat", demand.certificate.subject),
    )
    return (
        '<dl class="asked">' + "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in rows) + "</dl>"
    )


def _page(title: str, body: str, nonce: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="same-origin">
<title>{escape(title)}</title>
<style nonce="{nonce}">{_STYLE}</style>
</head>
<body>
<main>
<header><h1>{escape(title)}</h1></header>
<div class="body">{body}</div>
<footer>{escape(version_line())}</footer>
</main>
</body>
</html>
"""
