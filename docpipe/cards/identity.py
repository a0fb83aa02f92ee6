"""Invented people: what a card says about its holder, drawn from a seed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from docpipe.errors import MissingToolError
from docpipe.mrz import FORMATS, build_mrz

if TYPE_CHECKING:
    from faker import Faker

Split = Literal["train", "val", "test"]
Sex = Literal["F", "M", "X"]
SEXES: tuple[Sex, ...] = ("F", "M", "X")

LOCALES = (
    "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE", "en_GB", "en_IE", "en_NZ", "en_US", "es_AR",
    "es_CL", "es_ES", "fi_FI", "fr_CH", "fr_FR", "hr_HR", "hu_HU", "it_IT", "nl_BE", "nl_NL",
    "no_NO", "pl_PL", "pt_BR", "pt_PT", "ro_RO", "sk_SK", "sl_SI", "sv_SE",
)  # fmt: skip
"""Faker's Latin-script locales that have both names and places of their own, places short enough for a card."""

STATES = {
    "UTO": "Utopia",
    "XMV": "Marvenia",
    "XNL": "Norlund",
    "XOS": "Ostavia",
    "XRK": "Rukmar",
    "XTV": "Tarvia",
    "XVM": "Velmora",
    "XZE": "Zephyria",
}
"""Issuing states: ICAO's Utopia, and invented ones under codes from the range that ISO 3166-1
leaves to its users (XAA to XZZ), apart from those that ICAO took from it."""

SPLIT_SEEDS: dict[Split, range] = {
    "train": range(2_000_000_000),
    "val": range(2_000_000_000, 2_100_000_000),
    "test": range(2_100_000_000, 2_200_000_000),
}
"""Which seeds draw whose identities. A split never changes: new needs get a new range."""

FIRST_ISSUE, LAST_ISSUE = date(2010, 1, 1), date(2025, 12, 28)
NUMBER_LETTERS = "CFGHJKLMNPRTVWXYZ"                # no vowels, so that no number spells a word
NUMBER_PATTERNS = ("LDDDDDDDD", "LLDDDDDDD", "DDDDDDDDD", "LDDDDDDLD", "LLLDDDDDD")
PERSONAL_PATTERNS = ("DDDDDDDDDDD", "LLDDDDDDL", "DDDDDDDDDL")
PERMIT_TYPES = (
    "Blue Card", "Employment", "Family member", "Long-term resident", "Permanent residence", "Researcher",
    "Seasonal worker", "Student", "Temporary residence",
)  # fmt: skip
REMARKS = (
    "Employment permitted", "Employment not permitted", "Employment as stated in annex",
    "Former permit withdrawn", "Health insurance required", "Self-employment permitted", "Studies only",
)  # fmt: skip
DOCUMENT_CODES = {"td1": "I", "td2": "I", "td3": "P"}
"""What a zone of each format begins with, where its layout does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One invented holder of one document. Names of fields follow ICAO Doc 9303.

    Args:
        surname: Latin script, national letters kept; so are the other names and places.
        issuing_state: three-letter code, a key of `STATES`; so is `nationality`.
        document_number: nine letters and digits.
        address: two lines, parted by a line feed.
        height_cm: adult height.
        permit_type: why a foreigner may stay, in English whatever the card speaks; so are `remarks`.
        locale: Faker's name of where names and places come from.
    """

    surname: str
    given_names: str
    nationality: str
    date_of_birth: date
    sex: Sex
    place_of_birth: str
    document_number: str
    date_of_issue: date
    date_of_expiry: date
    issuing_state: str
    personal_number: str
    address: str
    authority: str
    height_cm: int
    permit_type: str
    remarks: str
    locale: str


