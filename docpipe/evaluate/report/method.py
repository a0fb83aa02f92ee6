"""How it was measured, and what it does not show, in plain words."""

from docpipe.evaluate.findings import Findings
from docpipe.evaluate.null_control import BRIGHTER_LEVELS, SHIFT_PX
from docpipe.evaluate.report.blocks import Bullets, Grid, Section
from docpipe.evaluate.report.wording import counted


def method(findings: Findings) -> Section:
    """What a pass is, what the intervals mean, what the limits are."""
    measured = (*_MEASURED, *([_POSSIBLE] if findings.ceiling else []), *([_NULL] if findings.null else []))
    limits = (*_LIMITS, *([_DRAWN] if findings.is_drawn else []))
    return Section("Method and limits", (Bullets((_what_a_pass_is(findings), *measured, *limits)), _rules(findings)))


def this_run(findings: Findings) -> Section:
    """What was read by what, and when."""
    engines = ((f"read by {name}", version) for name, version in findings.engines.items())
    models = [("cleaned by", f"{model} ({counted(pages, 'page')})") for model, pages in findings.models.items()]
    clean = [("without noise", findings.ceiling.folder)] if findings.ceiling else []
    rows = (("as scanned", findings.raw), ("cleaned", findings.cleaned), *models, *clean, ("made", findings.made),
            ("docpipe", findings.docpipe), *engines)  # fmt: skip
    return Section("This run", (Grid("What was read by what", ("what", "which"), rows, words=2),))


def _what_a_pass_is(findings: Findings) -> str:
    if findings.has_truth:
        return "A card passes when every required field says what the truth says. The rule of each schema is below."
    return (
        "There was no truth. A card passes when every required field is valid by its own rules: check digits, dates, "
        "formats. A field that is valid and wrong counts as right here, so these rates are higher than true ones."
    )


def _rules(findings: Findings) -> Grid:
    return Grid("What has to be right", ("schema", "rule"), tuple(findings.schemas.items()), words=2)


_MEASURED = (
    "Every card is read twice, as scanned and cleaned, by the same OCR. Rescued: it failed and now passes. Broken: the "
    "reverse. The two are always shown, for the difference alone would hide harm.",
    "A 95 % interval is made by a rule that holds the true value in 95 of 100 such evaluations: for rates after "
    "Wilson, for differences by drawing the cards again with replacement (bootstrap), one rescued and one "
    "broken card added: a handful of cards that changed would else seem to say more than they do.",
    "The p-value is that of McNemar's exact test: how often a split of the changed cards at least as uneven would come "
    "up if cleaning made no difference. Holm's correction allows for there being many strata. Draws of one card stay "
    "together in the intervals; the test takes them as independent, so that p is too small where there are several: "
    "then the interval decides whether the uplift may be chance.",
)
_POSSIBLE = (
    "The same cards were read without any noise too. What fails even so, no cleaning rescues; the possible uplift is "
    "the rate without noise minus that as scanned, and its share is the absolute uplift divided by it."
)
_NULL = (
    f"Null control: the raw scans were read again, moved to the right by {SHIFT_PX} pixel and {BRIGHTER_LEVELS} grey "
    "levels brighter. What that rescues and breaks is chance, and an uplift no larger than it is no effect."
)
_DRAWN = (
    "These scans come with a pairs.jsonl, so a program drew their noise, and of synthetic cards the fonts and layouts "
    "too. They are not those of the office: only its own scans tell what to expect there."
)
_LIMITS = (
    "Strata overlap: a card with several kinds of noise is in several of them. A difference between two strata need "
    "not come from what names them.",
    "OCR is not smooth. A scan moved by one pixel flips some cards both ways, so a single rescued or broken card "
    "proves little.",
    "Of a scan with several pages the first alone is read and judged.",
    "Another OCR engine, or another version of it, may gain more or less.",
)
