"""Sentences of the profile with their placeholders filled, in pages and messages."""

from __future__ import annotations

from django import template

register = template.Library()


@register.simple_tag
def code_sentence(text: str, code: str, life_seconds: int) -> str:
    """`{% code_sentence plateforme.texts.code_mail_text code life_seconds %}`: {code}, {seconds}, {minutes} filled."""
    return text.format(code=code, seconds=life_seconds, minutes=-(-life_seconds // 60))
