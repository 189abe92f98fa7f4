"""The agent of the desk: reads the card in its reader and signs for the portal, without Django.

It runs on the workstation (`agent-cps`, or `python -m accounts.cps.agent`), listens on loopback only, answers the
portal's origin only, and asks the card's code in a window of its own: the code never reaches a page of the portal.
"""

VERSION = "1.0.0"
VERSION_DATE = "20.11.2026"
PROTOCOL = 1
"""Raised when an older portal or agent could no longer speak with this one."""
