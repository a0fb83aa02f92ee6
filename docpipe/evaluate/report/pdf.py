"""report.pdf: the same blocks on A4. Drawn with ReportLab, which needs no program beside it. No pictures, no values."""

import html
from collections.abc import Sequence
from io import BytesIO

from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from docpipe.evaluate.report.blocks import (
    OUTCOMES,
    Block,
    Bullets,
    ChangeBar,
    ChangeChart,
    Document,
    Grid,
    Headline,
    Section,
    Text,
)
from docpipe.evaluate.report.fonts import BOLD, REGULAR, as_drawn

MARGIN = 18 * mm
FRAME_PADDING = 6                # ReportLab's own, in points
WIDTH = A4[0] - 2 * MARGIN - 2 * FRAME_PADDING
BAR_WIDTH, HALF_BAR, BAR_HEIGHT = 60 * mm, 28 * mm, 2.4 * mm
COLUMN_GAP = 10                  # in points
LEAST_FOR_WORDS = 0.2            # of the width of a table, where its numbers would take more

COLOURS = {name: HexColor(f"#{value}") for name, value in (
    ("rescued", "0b7285"), ("broken", "d9480f"), ("both", "9fb8bd"), ("neither", "dcdfe2"),
    ("ink", "1d2329"), ("quiet", "5b6570"), ("line", "d9dde1"),
)}  # fmt: skip

BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=9, leading=12.5, textColor=COLOURS["ink"], spaceAfter=5)
QUIET = ParagraphStyle("quiet", BODY, fontSize=8.5, leading=11, textColor=COLOURS["quiet"])
BIG = ParagraphStyle("big", BODY, fontName=BOLD, fontSize=30, leading=34, spaceAfter=4)
LEAD = ParagraphStyle("lead", BODY, fontSize=12, leading=16)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=13, leading=16, spaceBefore=12,
                       keepWithNext=True)  # fmt: skip
CAPTION = ParagraphStyle("caption", BODY, fontName=BOLD, leading=12, spaceBefore=5, keepWithNext=True)
BULLET = ParagraphStyle("bullet", BODY, leftIndent=12, bulletFontName=REGULAR, bulletFontSize=9, spaceAfter=3)
CELL = ParagraphStyle("cell", BODY, fontSize=8, leading=10, spaceAfter=0)
NUMBER = ParagraphStyle("number", CELL, alignment=TA_RIGHT)
HEAD = ParagraphStyle("head", CELL, textColor=COLOURS["quiet"])
NUMBER_HEAD = ParagraphStyle("number-head", HEAD, alignment=TA_RIGHT)


def pdf(document: Document) -> bytes:
    """The file."""
    stream = BytesIO()
    pages = SimpleDocTemplate(
        stream, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
        title=document.title, author="docpipe", invariant=1, lang="en",
    )  # fmt: skip
    flow = [_paragraph(document.about, QUIET), *_headline(document.headline)]
    for section in document.sections:
        flow += _section(section)
    pages.build(flow, onFirstPage=_number_page, onLaterPages=_number_page)
    return stream.getvalue()


def _paragraph(text: str, style: ParagraphStyle, bullet: str | None = None) -> Paragraph:
    """Text of any origin: nothing in it is taken for mark-up."""
    return Paragraph(html.escape(as_drawn(text)), style, bulletText=bullet)


def _number_page(canvas: Canvas, pages: SimpleDocTemplate) -> None:
    canvas.setFont(REGULAR, 8)
    canvas.setFillColor(COLOURS["quiet"])
    canvas.drawRightString(A4[0] - MARGIN - FRAME_PADDING, 10 * mm, f"{pages.title}, page {canvas.getPageNumber()}")


def _headline(headline: Headline) -> list[Flowable]:
    bar = Drawing(WIDTH, 9 * mm)
    drawn = 0.0
    for outcome, _ in OUTCOMES:
        width = WIDTH * getattr(headline.table, outcome) / headline.table.cards
        bar.add(Rect(drawn, 0, width, 9 * mm, fillColor=COLOURS[outcome], strokeColor=None))
        drawn += width
    legend = [[_swatch(outcome), _paragraph(f"{getattr(headline.table, outcome)} {outcome}", CELL),
               _paragraph(meaning, HEAD)] for outcome, meaning in OUTCOMES]  # fmt: skip
    facts = [[_paragraph(name, HEAD), _paragraph(figure, CELL), _paragraph(remark, HEAD)]
             for name, figure, remark in headline.facts]  # fmt: skip
    return [
        _paragraph(headline.big, BIG), _paragraph(headline.of, LEAD), _paragraph(headline.verdict, BODY), bar,
        Spacer(0, 2 * mm), _table(legend, [6 * mm, 28 * mm, WIDTH - 34 * mm]),
        Spacer(0, 3 * mm), _table(facts, [44 * mm, 42 * mm, WIDTH - 86 * mm], ruled=True),
    ]  # fmt: skip


def _section(section: Section) -> list[Flowable]:
    flow = [_paragraph(section.title, TITLE)]
    for block in section.blocks:
        flow += _block(block)
    return flow


