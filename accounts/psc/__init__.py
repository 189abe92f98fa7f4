"""Sign-in by e-CPS through Pro Santé Connect (PSC), the national OpenID provider.

door.py starts, views.py receives the answer, session.py ends what was opened there.
Why it is so: docs/decisions/pro-sante-connect.md.
"""
