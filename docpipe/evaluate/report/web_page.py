"""report.html: one file that asks nothing of the network, and lets nothing run but its own script."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from docpipe.evaluate.report.blocks import OUTCOMES, Document, Section
from docpipe.evaluate.report.gallery import Gallery

TEMPLATES = "templates"


def web_page(document: Document, lists: Sequence[Section], galleries: Mapping[str, Gallery]) -> str:
    """The page.

    Args:
        document: what it shows.
        lists: sections that name cards, and so stand on this page alone.
        galleries: "broken" and "rescued"; empty for a page without personal data.
    """
    environment = Environment(
        loader=PackageLoader("docpipe.evaluate.report", TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    # Ours, and without any mark-up of HTML: quoted as it is, for a hash of it is what the browser holds it against.
    style, script = (Markup(_own_file(name)) for name in ("report.css", "report.js"))  # noqa: S704
    return environment.get_template("report.html").render(
        document=document, lists=lists, galleries=galleries, outcomes=OUTCOMES,
        style=style, style_hash=_hash(style), script=script, script_hash=_hash(script),
    )  # fmt: skip


def _own_file(name: str) -> str:
    return (files(__package__) / TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