def _block(block: Block) -> list[Flowable]:
    match block:
        case Text():
            return [_paragraph(block.text, BODY)]
        case Bullets():
            return [_paragraph(line, BULLET, bullet="\N{BULLET}") for line in block.lines]
        case Grid():
            return [_paragraph(block.caption, CAPTION), _grid(block), Spacer(0, 2 * mm)]
        case ChangeChart():
            return [_paragraph(block.caption, CAPTION), _changes(block), Spacer(0, 2 * mm)]


def _grid(grid: Grid) -> Table:
    def cells(row: tuple[str, ...], word: ParagraphStyle, number: ParagraphStyle) -> list[Paragraph]:
        return [_paragraph(cell, word if at < grid.words else number) for at, cell in enumerate(row)]

    rows = [cells(grid.head, HEAD, NUMBER_HEAD), *(cells(row, CELL, NUMBER) for row in grid.rows)]
    return _table(rows, _widths(grid), head=True, ruled=True)


def _widths(grid: Grid) -> list[float]:
    """Of the columns. Where they want more than a page has, words are wrapped before numbers are."""
    wanted = [
        max(stringWidth(as_drawn(text), CELL.fontName, CELL.fontSize) for text in (*head.split(), *column)) + COLUMN_GAP
        for head, *column in zip(grid.head, *grid.rows, strict=True)
    ]
    words, numbers = wanted[: grid.words], wanted[grid.words :]
    if sum(wanted) > WIDTH:
        words = _capped(words, max(WIDTH - sum(numbers), LEAST_FOR_WORDS * WIDTH))
    share = WIDTH / sum(words + numbers)
    return [width * share for width in words + numbers]


def _capped(widths: Sequence[float], room: float) -> list[float]:
    """The widest cut down to one width, the others as they are, so that all of them take `room`."""
    cap, left = 0.0, room
    for count, width in zip(range(len(widths), 0, -1), sorted(widths), strict=True):
        cap = left / count
        left -= min(width, cap)
    return [min(width, cap) for width in widths]


def _changes(chart: ChangeChart) -> Table:
    numbers = (chart.worse, chart.better, "of", chart.right)
    head = [_paragraph("", HEAD), _sides(chart), *(_paragraph(text, NUMBER_HEAD) for text in numbers)]
    rows = [
        [
            _paragraph(bar.name, CELL), _change_bar(bar, chart.full_share), _paragraph(str(bar.table.broken), NUMBER),
            _paragraph(str(bar.table.rescued), NUMBER), _paragraph(str(bar.table.cards), NUMBER),
            _paragraph(f"{100 * bar.table.raw_rate:.0f} → {100 * bar.table.cleaned_rate:.0f} %", NUMBER),
        ]
        for bar in chart.bars
    ]  # fmt: skip
    widths = (20 * mm, 19 * mm, 10 * mm, 22 * mm)
    return _table([head, *rows], [WIDTH - BAR_WIDTH - sum(widths), BAR_WIDTH, *widths], head=True)


def _sides(chart: ChangeChart) -> Drawing:
    """What lies left and right of the line."""
    drawing = Drawing(2 * HALF_BAR, BAR_HEIGHT)
    text = {"fontName": HEAD.fontName, "fontSize": HEAD.fontSize}
    drawing.add(String(HALF_BAR - 4, 0, chart.worse, textAnchor="end", fillColor=COLOURS["broken"], **text))
    drawing.add(String(HALF_BAR + 4, 0, chart.better, fillColor=COLOURS["rescued"], **text))
    return drawing


def _change_bar(bar: ChangeBar, full_share: float) -> Drawing:
    broken, rescued = HALF_BAR * bar.broken_share / full_share, HALF_BAR * bar.rescued_share / full_share
    drawing = Drawing(2 * HALF_BAR, BAR_HEIGHT)
    drawing.add(Rect(HALF_BAR - broken, 0, broken, BAR_HEIGHT, fillColor=COLOURS["broken"], strokeColor=None))
    drawing.add(Rect(HALF_BAR, 0, rescued, BAR_HEIGHT, fillColor=COLOURS["rescued"], strokeColor=None))
    drawing.add(Line(HALF_BAR, -1, HALF_BAR, BAR_HEIGHT + 1, strokeColor=COLOURS["quiet"], strokeWidth=0.5))
    return drawing


def _swatch(outcome: str) -> Drawing:
    drawing = Drawing(3 * mm, 3 * mm)
    drawing.add(Rect(0, 0, 3 * mm, 3 * mm, fillColor=COLOURS[outcome], strokeColor=None))
    return drawing


def _table(rows: list[list[Flowable]], widths: list[float], *, head: bool = False, ruled: bool = False) -> Table:
    style = TableStyle(
        [("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("LEFTPADDING", (0, 0), (-1, -1), 0),
         ("TOPPADDING", (0, 0), (-1, -1), 1.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5)]
    )  # fmt: skip
    if head or ruled:
        style.add("LINEBELOW", (0, 0), (-1, -1 if ruled else 0), 0.4, COLOURS["line"])
    return Table(rows, widths, repeatRows=int(head), style=style, hAlign="LEFT")
