import hashlib
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from docpipe.cards import fonts
from docpipe.cards.fonts import (
    MRZ_FAMILY,
    PACKAGES,
    VALUE_FAMILIES,
    families_of,
    find_fonts,
    font_sha256,
    split_of_family,
)
from docpipe.cards.identity import LOCALES, draw_identity
from docpipe.errors import MissingToolError

NATIONAL_LETTERS = "ÁÄÅÆÇČĎÉĚÍŁŃŇÓÖŐØŘŚŠȘŞŤÚŮŰÜÝŻŽßáäåæçčđéěíłńóöőøřśšșşťúůűüýżžĐÞðþİıºN°"


def test_there_are_at_least_fifteen_families_beside_that_of_the_zone():
    assert len(VALUE_FAMILIES) >= 15 and MRZ_FAMILY not in VALUE_FAMILIES


def test_every_split_has_fonts_and_no_font_is_in_two():
    splits = [families_of(split) for split in ("train", "val", "test")]
    assert all(len(families) >= 3 for families in splits)
    assert sorted(sum(splits, ())) == sorted(VALUE_FAMILIES)


def test_a_new_family_moves_no_old_one():
    before = {family: split_of_family(family) for family in VALUE_FAMILIES}
    grown = [*VALUE_FAMILIES, "A New Family"]
    assert families_of("test") == tuple(f for f in families_of("test", grown) if f in before)
    assert before["Inter"] == "val"       # fixed: pairs that were printed yesterday keep their split


def test_a_missing_family_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr(fonts, "_installed", dict)
    with pytest.raises(MissingToolError) as refused:
        find_fonts(["DejaVu Sans", "OCR B"])
    assert "DejaVu Sans, OCR B" in refused.value.problem
    assert refused.value.hint == "apt install fonts-dejavu-core fonts-ocr-b"
    with pytest.raises(MissingToolError, match="No Such Face"):
        find_fonts(["No Such Face"])


def test_missing_fontconfig_is_named(monkeypatch):
    def gone(*args, **kwargs):
        raise FileNotFoundError("fc-list")

    monkeypatch.setattr(subprocess, "run", gone)
    fonts._installed.cache_clear()
    with pytest.raises(MissingToolError) as refused:
        find_fonts(["DejaVu Sans"])
    assert refused.value.hint == "apt install fontconfig"


def test_a_hash_is_that_of_the_file(tmp_path):
    face = tmp_path / "face.otf"
    face.write_bytes(b"outlines")
    assert font_sha256(face) == hashlib.sha256(b"outlines").hexdigest()


def test_every_family_prints_every_national_letter(installed_fonts):
    for family in VALUE_FAMILIES:
        for path in (installed_fonts[family].regular, installed_fonts[family].bold):
            font = ImageFont.truetype(path, 40)
            absent = bytes(font.getmask("\ue123"))       # a private code point: the box for "no such letter"
            missing = [letter for letter in NATIONAL_LETTERS if bytes(font.getmask(letter)) == absent]
            assert not missing, f"{family}: {missing}"


def test_every_family_prints_every_letter_of_the_people_of_every_locale(installed_fonts):
    pytest.importorskip("faker")
    people = [draw_identity(np.random.default_rng(seed), [locale]) for locale in LOCALES for seed in range(15)]
    texts = {text for person in people for text in (person.surname, person.given_names, person.address)}
    letters = {letter for text in texts for letter in text + text.upper() if letter.isprintable() and letter != " "}
    for family in VALUE_FAMILIES:
        font = ImageFont.truetype(installed_fonts[family].regular, 40)
        absent = bytes(font.getmask("\ue123"))
        assert [letter for letter in letters if bytes(font.getmask(letter)) == absent] == [], family


def test_the_makefile_installs_every_package_that_a_family_comes_from():
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    assert [package for package in PACKAGES.values() if f" {package}" not in makefile] == []
