"""Card layouts: which field stands where, read from TOML files, so that a new card is a new file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from docpipe.cards.identity import DOCUMENT_CODES, Identity
from docpipe.errors import InputError
from docpipe.mrz import FORMATS

Box = tuple[float, float, float, float]
"""Left, top, width, height; in mm from the upper left corner of the card."""

LAYOUTS = ("national", "national_b", "residence_permit", "td1", "td1_back", "td3")
"""What training cards are drawn on. Pair numbers choose from it by place: a layout added here changes every series."""

TEST_ONLY_LAYOUTS = ("driving_licence", "td2")
"""What no training may see: they show how cleaning does on a layout it was not made for."""

SHIPPED_LAYOUTS = LAYOUTS + TEST_ONLY_LAYOUTS
FIELD_NAMES = {member.name for member in fields(Identity)} - {"locale"} | {"document_code"}
ELEMENT_KINDS = ("chip", "ghost", "hologram", "pdf417", "qr", "rosette")
BARCODES = ("pdf417", "qr")
WHOLE_ZONE = "mrz"
SAYABLE = FIELD_NAMES - {"document_code"} | {WHOLE_ZONE}


@dataclass(frozen=True, slots=True)
class FieldBox:
    """Where one field is printed.

    Args:
        name: a field of `Identity`, or "document_code".
        value_mm: box of the value, all its lines together.
        label_mm: box of the label's line; None where the label of the field before announces this one too.
        lines: number of lines the value takes.
        bold: printed in the bold face.
    """

    name: str
    value_mm: Box
    label_mm: Box | None = None
    lines: int = 1
    bold: bool = False


@dataclass(frozen=True, slots=True)
class MrzBox:
    """Where the machine readable zone is printed.

    Args:
        kind: its format: "td1", "td2" or "td3".
        box_mm: of all its lines.
        document_code: what it begins with, such as "IR"; None for what is usual in its format.
    """

    kind: str
    box_mm: Box
    document_code: str | None = None

    @property
    def code(self) -> str:
        """What the zone begins with."""
        return self.document_code or DOCUMENT_CODES[self.kind]


@dataclass(frozen=True, slots=True)
class ElementBox:
    """Where something stands that is neither field nor zone.

    Args:
        kind: one of `ELEMENT_KINDS`.
        box_mm: where it stands. Holograms lie over the print, all others under it.
        chance: share of the cards that have it, above 0 up to 1.
        says: of a barcode, what it holds: fields of `Identity`, or "mrz" for the lines of the zone.
    """

    kind: str
    box_mm: Box
    chance: float = 1.0
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of card.

    Args:
        name: the file's name without its ending.
        about: what the card imitates, in one sentence.
        size_mm: width and height.
        corner_mm: radius of the corners.
        document: what the card calls itself: a key of the labels, such as "identity_card".
        fields: in reading order.
        header_mm: band that holds the names of state and document; None where the card has none.
        emblem_mm: place of the arms; so are `portrait_mm` and `signature_mm` places. None for none.
        elements: chips, barcodes and what else a card may show, in the order in which they are laid down.
        mrz: None where the card has none.
        label_colon: labels end in a colon.
        bilingual: labels have room for two languages.
        labels: labels of this layout's own, field -> language -> text.
    """

    name: str
    about: str
    size_mm: tuple[float, float]
    corner_mm: float
    document: str
    fields: tuple[FieldBox, ...]
    header_mm: Box | None = None
    emblem_mm: Box | None = None
    portrait_mm: Box | None = None
    signature_mm: Box | None = None
    elements: tuple[ElementBox, ...] = ()
    mrz: MrzBox | None = None
    label_colon: bool = False
    bilingual: bool = True
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which every label of this layout is known."""
        labelled = [box.name for box in self.fields if box.label_mm]
        texts = [self.labels[key] for key in ("state", self.document, *labelled)]
        return tuple(language for language in texts[0] if all(language in known for known in texts))


def load_layout(name: str | Path) -> Layout:
    """Read a layout by the name of a shipped one, or from a file of the user's.

    Raises:
        InputError: there is no such layout, or its file is not a layout.
    """
    source = files(__package__) / "layouts" / f"{name}.toml" if name in SHIPPED_LAYOUTS else Path(name)
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise InputError(
            f"there is no layout {str(name)!r}", hint=f"shipped are {', '.join(SHIPPED_LAYOUTS)}; or give a TOML file"
        ) from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise InputError(f"layout {str(name)!r} is not TOML: {broken}") from broken
    try:
        return _layout(Path(name).stem, table)
    except (KeyError, TypeError, ValueError) as wrong:
        raise InputError(
            f"layout {str(name)!r} does not fit: {wrong}",
            hint="compare it with docpipe/cards/layouts/td1.toml",
        ) from wrong


def shipped_labels() -> dict[str, dict[str, str]]:
    """Every label that docpipe knows: field -> language -> text."""
    return tomllib.loads((files(__package__) / "labels.toml").read_text(encoding="utf-8"))


def _layout(name: str, table: dict[str, Any]) -> Layout:
    """Dataclasses from the file's tables: an unknown or missing key is a TypeError that names it."""
    boxes = tuple(FieldBox(**_with_tuples(entry)) for entry in table.pop("field"))
    elements = tuple(ElementBox(**_with_tuples(entry)) for entry in table.pop("element", []))
    mrz = MrzBox(**_with_tuples(table.pop("mrz"))) if "mrz" in table else None
    labels = shipped_labels() | table.pop("labels", {})
    width, height = table.pop("size_mm")
    layout = Layout(
        name=name, size_mm=(width, height), fields=boxes, elements=elements, mrz=mrz, labels=labels,
        **_with_tuples(table),
    )  # fmt: skip
    _check_fields(layout)
    for element in elements:
        _check_element(element, layout)
    return layout


