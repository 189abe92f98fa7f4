"""The page that asks for agreement: what will be read is a list inside its card, apart from what is around it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.oidc.partner import Partner

pytestmark = pytest.mark.django_db


def test_what_will_be_read_is_a_list_inside_its_card(visitor: Any, stranger: Partner) -> None:
    html = stranger.ask(visitor).content.decode()
    card = html[html.index("Ce qu’elle pourra lire") :]
    # `.stack > ul` has room for its bullets; a bare list would hang them outside the card.
    assert re.search(r'</h2>\s*<div class="stack">\s*<ul>\s*<li>', card)
