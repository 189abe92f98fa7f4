"""An import from the pages of the support runs as the account that owns no table (DAT-6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from portal.common.database_rights import WORKSHOP
from portal.referentiels.generateur.annuaire import write_annuaire
from portal.referentiels.importers.rpps import activites
from portal.referentiels.models import ActiviteRpps, ProfessionnelRpps
from tests.support.database_roles import become_application, leave, make_roles


@pytest.mark.security("DAT-6")
def test_national_files_are_loaded_by_an_account_that_owns_nothing(importer: Any, tmp_path: Path) -> None:
    files = write_annuaire(tmp_path / "annuaire", people=300, seed=5)
    make_roles()
    become_application()
    try:
        for key, path in (("communes", files.communes), ("finess", files.finess), ("rpps", files.activites)):
            importer(key, path)
        again = importer("rpps", files.activites)
    finally:
        leave()
    assert again.changes == 0
    assert ProfessionnelRpps.objects.count() > 250
    assert ActiviteRpps.objects.count() > 250
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [WORKSHOP])
        assert cursor.fetchone() == (0,), "nothing is left in the workshop"


@pytest.mark.security("REL-7")
def test_what_a_killed_first_load_of_the_owner_left_stops_nobody(importer: Any, tmp_path: Path) -> None:
    files = write_annuaire(tmp_path / "annuaire", people=60, seed=5)
    make_roles()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {WORKSHOP}.{activites.SHARED} (idn text)")
    become_application()
    try:
        importer("communes", files.communes)
        assert importer("rpps", files.activites).changes > 0
    finally:
        leave()
    importer("rpps", files.activites)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [WORKSHOP])
        assert cursor.fetchone() == (0,), "the owner's next import throws it away"