def _with_tuples(table: dict[str, Any]) -> dict[str, Any]:
    """Lists as tuples; those of lengths as boxes."""
    return {
        key: _box(key, value) if key.endswith("_mm") and isinstance(value, list)
        else tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
    }  # fmt: skip


def _box(key: str, numbers: list[float]) -> Box:
    if len(numbers) != 4 or min(numbers[2:]) <= 0:
        raise ValueError(f"{key} is {numbers}; a box is [left, top, width, height] in mm")
    left, top, width, height = numbers
    return left, top, width, height


def _check_fields(layout: Layout) -> None:
    unknown = {box.name for box in layout.fields} - FIELD_NAMES
    if unknown:
        known = ", ".join(sorted(FIELD_NAMES))
        raise ValueError(f"unknown fields {', '.join(sorted(unknown))}; known are {known}")
    if layout.mrz and layout.mrz.kind not in FORMATS:
        raise ValueError(f"MRZ kind is {layout.mrz.kind!r}; known are {', '.join(FORMATS)}")
    if not layout.mrz and "document_code" in {box.name for box in layout.fields}:
        raise ValueError("document_code is what a zone begins with, and there is no [mrz]")
    if not layout.fields[0].label_mm:
        raise ValueError(f"{layout.fields[0].name} is the first field, and has no label_mm")
    for box in layout.fields:
        for part_mm in filter(None, (box.label_mm, box.value_mm)):
            _check_inside(box.name, part_mm, layout)
    if not layout.languages:
        raise ValueError("there is no language in which all its labels are known")


def _check_element(element: ElementBox, layout: Layout) -> None:
    if element.kind not in ELEMENT_KINDS:
        raise ValueError(f"unknown element {element.kind!r}; known are {', '.join(ELEMENT_KINDS)}")
    if not 0 < element.chance <= 1:
        raise ValueError(f"chance of {element.kind} is {element.chance}; it is a share, above 0 up to 1")
    if bool(element.says) != (element.kind in BARCODES):
        raise ValueError(f"{element.kind} says {list(element.says)}; {' and '.join(BARCODES)} say something, no others")
    if unknown := set(element.says) - SAYABLE:
        raise ValueError(f"{element.kind} says {', '.join(sorted(unknown))}; known are {', '.join(sorted(SAYABLE))}")
    if WHOLE_ZONE in element.says and not layout.mrz:
        raise ValueError(f"{element.kind} says {WHOLE_ZONE}, and there is no [mrz]")
    if element.kind == "ghost" and not layout.portrait_mm:
        raise ValueError("a ghost repeats the portrait, and there is no portrait_mm")
    _check_inside(element.kind, element.box_mm, layout)


def _check_inside(name: str, box_mm: Box, layout: Layout) -> None:
    left, top, box_width, box_height = box_mm
    width, height = layout.size_mm
    if left < 0 or top < 0 or left + box_width > width or top + box_height > height:
        raise ValueError(f"{name} lies outside the card of {width} x {height} mm")
