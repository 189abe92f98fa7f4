"""An older release goes on serving while a newer one migrates: it must still write into every table (REL-8)."""

from collections.abc import Iterator

import pytest
from django.db import connection, models
from django.db.migrations import AddField, AlterField, CreateModel, Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED

from accounts.models import User
from portal.referentiels.models import ImportRun
from tests.accounts.signup.people import make_user
from tests.house.source import PACKAGES


def test_every_column_added_later_has_a_default_in_the_database() -> None:
    loader = MigrationLoader(None)
    last = loader.project_state()
    wrong = [
        f"{migration.app_label}.{migration.name}: {operation.model_name}.{operation.name}"
        for key, migration in loader.disk_migrations.items()
        if migration.__module__.split(".")[0] in PACKAGES
        for operation in demanding(migration.operations)
        if isinstance(operation, AddField)
        or not demands(_field(loader.project_state(key, at_end=False), migration, operation))
        if demands(_field(last, migration, operation))  # what one migration leaves out a later one may mend
    ]
    assert wrong == [], "give the field db_default=…: a release that does not know it could not insert a row"


def demanding(operations: list[Operation]) -> Iterator[AddField | AlterField]:
    """Columns without default added or altered in tables that an older release already writes into."""
    new = {operation.name_lower for operation in operations if isinstance(operation, CreateModel)}
    for operation in operations:
        if not isinstance(operation, AddField | AlterField) or operation.model_name_lower in new:
            continue
        if demands(operation.field):
            yield operation


def demands(field: models.Field | None) -> bool:
    """An INSERT that leaves this column out is refused."""
    if field is None or field.many_to_many or field.null or field.generated:
        return False
    return field.db_default is NOT_PROVIDED


def _field(
    state: ProjectState, migration: Migration, operation: AddField | AlterField
) -> models.Field | None:
    """None where the table or the field is not there in that state."""
    model = state.models.get((migration.app_label, operation.model_name_lower))
    return model.fields.get(operation.name) if model else None


@pytest.mark.parametrize(
    ("field", "refused"),
    [
        (models.CharField(default=""), True),
        (models.BooleanField(default=False), True),
        (models.CharField(default="", db_default=""), False),
        (models.DateTimeField(null=True), False),
        (models.ManyToManyField("accounts.User"), False),
    ],
)
def test_a_column_without_default_is_seen(field: models.Field, refused: bool) -> None:
    added = AddField("user", "later", field)
    assert list(demanding([added])) == ([added] if refused else [])
    assert list(demanding([CreateModel("User", []), added])) == []


@pytest.mark.django_db
@pytest.mark.security("REL-8")
@pytest.mark.parametrize(
    ("model", "unknown"),
    [
        (User, {"adresse", "departement", "fonction", "service", "structure_finess", "ville", "rpps_asked"}),
        (ImportRun, {"force"}),
    ],
)
def test_an_older_release_inserts_without_the_columns_it_does_not_know(
    model: type[models.Model], unknown: set[str]
) -> None:
    row = make_user() if model is User else ImportRun.objects.create(source="finess", nom_fichier="f.csv")
    known = ", ".join(field.column for field in model._meta.concrete_fields if field.name not in unknown)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"with gone as (delete from {table} where {model._meta.pk.column} = %s returning *)"
            f" insert into {table} ({known}) select {known} from gone",
            [row.pk],
        )
    again = model._base_manager.get(pk=row.pk)
    assert {name: getattr(again, name) for name in unknown} == {name: getattr(row, name) for name in unknown}
