import builtins
import os
import subprocess
import sys
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docpipe.cards.identity import LOCALES, SPLIT_SEEDS, STATES, draw_identity, mrz_lines, split_of_seed
from docpipe.errors import MissingToolError
from docpipe.mrz import wrong_checks

pytest.importorskip("faker")


@given(st.integers(0, 2**32))
def test_an_identity_is_consistent(seed):
    identity = draw_identity(np.random.default_rng(seed))
    assert identity.date_of_birth < identity.date_of_issue < identity.date_of_expiry
    assert identity.date_of_expiry.year - identity.date_of_issue.year in (4, 5, 9, 10)
    assert (identity.date_of_issue - identity.date_of_birth).days > 15 * 365
    assert len(identity.document_number) == 9
    assert {identity.issuing_state, identity.nationality} <= set(STATES)
    assert len(identity.address.splitlines()) == 2
    assert "(" not in identity.place_of_birth
    for kind in ("td1", "td2", "td3"):
        assert wrong_checks(kind, mrz_lines(identity, kind)) == ()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_locale_gives_names_that_an_mrz_can_hold(locale):
    rng = np.random.default_rng(3)
    people = [draw_identity(rng, locales=[locale]) for _ in range(20)]
    assert {person.locale for person in people} == {locale}
    assert len({person.surname for person in people}) > 5
    assert all(mrz_lines(person, "td3") for person in people)


def test_there_are_at_least_twenty_locales_and_their_places_fit_on_a_card():
    assert len(set(LOCALES)) == len(LOCALES) >= 20
    drawn = [draw_identity(np.random.default_rng(seed), [locale]) for locale in LOCALES for seed in range(15)]
    assert max(len(person.place_of_birth) for person in drawn) < 36


def test_the_same_seed_draws_the_same_person_whatever_was_drawn_before():
    alone = draw_identity(np.random.default_rng(11))
    for other in range(5):
        draw_identity(np.random.default_rng(other))
    assert draw_identity(np.random.default_rng(11)) == alone
    assert draw_identity(np.random.default_rng(12)) != alone


def test_every_seed_belongs_to_one_split():
    for split, seeds in SPLIT_SEEDS.items():
        assert split_of_seed(seeds.start) == split_of_seed(seeds.stop - 1) == split
    starts = sorted((seeds.start, seeds.stop) for seeds in SPLIT_SEEDS.values())
    assert all(stop == start for (_, stop), (start, _) in pairwise(starts))
    with pytest.raises(ValueError, match="seed is -1"):
        split_of_seed(-1)


def test_a_card_without_room_for_the_personal_number_leaves_it_out():
    identity = draw_identity(np.random.default_rng(0))
    assert len(identity.personal_number) > 7
    assert mrz_lines(identity, "td2")[1][28:35] == "<<<<<<<"
    assert identity.personal_number in mrz_lines(identity, "td1")[0]


def test_dates_do_not_depend_on_today():
    issued = [draw_identity(np.random.default_rng(seed)).date_of_issue for seed in range(30)]
    assert date(2010, 1, 1) <= min(issued) <= max(issued) < date(2026, 1, 1)


def test_without_faker_the_line_that_installs_it_is_named(monkeypatch):
    real_import = builtins.__import__

    def without_faker(name, *args, **kwargs):
        if name == "faker":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_faker)
    with pytest.raises(MissingToolError) as refused:
        draw_identity(np.random.default_rng(0))
    assert refused.value.hint == "pip install 'docpipe-ocr[synth]'"


DRAW_ALL = """
import hashlib, numpy as np
from docpipe.cards.identity import LOCALES, draw_identity
drawn = [draw_identity(np.random.default_rng(seed), [locale]) for locale in LOCALES for seed in range(8)]
print(hashlib.sha256(repr(drawn).encode()).hexdigest())
"""


def test_every_process_draws_the_same_identities_whatever_its_hash_seed():
    def drawn(hash_seed):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        ended = subprocess.run([sys.executable, "-c", DRAW_ALL], env=environment, capture_output=True, check=True)
        return ended.stdout

    assert drawn("1") == drawn("2")
