"""First content: complete, repeatable, and never over what staff changed."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management import call_command

from portal.common.templatetags.portal_icons import ICONS
from portal.hub import seeds
from portal.hub.enums import Role
from portal.hub.models import Notice, Tile, TileLink
from portal.plateformes import available

pytestmark = pytest.mark.django_db


def test_loading_twice_adds_nothing(content):
    before = (Tile.objects.count(), TileLink.objects.count(), Notice.objects.count())
    assert set(seeds.load().values()) == {0}
    assert (Tile.objects.count(), TileLink.objects.count(), Notice.objects.count()) == before


def test_what_staff_changed_or_unpublished_stays_as_they_left_it(content):
    Tile.objects.filter(slug="adhoc").update(name="ADHOC 2", is_active=False)
    Notice.objects.update(is_active=False)
    seeds.load()
    tile = Tile.objects.get(slug="adhoc")
    assert (tile.name, tile.is_active) == ("ADHOC 2", False)
    assert not Notice.objects.filter(is_active=True).exists()


def test_every_platform_has_valid_content(plateforme):
    for name in available():
        plateforme(name)
        TileLink.objects.all().delete()
        Tile.objects.all().delete()
        seeds.load()
        assert Tile.objects.exists(), name
        for tile in Tile.objects.prefetch_related("links"):
            tile.full_clean()
            assert tile.icon in ICONS and tile.links.all(), tile.slug
            for link in tile.links.all():
                link.full_clean()


def test_the_roles_of_the_tiles_exist_as_groups(content):
    assert set(Group.objects.values_list("name", flat=True)) >= set(Role.values)


def test_an_unknown_level_is_refused_by_the_form_and_the_database(content):
    tile = Tile.objects.get(slug="adhoc")
    tile.needed_level = 9
    with pytest.raises(ValidationError):
        tile.full_clean()


def test_the_install_command_writes_only_when_asked():
    out = io.StringIO()
    call_command("initialiser_contenu", stdout=out)
    assert not Tile.objects.exists() and "Essai à blanc" in out.getvalue()
    call_command("initialiser_contenu", "--ecrire", stdout=out)
    assert Tile.objects.count() == 23
