"""Every list of the support opens, and so does every filter and every sort that it offers."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.hub.people import make_agent, make_person, sign_in

pytestmark = pytest.mark.django_db

LISTS = sorted(f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry)
OFFERED = re.compile(r'href="(\?[^"]+)"')
CHOICES = re.compile(r'<select[^>]*name="(\w+)">(.*?)</select>', re.DOTALL)


def offered(page: str) -> set[str]:
    """The queries that the page's links and lists of choices lead to."""
    found = {html.unescape(query) for query in OFFERED.findall(page)}
    for name, options in CHOICES.findall(page):
        found |= {f"?{name}={value}" for value in re.findall(r'option value="([^"]+)"', options)[:3]}
    return found


@pytest.mark.parametrize("name", LISTS)
def test_the_filters_and_sorts_of_a_list_open(name: str) -> None:
    make_person("zoe.filtree")
    desk: Client = sign_in(make_agent(is_superuser=True), level=2)
    address = reverse(f"admin:{name}_changelist")
    answer = desk.get(address)
    assert answer.status_code == 200
    refused = [
        query for query in offered(answer.content.decode()) if desk.get(address + query).status_code != 200
    ]
    assert refused == []
