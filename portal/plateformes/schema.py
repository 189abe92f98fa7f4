"""Shape of a platform profile. Every key is required in every TOML file; names, units and limits are here.

A text that may be empty is `Blank`; a rule a region may lack is `… | None`, written "none" in the file.
Limits in `Between` are the bounds of the security reference: a profile outside them does not load.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from portal.plateformes.marks import (
    Address,
    Between,
    Blank,
    Colour,
    Department,
    Matches,
    OptionalAddress,
    OptionalUrl,
    Slug,
)
from portal.plateformes.schema_sign_up import Field, SignUp
from portal.plateformes.schema_sign_up import Step as Step

Tab = Literal["card", "password", "ephemeral", "ecps"]
Channel = Literal["email", "sms"]
CharacterClass = Literal["lower", "upper", "digit", "special"]
Moment = Literal["sign_up", "maillage", "ror", "information"]


@dataclass(frozen=True)
class Senders:
    email: Address
    email_name: str
    # Letters and digits only, as operators demand of a sender name.
    sms_name: Annotated[str, Matches(r"[A-Za-z0-9]{3,11}", "3 à 11 lettres ou chiffres attendus")]
    subject_prefix: Blank


@dataclass(frozen=True)
class Resource:
    """A document, page or tutorial shown on the help pages."""

    label: str
    url: OptionalUrl


@dataclass(frozen=True)
class Support:
    phone: Blank
    phone_free: Blank
    hours: Blank
    email: Address
    help_mailbox: OptionalAddress
    ror_mailbox: OptionalAddress
    form_url: OptionalUrl
    resources: tuple[Resource, ...]


@dataclass(frozen=True)
class Password:
    """`min_classes` of `classes` must be present; every printable character is accepted (C11).

    `special_characters` is the set shown to people and drawn from by the generator.
    """

    min_length: Annotated[int, Between(8, 64)]
    min_classes: Annotated[int, Between(1, 4)]
    classes: tuple[CharacterClass, ...]
    special_characters: str
    generator: bool
    hint: str
    policy_title: str
    mismatch: str


@dataclass(frozen=True)
class Identifier:
    """`style` says how the identifier is made; the labels are those of the sign-in and password pages."""

    style: Literal["chosen", "initial_digit_surname", "digits_5"]
    label: str
    sign_in_label: str
    choose_password_label: str
    recovery_label: str
    unknown_label: str


@dataclass(frozen=True)
class Code:
    digits: Annotated[int, Between(4, 8)]
    life_seconds: Annotated[int, Between(60, 1200)]
    tries: Annotated[int, Between(1, 5)]
    channels: tuple[Channel, ...]


@dataclass(frozen=True)
class CodeSends:
    """`max_per_window` sends per account in `window_seconds`; `sms_per_hour_ceiling` for all accounts."""

    window_seconds: Annotated[int, Between(60, 3600)]
    max_per_window: Annotated[int, Between(1, 3)]
    max_per_day_per_phone: Annotated[int, Between(1, 10)]
    min_delay_seconds: Annotated[int, Between(0, 300)]
    sms_per_hour_ceiling: Annotated[int, Between(1, 100_000)]


@dataclass(frozen=True)
class Codes:
    sign_in: Code
    phone_proof: Code
    ephemeral: Code
    sends: CodeSends


@dataclass(frozen=True)
class Links:
    sign_up_life_hours: Annotated[int, Between(1, 24)]
    reset_life_minutes: Annotated[int, Between(5, 60)]
    email_change_life_hours: Annotated[int, Between(1, 24)]


@dataclass(frozen=True)
class Robot:
    kind: Literal["proof_of_work", "image"]
    on: tuple[Literal["sign_up", "sign_in", "reset", "link_account", "support", "ror_request"], ...]
    title: str
    label: str
    hint: Blank
    missing: str


@dataclass(frozen=True)
class Lockout:
    """Wrong passwords: slowed from `slow_after`, closed by `close_after`; delays double from base to max."""

    slow_after: Annotated[int, Between(1, 5)]
    close_after: Annotated[int, Between(2, 10)]
    base_seconds: Annotated[int, Between(1, 60)]
    max_seconds: Annotated[int, Between(1, 900)]
    forget_hours: Annotated[int, Between(1, 24)]
    daily_code_tries: Annotated[int, Between(1, 25)]


@dataclass(frozen=True)
class Document:
    """A published text. `version` changes when people must accept it again; `file` is Markdown."""

    key: Literal["charter", "terms", "privacy", "legal", "accessibility"]
    slug: Slug
    title: str
    version: str
    published_on: date
    file: str
    required_at: tuple[Moment, ...]
    acceptance_label: Blank
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Uploads:
    """`max_bytes` is exact: one byte more is refused. `retention_days` counts from the decision."""

    max_files: Annotated[int, Between(1, 20)]
    button_label: str
    empty_label: str
    max_bytes: Annotated[int, Between(1_000_000, 20_971_520)]
    extensions: tuple[Literal["jpg", "jpeg", "png", "pdf"], ...]
    max_megapixels: Annotated[int, Between(1, 30)]
    max_pages: Annotated[int, Between(1, 50)]
    max_files_per_person: Annotated[int, Between(1, 20)]
    retention_days: Annotated[int, Between(1, 30)]

    @property
    def limit_label(self) -> str:
        return f"{self.max_bytes // 1_048_576} Mo"


@dataclass(frozen=True)
class Credentials:
    """How the first password is born: chosen at sign-up, by a link, or in place of a temporary secret."""

    delivery: Literal["chosen", "link", "temporary_secret"]
    temporary_secret_hours: Annotated[int | None, Between(1, 72)]
    temporary_secret_length: Annotated[int | None, Between(12, 64)]
    password_digits: Annotated[int | None, Between(6, 12)]


@dataclass(frozen=True)
class Sessions:
    idle_minutes: Annotated[int, Between(5, 30)]
    absolute_hours: Annotated[int, Between(1, 12)]
    strong_absolute_hours: Annotated[int, Between(1, 4)]
    remember_days: Annotated[int, Between(1, 30)]
    remember_idle_minutes: Annotated[int, Between(5, 10_080)]
    recent_minutes: Annotated[int, Between(1, 15)]
    warning_minutes: Annotated[int, Between(1, 10)]
    # « Poste partagé »: never proposed, proposed by a box at sign-in, or the rule of every desk.
    shared_desk: Literal["never", "offered", "always"]
    shared_idle_minutes: Annotated[int, Between(2, 15)]
    # A locked session still opens its partners: it ends by itself after that.
    lock_minutes: Annotated[int, Between(5, 120)]


@dataclass(frozen=True)
class SignIn:
    """`tabs` in screen order, the first one open; `psc_block` shows Pro Santé Connect apart, below them."""

    title: str
    tabs: tuple[Tab, ...]
    labels: Mapping[str, str]
    buttons: Mapping[str, str]
    psc_block: bool
    psc_label: str
    forgotten_label: str
    sign_up_label: str
    card_sign_up_label: Blank
    help_label: str
    remember_label: str
    code_title: str
    code_prompt_email: str
    code_prompt_sms: str
    code_label: str
    code_button: str
    resend_label: str
    cancel_label: str


@dataclass(frozen=True)
class Texts:
    """Sentences of screens and messages. Those with placeholders are checked: see `rules.PLACEHOLDERS`."""

    welcome: str
    purpose: str
    user_notice_title: str
    user_notice: str
    space_explained: str
    code_mail_subject: str
    code_mail_text: str
    code_sms_text: str
    phone_proof_sms_text: str
    phone_proof_title: str
    phone_proof_prompt: str
    validation_mail_subject: str
    validation_mail_text: str
    validation_mail_button: str
    validation_mail_note: Blank
    receipt_mail_subject: str
    receipt_mail_text: str
    credentials_mail_subject: str
    credentials_mail_title: str
    credentials_mail_text: str
    credentials_mail_button: str
    refusal_mail_subject: str
    reset_mail_subject: str
    reset_request_title: str
    reset_request_intro: str
    reset_request_button: str
    reset_sent: str
    choose_password_title: str
    choose_password_intro: str
    choose_password_button: str
    back_to_sign_in_label: str
    password_changed: str
    next_step_title: str
    next_step_intro: str
    next_steps: tuple[str, ...]
    next_step_note: str
    team_signature: str


@dataclass(frozen=True)
class MenuEntry:
    label: str
    slug: Slug
    text: str


@dataclass(frozen=True)
class Home:
    """The public door page: menu of audiences, and the word of its two buttons."""

    menu: tuple[MenuEntry, ...]
    sign_in_label: str
    sign_up_label: str
    favourites_title: str
    applications_title: str


@dataclass(frozen=True)
class Retention:
    journal_months: Annotated[int, Between(12, 36)]
    technical_logs_months: Annotated[int, Between(6, 12)]
    inactive_warning_months: Annotated[int, Between(1, 24)]
    inactive_close_months: Annotated[int, Between(1, 24)]
    inactive_erase_months: Annotated[int, Between(2, 36)]
    refused_requests_months: Annotated[int, Between(1, 12)]
    messages_days: Annotated[int, Between(7, 365)]


@dataclass(frozen=True)
class Newsletter:
    offered: bool
    label: Blank
    frequency: Blank


@dataclass(frozen=True)
class Maillage:
    """Department directories; a registration request is overdue after `validation_days`.

    A person who signs up on the way to the directory must fill `sign_up_required` besides the portal's own required
    fields, and at least one of `sign_up_one_of`: the territory and its pilots follow from them. The form then has the
    words of the directory's own guide: `sign_up_labels`, and those of the two confirmations ("" keeps the usual ones).
    """

    enabled: bool
    validation_days: Annotated[int, Between(1, 30)]
    login_label: str
    sign_up_question: Blank
    sign_up_label: Blank
    sign_up_required: tuple[Field, ...]
    sign_up_one_of: tuple[Field, ...]
    sign_up_labels: Mapping[str, str]
    email_confirmation_label: Blank
    password_confirmation_label: Blank


@dataclass(frozen=True)
class Ror:
    enabled: bool
    portal_mention: str
    attestation_title: str


@dataclass(frozen=True)
class Derogation:
    """A security bar this region bends, why, and what makes up for it. Unlisted bends do not load."""

    key: str
    bar: str
    reason: str
    compensation: str


@dataclass(frozen=True)
class Plateforme:
    key: Slug
    name: str
    short_name: str
    portal_title: str
    baseline: str
    region: str
    operator: str
    logo_text: str
    accent: Colour
    departments: tuple[Department, ...]
    senders: Senders
    support: Support
    password: Password
    identifier: Identifier
    codes: Codes
    links: Links
    robot: Robot
    lockout: Lockout
    documents: tuple[Document, ...]
    sign_up: SignUp
    uploads: Uploads
    credentials: Credentials
    sessions: Sessions
    sign_in: SignIn
    texts: Texts
    home: Home
    retention: Retention
    newsletter: Newsletter
    maillage: Maillage
    ror: Ror
    derogations: tuple[Derogation, ...]

    def document(self, key: str) -> Document:
        """The published text of this kind; KeyError when the platform has none."""
        for document in self.documents:
            if document.key == key:
                return document
        raise KeyError(key)

    def documents_required_at(self, moment: str) -> tuple[Document, ...]:
        """Texts a person must accept at this moment (« sign_up », « maillage », « ror »)."""
        return tuple(document for document in self.documents if moment in document.required_at)
