"""Shape of the sign-up journey of a platform: steps in order, fields, gates, and where the texts differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from portal.plateformes.marks import Between, Blank, Slug

Field = Literal[
    "accept_documents",
    "care_types",
    "civility",
    "code_channel",
    "comment",
    "communication_email",
    "contact_phone",
    "email",
    "establishment",
    "federated_sources",
    "finess_or_siret",
    "first_name",
    "function_type",
    "identifier",
    "landline_phone",
    "last_name",
    "mobile_phone",
    "national_identifier",
    "network",
    "newsletter",
    "other_profession",
    "password",
    "postal_code",
    "practice_address",
    "profession",
    "proof_document",
    "robot",
    "rpps_or_adeli",
    "second_establishment",
    "service",
    "speciality",
    "structure",
    "work_phone",
]


@dataclass(frozen=True)
class Step:
    key: Slug
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Choice:
    key: Slug
    label: str
    selected: bool


@dataclass(frozen=True)
class FederatedSource:
    """Another account a person may sign up with; the address of an « oidc » source is a setting."""

    key: Slug
    label: str
    kind: Literal["psc", "oidc"]


@dataclass(frozen=True)
class EmailRules:
    confirm_twice: bool
    refuse_mssante: bool
    refuse_generic: bool
    mssante_domains: tuple[str, ...]
    generic_names: tuple[str, ...]


@dataclass(frozen=True)
class SignUp:
    title: str
    intro: str
    information: Blank
    entry_label: str
    submit_label: str
    # First answer of « Avez-vous déjà un compte ? ».
    has_account_label: str
    layout: Literal["single_page", "wizard"]
    steps: tuple[Step, ...]
    required: tuple[Field, ...]
    # Among these fields at least one must be filled (« ET/OU »); empty when the rule does not exist.
    one_of: tuple[Field, ...]
    labels: Mapping[str, str]
    hints: Mapping[str, str]
    gates: tuple[Literal["mail_link", "phone_code", "human_decision"], ...]
    proof_document: bool
    expiry_days: Annotated[int, Between(1, 90)]
    federated_sources: tuple[FederatedSource, ...]
    networks: tuple[Choice, ...]
    care_types: tuple[Choice, ...]
    # Answers of « Type de fonction », in order; empty when the journey does not ask it.
    function_types: tuple[str, ...]
    email: EmailRules

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field of the journey, in order."""
        return tuple(name for step in self.steps for name in step.fields)
