"""The SQL twin of `portal.common.text.fold`, for the set-based importers.

Written with `translate` only: the function stays immutable (usable in indexes), needs no collation and no
privilege. A test holds both functions equal on the characters of French names.
"""

from __future__ import annotations

import unicodedata

_LIGATURES = {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"}
_SEPARATEURS = "-‐‑‒–—−'’‘ʼ`´′_\u00a0\t"


def _accented() -> tuple[str, str]:
    """Every accented letter of Latin-1 and Latin Extended-A that is one plain letter once unmarked."""
    sources, targets = [], []
    for point in range(0xC0, 0x180):
        char = chr(point)
        plain = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
        if len(plain) == 1 and plain.isascii() and plain.isalpha():
            sources.append(char)
            targets.append(plain.lower())
    for char, plain in (("ø", "o"), ("Ø", "o"), ("ł", "l"), ("Ł", "l")):
        sources.append(char)
        targets.append(plain)
    return "".join(sources), "".join(targets)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _sql() -> str:
    sources, targets = _accented()
    accents = f"translate(texte, {_literal(sources)}, {_literal(targets)})"
    for ligature, plain in _LIGATURES.items():
        accents = f"replace({accents}, {_literal(ligature)}, {_literal(plain)})"
    blanks = _literal(" " * len(_SEPARATEURS))
    return rf"""
create or replace function referentiels_plier(texte text) returns text
language plpgsql immutable parallel safe strict as $plier$
declare
  plie text;
begin
  -- Most texts of the national files are plain capitals; regular expressions cost ten times the rest.
  if octet_length(texte) = char_length(texte) then
    plie := translate(lower(texte), E'-_''\t\n\r', '      ');
  else
    plie := translate(lower({accents}), {_literal(_SEPARATEURS)}, {blanks});
  end if;
  if position('st' in plie) > 0 then
    plie := regexp_replace(plie, '\mst(e?s?)\M\.?', 'saint\1', 'g');
  end if;
  if position('  ' in plie) > 0 then
    plie := regexp_replace(plie, ' {{2,}}', ' ', 'g');
  end if;
  return btrim(plie);
end
$plier$"""


PLIER = _sql()


# The accents of French names.
_FRENCH = dict(zip("éèêëàâäîïôöùûüç", "eeeeaaaiioouuuc", strict=True))
_LETTERS = "A-Za-z"
_FRENCH_LETTERS = f"{_LETTERS}{''.join(_FRENCH)}{''.join(_FRENCH).upper()}"


def folded(text: str) -> str:
    """SQL of `referentiels_plier(text)`: a single word without « st », as most names are, costs a quarter of the call.

    One pattern says so: each of the functions it replaces costs a quarter of it.
    """
    accents, bare = "".join(_FRENCH), "".join(_FRENCH.values())
    return (
        f"case when {text} !~ '[^{_LETTERS}]|[Ss][Tt]' then lower({text})"
        f" when {text} !~ '[^{_FRENCH_LETTERS}]|[Ss][Tt]' then translate(lower({text}), '{accents}', '{bare}')"
        f" else referentiels_plier({text}) end"
    )


# A word and every way to forget one of its letters, as 32-bit numbers (a collision only adds a candidate, which the
# distance rules out). Two words at one letter from each other always share one of them.
RETRAITS = """
create or replace function referentiels_retraits(mot text) returns integer[]
language plpgsql immutable parallel safe strict as $retraits$
declare
  formes integer[] := array[hashtext(mot)];
begin
  for rang in 1 .. length(mot) loop
    formes := formes || hashtext(overlay(mot placing '' from rang for 1));
  end loop;
  return formes;
end
$retraits$"""
