"""The report: what its files say, what they never say, and that nothing in a name can break out of them."""

import csv
import io
import re
from base64 import b64decode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from docpipe.errors import InputError, OutputError
from docpipe.evaluate.findings import Stratum
from docpipe.evaluate.report import Prices, load_findings, write_report
from docpipe.evaluate.report.cards_csv import cards_csv, names_csv
from docpipe.evaluate.report.document import document
from docpipe.evaluate.report.gallery import LONGEST_SIDE_PX, gallery
from docpipe.evaluate.report.stored import as_json
from docpipe.evaluate.uplift import Table
from docpipe.ocr.mending import RULES, Mending
from tests.evaluate.pdf_text import pdf_text
from tests.evaluate.report_sample import NAMED, SECRET, sample_findings

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)> & {{ 7 * 7 }}'


class Tags(HTMLParser):
    """Tags of a page with their attributes, and the text within each kind of tag."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text, self._inside = [], {}, None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self._inside = tag

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        self.text[self._inside] = self.text.get(self._inside, "") + data

    def of(self, name):
        return [attributes for tag, attributes in self.found if tag == name]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Scans for sixty cards, raw and cleaned."""
    top = tmp_path_factory.mktemp("scans")
    for version, paper in (("raw", 180), ("cleaned", 255)):
        (top / version).mkdir()
        encoded = cv2.imencode(".png", np.full((700, 1100), paper, np.uint8))[1].tobytes()
        for number in range(60):
            (top / version / f"{NAMED}-{number:06d}.png").write_bytes(encoded)
    return top


@pytest.fixture
def findings(folders):
    return sample_findings(60, seed=5, gain=0.9, harm=0.2, raw=folders / "raw", cleaned=folders / "cleaned")


def test_the_page_and_the_pdf_say_the_same_figures_first(findings, tmp_path):
    write_report(findings, tmp_path)
    table, worst = findings.table, findings.worst
    assert table.rescued > table.broken > 0
    page, paper = (tmp_path / "report.html").read_text(), pdf_text(tmp_path / "report.pdf", pages=1)
    for text in (Tags(page).text["h1"], paper):
        assert f"{table.rescued - table.broken} more cards pass" in text
    for text in (re.sub("<[^>]+>", "", page), paper):
        assert "of 60, after cleaning. 95 % interval: " in text
        assert f"{table.rescued} rescued" in text and f"{table.broken} broken" in text
        assert f"{table.both} both" in text and f"{table.neither} neither" in text
        assert f"{worst.group}: {worst.name.replace('_', ' ')}" in text
        assert f"{worst.table.broken} broken of {worst.table.cards} cards" in " ".join(text.split())


def test_the_share_of_the_possible_uplift_is_said_on_the_first_page_with_what_passes_without_noise(tmp_path):
    findings = sample_findings(200)
    write_report(findings, tmp_path)
    page, paper = (tmp_path / "report.html").read_text(), pdf_text(tmp_path / "report.pdf", pages=1)
    low, high = (f"{100 * side:.1f}" for side in findings.ceiling.share_interval)
    for text in (re.sub("<[^>]+>", " ", page), paper):
        text = " ".join(text.split())
        assert f"Share of the possible uplift {100 * findings.ceiling.share:.1f} %" in text
        assert f"95 % interval {low} to {high} %; 180 of 200 pass without noise" in text
    assert "scans-clean" in page and "pass rate without noise" in page
    write_report(replace(findings, ceiling=replace(findings.ceiling, share_interval=None)), tmp_path)
    assert "too few cards for an interval" in (tmp_path / "report.html").read_text()
    write_report(replace(findings, ceiling=replace(findings.ceiling, share=None, share_interval=None)), tmp_path)
    assert "nothing to gain" in (tmp_path / "report.html").read_text()
    write_report(sample_findings(200, clean=False), tmp_path)
    assert "possible" not in (tmp_path / "report.html").read_text()


