"""Communes of the official geographic code, and La Poste's postal codes."""
