"""Ties made once, when the portal starts (portal.hub.apps): ends of sessions, tiles that a partner closes, and the
names of what a sign-up leads to."""

from __future__ import annotations

from accounts import destinations, journal_words, sessions
from accounts.workflows import account
from portal.hub import destinations as places
from portal.hub import erasure, perms
from portal.hub.oidc import access, entered, tasks
from portal.hub.oidc import sessions as partner_sessions

__all__ = ["tasks"]  # importing them makes them known to the workers

sessions.entries.append(entered.from_sessions)
journal_words.applications.append(entered.names)
sessions.on_end.append(partner_sessions.after_end)
account.on_erase.append(erasure.forget)
perms.more_reasons.append(access.reasons_of_tile)
destinations.namers += [places.of_tile, places.of_partner_request]