def test_the_page_asks_nothing_of_the_network_and_runs_only_its_own_script(findings, tmp_path):
    write_report(findings, tmp_path, with_images=True, rescued_shown=2)
    page = Tags((tmp_path / "report.html").read_text())
    (policy,) = (one["content"] for one in page.of("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("style", "script"):
        allowed = re.search(rf"{tag}-src 'sha256-([^']+)'", policy).group(1)
        assert b64decode(allowed) == sha256(page.text[tag].encode()).digest()
    for _, attributes in page.found:
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    assert not re.search(r"url\(|@import|https?://", page.text["style"] + page.text["script"])


def test_without_images_no_value_and_no_picture_is_in_any_file(findings, tmp_path, caplog):
    assert SECRET in as_json(findings)
    write_report(findings, tmp_path)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["cards.csv", "names.csv", "report.html", "report.json", "report.pdf"]
    everything = b"".join((tmp_path / name).read_bytes() for name in files) + pdf_text(tmp_path / "report.pdf").encode()
    for secret in (SECRET, SECRET[:-1], "data:image", "/Subtype /Image", "<script"):
        assert secret.encode() not in everything
    assert SECRET not in caplog.text
    assert "personal data" not in (tmp_path / "report.html").read_text()


def test_without_images_no_scan_is_named_but_in_a_file_for_its_owner_alone(findings, tmp_path, caplog):
    unread = replace(findings.cards[0], raw=replace(findings.cards[0].raw, problem="PNG is cut short"))
    findings = replace(findings, cards=(unread, *findings.cards[1:]))
    assert any(card.outcome == "broken" for card in findings.cards)
    write_report(findings, tmp_path)
    said = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    said["text of the PDF"] = pdf_text(tmp_path / "report.pdf").encode()
    assert [name for name, content in said.items() if NAMED.encode() in content] == ["names.csv"]
    assert NAMED not in caplog.text + repr(findings)
    assert (tmp_path / "names.csv").stat().st_mode & 0o077 == 0
    names = {line["id"]: line["file"] for line in csv.DictReader(io.StringIO(said["names.csv"].decode()))}
    assert names == {card.id: card.file for card in findings.cards}
    page = (tmp_path / "report.html").read_text()
    for card in findings.cards:
        assert (f"<td>{card.id}</td>" in page) == (card.outcome == "broken" or card is unread)
    assert "which file an id stands for says names.csv" in page


def test_the_rules_of_error_rates_stand_beside_them_where_there_is_a_truth(tmp_path):
    write_report(sample_findings(20), tmp_path)
    for text in ((tmp_path / "report.html").read_text(), " ".join(pdf_text(tmp_path / "report.pdf").split())):
        for rule in ("(NFC)", "grapheme cluster", "without regard to capitals", "a rate may exceed 100 %"):
            assert text.index("Error rates against the truth") < text.index(rule)
    write_report(sample_findings(20, truth=False), tmp_path)
    assert "grapheme" not in (tmp_path / "report.html").read_text()


def test_a_field_that_is_the_worst_stratum_is_named_and_stands_among_the_statistics_and_in_no_chart(tmp_path):
    field = Stratum("field", "birth_date of td1", Table(20, 1, 4, 5), (-0.25, 0.03), 0.375, 1.0)
    plain = sample_findings(30)
    shown = document(replace(plain, strata=(*plain.strata, field), worst=field), Prices())
    (worst,) = (fact for fact in shown.headline.facts if fact[0] == "Worst stratum")
    assert worst[1:] == ("field: birth date of td1", "−10.0 points: 1 made right, 4 made wrong of 30 cards")
    sections = {section.title: section for section in shown.sections}
    _, of_cards, of_fields = sections["Statistics"].blocks
    assert [(row[0], *row[-2:]) for row in of_fields.rows] == [("birth date of td1", "0.38", "1")]
    assert {row[0] for row in of_cards.rows} == {"noise", "severity", "layout"}
    captions = [block.caption for block in sections["Where it helps, where it harms"].blocks if block.kind == "changes"]
    assert captions and "By field" not in captions


def test_the_model_that_cleaned_is_named_where_it_is_known(tmp_path):
    findings = sample_findings(20)
    write_report(findings, tmp_path)
    assert "compact-1-18f83d5f-CPU+restore-1 (20 pages)" in (tmp_path / "report.html").read_text()
    write_report(replace(findings, models={}), tmp_path)
    assert "cleaned by" not in (tmp_path / "report.html").read_text()


def test_that_a_program_drew_the_scans_is_said_of_drawn_ones_alone(tmp_path):
    findings = sample_findings(20)
    for is_drawn in (True, False):
        write_report(replace(findings, is_drawn=is_drawn), tmp_path)
        for text in ((tmp_path / "report.html").read_text(), " ".join(pdf_text(tmp_path / "report.pdf").split())):
            assert ("not those of the office" in text) is is_drawn and ("ynthetic" in text) is is_drawn


def test_the_null_control_stands_beside_the_uplift(tmp_path):
    write_report(sample_findings(60, null=True), tmp_path)
    for text in ((tmp_path / "report.html").read_text(), " ".join(pdf_text(tmp_path / "report.pdf").split())):
        assert "+1.7 points" in text and "3 rescued, 2 broken by a change that means nothing" in text
        assert "moved to the right by 1 pixel" in text and "McNemar p 1: 3 rescued, 2 broken" in text
    write_report(sample_findings(60), tmp_path)
    assert "ull control" not in (tmp_path / "report.html").read_text()


def test_a_report_without_images_replaces_one_with_images_whole(findings, tmp_path):
    (tmp_path / "report.html").touch(0o666)
    write_report(findings, tmp_path, with_images=True)
    assert SECRET in (tmp_path / "report.html").read_text() and SECRET in (tmp_path / "report.json").read_text()
    closed = {path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o077 == 0}
    assert closed == {"names.csv", "report.html", "report.json"}
    write_report(findings, tmp_path)
    assert {path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o044 == 0} == {"names.csv"}
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_with_images_every_broken_card_is_shown_and_of_the_rescued_as_many_as_asked_for(findings, tmp_path):
    write_report(findings, tmp_path, with_images=True, rescued_shown=2)
    page = Tags((tmp_path / "report.html").read_text())
    shown = [one["alt"].split()[0] for one in page.of("img") if one["alt"].endswith("cleaned")]
    broken, rescued = (
        [card.file for card in findings.cards if card.outcome == outcome] for outcome in ("broken", "rescued")
    )  # fmt: skip
    assert shown == broken + rescued[:2]
    assert len(broken) > 2 and len(rescued) > 2
    assert len(page.of("input")) == len(shown) and all(one["aria-label"] for one in page.of("input"))
    assert "personal data" in page.text["strong"]
    for content in ((tmp_path / "cards.csv").read_text(), pdf_text(tmp_path / "report.pdf")):
        assert SECRET not in content and NAMED not in content


def test_pictures_are_scaled_down_and_keep_their_shape(findings):
    for card in gallery(findings, "broken").cards:
        encoded = b64decode(card.raw.uri.removeprefix("data:image/webp;base64,"))
        pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert pixels.shape == (card.raw.height, card.raw.width)
        assert pixels.shape == (round(700 * LONGEST_SIDE_PX / 1100), LONGEST_SIDE_PX)
        assert abs(int(pixels.mean()) - 180) <= 2


def test_a_scan_that_is_gone_is_named_and_no_value_is(findings, tmp_path):
    gone = replace(findings, cleaned=str(tmp_path))
    with pytest.raises(InputError, match=r"\.png cannot be read") as missing:
        write_report(gone, tmp_path / "report", with_images=True)
    assert SECRET not in repr(missing.value) + str(missing.value.__cause__) + repr(gone)
    assert not (tmp_path / "report").exists()


def test_a_scan_that_could_not_be_opened_is_named_with_its_reason_and_shown_by_its_other_version(findings, tmp_path):
    at, card = next((at, card) for at, card in enumerate(findings.cards) if card.outcome == "broken")
    card = replace(card, cleaned=replace(card.cleaned, problem="PNG is cut short"))
    broken = replace(findings, cards=(*findings.cards[:at], card, *findings.cards[at + 1:]), left_out=3)
    write_report(broken, tmp_path, with_images=True, rescued_shown=0)
    page = (tmp_path / "report.html").read_text()
    alts = [one["alt"] for one in Tags(page).of("img")]
    assert f"{card.file} as scanned" in alts and f"{card.file} cleaned" not in alts
    assert "PNG is cut short" in page and "Failed because it could not be read: 1 scan." in page
    assert "Not named by the truth, so left out: 3 scans." in page
    assert "PNG is cut short" in (tmp_path / "cards.csv").read_text()


def test_names_are_text_wherever_they_come_from(tmp_path):
    plain = sample_findings(30, raw=HOSTILE, cleaned=HOSTILE)
    card = replace(plain.cards[0], file=HOSTILE, layout=HOSTILE, strata={HOSTILE: (HOSTILE,)})
    stratum = replace(plain.strata[0], group=HOSTILE, name=HOSTILE)
    hostile = replace(
        plain, cards=(card, *plain.cards[1:]), strata=(stratum, *plain.strata), worst=stratum,
        engines={HOSTILE: HOSTILE}, schemas={HOSTILE: HOSTILE},
    )  # fmt: skip
    write_report(hostile, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert not Tags(page).of("script") and not Tags(page).of("img")
    assert "&lt;script&gt;" in page and "{{ 7 * 7 }}" in page
    assert "<script>" in pdf_text(tmp_path / "report.pdf").replace("\r\n", "")


def test_findings_without_strata_ledger_or_any_pass_are_reported(tmp_path):
    bare = replace(sample_findings(20, truth=False), strata=(), worst=None, choices={}, relative_uplift=None)
    write_report(bare, tmp_path)
    page = (tmp_path / "report.html").read_text()
    for words in ("no stratum has enough cards", "No ledger lies", "There was no truth", "only be counted against"):
        assert words in page


def test_one_line_a_card_names_fields_and_not_values(findings):
    lines = list(csv.DictReader(io.StringIO(cards_csv(findings))))
    assert len(lines) == 60
    for line, card in zip(lines, findings.cards, strict=True):
        assert (line["id"], line["outcome"], line["choice"]) == (card.id, card.outcome, card.choice)
        assert (line["wrong_cleaned"] == "") == card.cleaned.passes and (line["wrong_raw"] == "") == card.raw.passes
        assert line["passes_clean"] == ("yes" if card.passes_clean else "no")
        assert line["noise"].split(";") == list(card.strata["noise"])


def test_every_mended_character_is_listed_and_the_counts_by_rule_say_where(findings, tmp_path):
    mended = (Mending(1, 6, "digit"), Mending(2, 14, "check digit"))
    card = replace(findings.cards[0], raw=replace(findings.cards[0].raw, mended=mended))
    one = replace(findings, cards=(card, *findings.cards[1:]))
    (line, *_) = csv.DictReader(io.StringIO(cards_csv(one)))
    assert line["mended_raw"] == "1:6 digit;2:14 check digit"
    write_report(one, tmp_path, with_images=True)
    assert load_findings(tmp_path).cards[0].raw.mended == mended
    page, paper = re.sub("<[^>]+>", " ", (tmp_path / "report.html").read_text()), pdf_text(tmp_path / "report.pdf")
    for text in (" ".join(page.split()), " ".join(paper.split())):
        assert "Characters put right, by what told" in text and "cards.csv" in text
        for rule, meaning in RULES.items():
            assert f"{rule} {meaning} {one.mended_raw[rule]} {one.mended_cleaned[rule]}" in text
    none = replace(one, mended_raw=dict.fromkeys(RULES, 0), mended_cleaned=dict.fromkeys(RULES, 0))
    write_report(none, tmp_path)
    assert "No character had to be put right" in (tmp_path / "report.html").read_text()


def test_a_name_that_a_spreadsheet_would_run_begins_with_an_apostrophe(findings):
    card = replace(findings.cards[0], file='=HYPERLINK("x")', layout="+1")
    findings = replace(findings, cards=(card,))
    (line, named) = (next(csv.DictReader(io.StringIO(table(findings)))) for table in (cards_csv, names_csv))
    assert line["layout"] == "'+1" and named["file"] == "'=HYPERLINK(\"x\")"


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_report(sample_findings(10), tmp_path / "file" / "report")


def test_the_templates_lie_in_the_package():
    import docpipe.evaluate.report as package

    names = {path.name for path in (Path(package.__file__).parent / "templates").iterdir()}
    assert {"report.html", "blocks.html", "gallery.html", "report.css", "report.js"} <= names