def draw_identity(rng: np.random.Generator, locales: Sequence[str] = LOCALES) -> Identity:
    """Draw one identity: birth before issue, issue before expiry, an adult or nearly so.

    The same generator state gives the same identity for the same version of Faker, in any process.

    Raises:
        MissingToolError: Faker is not installed.
    """
    locale = str(rng.choice(locales))
    fake = _faker(locale, seed=int(rng.integers(2**32)))
    sex = SEXES[rng.choice(len(SEXES), p=[0.49, 0.49, 0.02])]
    issued = FIRST_ISSUE + timedelta(days=int(rng.integers((LAST_ISSUE - FIRST_ISSUE).days)))
    born = issued - timedelta(days=int(rng.integers(16 * 366, 85 * 365)))
    state = str(rng.choice(list(STATES)))
    foreign = rng.random() < 0.05
    surname, given_names = _draw_names(fake, sex, rng)
    return Identity(
        surname=surname,
        given_names=given_names,
        nationality=str(rng.choice(list(STATES))) if foreign else state,
        date_of_birth=born,
        sex=sex,
        place_of_birth=_place(fake),
        document_number=_draw_number(rng, NUMBER_PATTERNS),
        date_of_issue=issued,
        date_of_expiry=_years_later(issued, int(rng.choice([5, 10]))) - timedelta(days=int(rng.integers(2))),
        issuing_state=state,
        personal_number=_draw_number(rng, PERSONAL_PATTERNS),
        address=f"{_one_line(fake.street_address())}\n{fake.postcode()} {_place(fake)}",
        authority=_place(fake),
        height_cm=int(np.clip(rng.normal(171, 9), 145, 205)),
        permit_type=str(rng.choice(PERMIT_TYPES)),
        remarks=str(rng.choice(REMARKS)),
        locale=locale,
    )


def split_of_seed(seed: int) -> Split:
    """The split whose range holds `seed`.

    Raises:
        ValueError: no range holds it.
    """
    for split, seeds in SPLIT_SEEDS.items():
        if seed in seeds:
            return split
    raise ValueError(f"seed is {seed}; the splits hold 0 to {SPLIT_SEEDS['test'].stop - 1}")


def mrz_lines(identity: Identity, kind: str, document_code: str | None = None) -> tuple[str, ...]:
    """The MRZ of a document of format `kind` ("td1", "td2" or "td3"): its lines, from the top.

    The personal number goes to the optional field where the format has room for it. Without `document_code` the zone
    begins as `DOCUMENT_CODES` says.
    """
    room = FORMATS[kind].fields["optional"].length
    return build_mrz(
        kind,
        document_code=document_code or DOCUMENT_CODES[kind],
        issuing_state=identity.issuing_state,
        surname=identity.surname,
        given_names=identity.given_names,
        document_number=identity.document_number,
        nationality=identity.nationality,
        date_of_birth=identity.date_of_birth,
        sex=identity.sex,
        date_of_expiry=identity.date_of_expiry,
        optional=identity.personal_number if len(identity.personal_number) <= room else "",
    )


def _faker(locale: str, seed: int) -> "Faker":
    """A Faker of its own for each identity: no thread shares it, and it takes 1 ms."""
    try:
        from faker import Faker
    except ImportError as missing:
        raise MissingToolError(
            "Faker, which invents the names on synthetic cards, is not installed",
            hint="pip install 'docpipe-ocr[synth]'",
        ) from missing
    fake = Faker(locale)
    fake.seed_instance(seed)
    if locale == "it_IT":
        # Faker makes the list of Italy's towns from a set, whose order changes from process to process.
        from faker.providers.address.it_IT import Provider

        Provider.cities.sort()
    return fake


def _draw_names(fake: "Faker", sex: Sex, rng: np.random.Generator) -> tuple[str, str]:
    surname_of = {"F": fake.last_name_female, "M": fake.last_name_male, "X": fake.last_name}[sex]
    first_name_of = {"F": fake.first_name_female, "M": fake.first_name_male, "X": fake.first_name}[sex]
    surname = surname_of()
    if " " not in surname and rng.random() < 0.08:
        surname = f"{surname}-{surname_of()}"
    given_names = dict.fromkeys(first_name_of() for _ in range(rng.choice([1, 2, 3], p=[0.5, 0.4, 0.1])))
    return surname, " ".join(given_names)


def _place(fake: "Faker") -> str:
    """A town without the district that some locales add in brackets."""
    return re.sub(r"\s*\(.*?\)", "", fake.city()).strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _draw_number(rng: np.random.Generator, patterns: Sequence[str]) -> str:
    alphabets = {"L": NUMBER_LETTERS, "D": "0123456789"}
    return "".join(str(rng.choice(list(alphabets[sign]))) for sign in str(rng.choice(patterns)))


def _years_later(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=min(day.day, 28))
