"""A result on one or two A4 pages, in the order of a BI-RADS report (ACR BI-RADS Atlas, 5th edition, 2013)."""

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC

import numpy as np
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    Image,
    KeepTogether,
    PageTemplate,
    Spacer,
    Table,
)

from detection.findings import Finding
from imaging.stack import Stack
from nets.bundle import ROLES
from reports import sentences
from reports.charts import probabilities, uptake
from reports.document_fonts import BOLD, REGULAR, markup, register
from reports.document_styles import ALARM, DARK, RULE, boxed, padding, paragraph, tight
from reports.layers import CURVE_KEY
from reports.legend import Swatch
from reports.montage import ACROSS, Mark, captioned, columns_of, evenly, montage, tile
from reports.pictures import KINDS, PROJECTION, edges_of, picture, png
from reports.report import Report
from reports.words import about_heat, banner, be, counted

MARGIN, WIDTH = 15 * mm, A4[0] - 30 * mm
BANNER, FOOTER = 14 * mm, 12 * mm
# Width of a finding's two pictures and height of its curve, by how many are shown; other widths, gaps.
SIZES = {1: (58 * mm, 30 * mm), 2: (46 * mm, 30 * mm), 3: (36 * mm, 22 * mm)}
LONGEST_CURVE, PROJECTED, BESIDE = 80 * mm, 46 * mm, 2 * mm
# Findings that are shown with pictures and curve, the surest ones; of others so many have a line, and of warnings.
MOST_SHOWN, MOST_NAMED, MOST_WARNINGS = max(SIZES), 8, 6
# Positive slices that have their reason beside them; of more slices with the same reason are told together.
MOST_REASONS = 14
# Pictures of positive slices, and of how many there are where with more the document has more than so many pages.
TILES, FEW_TILES, PAGES = 8, 4, 2
VALUE = 36  # characters of right-to-left text in a line of the head
PAGE_NUMBER = 20 * mm  # room for it
GROUPS = 6  # columns of the table of many slices
TABLE_BEGINS = 25 * mm  # so much room is left for its beginning, else it begins on the next page
CURVE_TYPES = "curve_types"
TITLE = "BreastWise: breast DCE-MRI, slices in which two networks see a tumour"


def document(report: Report) -> bytes:
    """The PDF file; equal reports give equal bytes. Where it would have more than PAGES pages it has fewer pictures."""
    register()
    file, pages = _built(report, TILES)
    return file if pages <= PAGES else _built(report, FEW_TILES)[0]


def _built(report: Report, tiles: int) -> tuple[bytes, int]:
    """The file, with ``tiles`` pictures of positive slices at most, and its number of pages."""
    file = io.BytesIO()
    template = BaseDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=BANNER + 6 * mm,
        bottomMargin=FOOTER + 6 * mm,
        title=TITLE,
        author="BreastWise",
        subject=banner(report.cards),
        creator="BreastWise",
        lang="en",
        invariant=1,
    )
    frame = Frame(template.leftMargin, template.bottomMargin, template.width, template.height, 0, 0, 0, 0)
    template.addPageTemplates(PageTemplate(frames=[frame], onPage=_around(report)))
    template.build(_story(report, tiles), canvasmaker=_CountedPages)
    return file.getvalue(), template.page


class _CountedPages(Canvas):
    """Writes ``page 1 of 2`` once it knows how many there are, and uses no font that is not embedded."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs | {"initialFontName": REGULAR})
        self._pages = []

    def showPage(self):
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self):
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self.setFont(REGULAR, 7)
            self.setFillColor(DARK)
            self.drawRightString(A4[0] - MARGIN, FOOTER - 3 * mm, f"page {number} of {len(self._pages)}")
            super().showPage()
        super().save()


def _around(report: Report) -> Callable:
    """Draws what stands on every page."""

    def draw(canvas: Canvas, _: BaseDocTemplate) -> None:
        canvas.setDateFormatter(lambda *_: f"D:{report.analysed_at.astimezone(UTC):%Y%m%d%H%M%S}+00'00'")
        first, rest = banner(report.cards).split(". ", 1)
        words = paragraph(f'<font size="12">{markup(first)}.</font><br/>{markup(rest)}', "banner")
        _, height = words.wrap(WIDTH - 6 * mm, BANNER)
        canvas.setFillColor(ALARM)
        canvas.rect(MARGIN, A4[1] - BANNER - 3 * mm, WIDTH, BANNER - 3 * mm, stroke=0, fill=1)
        words.drawOn(canvas, MARGIN + 3 * mm, A4[1] - BANNER - 3 * mm + (BANNER - 3 * mm - height) / 2)
        told = (sentences.whose(report), sentences.origin(report))
        below = paragraph("<br/>".join(map(markup, told)), "footer")
        _, height = below.wrap(WIDTH - PAGE_NUMBER, A4[1])
        below.drawOn(canvas, MARGIN, FOOTER - height)

    return draw


def _story(report: Report, tiles: int) -> list[Flowable]:
    return [
        *_head(report),
        *_section("Indication", "Not known to BreastWise."),
        *_section("Technique", sentences.technique(report.exam.description)),
        *_warnings(report),
        *_section("Comparison", "None. Each exam is read by itself."),
        *_findings(report),
        *_slices(report),
        *_pictures(report, tiles),
        *_limits(),
        *_networks(report),
    ]


def _head(report: Report) -> list[Flowable]:
    told = sentences.identity(report)
    cells = [
        [paragraph(markup(each, VALUE), style) for each, style in zip(pair, ("label", "text"), strict=True)]
        for pair in told
    ]
    rows = [left + right for left, right in zip(cells[::2], cells[1::2], strict=True)]
    widths = [22 * mm, WIDTH / 2 - 22 * mm, 31 * mm, WIDTH / 2 - 31 * mm]
    box = Table([[paragraph(markup(sentences.answer(report)), "answer")]], [WIDTH], style=boxed())
    return [paragraph(markup(TITLE), "title"), Table(rows, widths, style=tight()), Spacer(0, 2 * mm), box]


def _section(name: str, *texts: str) -> list[Flowable]:
    return [paragraph(name, "heading"), *(paragraph(markup(each)) for each in texts)]


def _warnings(report: Report) -> list[Flowable]:
    told = list(report.warnings[:MOST_WARNINGS])
    more = len(report.warnings) - len(told)
    told += [f"{counted(more, 'more warning')} {be(more)} in the study's other forms."] if more else []
    return [paragraph(f"<b>Warning about the exam:</b> {markup(each)}", "warning") for each in told]


def _findings(report: Report) -> list[Flowable]:
    if not report.findings:
        return _section("Findings", "No slice is positive. That does not mean that there is no tumour.")
    shown = _surest(report)
    heat = report.heat([each.best_slice for each in shown])[:, ROLES.index("scantype")]
    blocks = [_finding(each, report, one, *SIZES[len(shown)]) for each, one in zip(shown, heat, strict=True)]
    head, *rest = blocks
    together = KeepTogether([*_section("Findings"), head])
    key = paragraph(
        "Left the 1st pass with heat of the scantype network and a ring around the finding's most heat, right curve "
        f"types and a ring around the place of its curve: {_key(CURVE_KEY)}.",
        "caption",
    )
    return [together, *(KeepTogether(each) for each in rest), key, *_other_findings(report, shown)]


def _key(swatches: Sequence[Swatch]) -> str:
    """Markup of what colours mean."""
    parts = (f'<font color="#{bytes(each.colour).hex()}">\N{BLACK SQUARE}</font> {each.words}' for each in swatches)
    return ", ".join(parts)


def _surest(report: Report) -> list[Finding]:
    """Findings that are shown in full, in reading order."""
    by_probability = sorted(report.findings, key=lambda each: -report.slices[each.best_slice - 1].scantype_probability)
    return sorted(by_probability[:MOST_SHOWN], key=lambda each: each.number)


def _finding(finding: Finding, report: Report, heat: np.ndarray, side: float, height: float) -> Table:
    """``side``: width of its pictures; ``height`` of its curve."""
    told = [paragraph(markup(sentences.title(finding)), "finding")]
    told += [paragraph(markup(each)) for each in sentences.about(finding, report)]
    told += [paragraph(f"<b>Warning:</b> {markup(each)}.", "warning") for each in finding.warnings]
    room = WIDTH - 2 * side - 3 * BESIDE
    if finding.peak:
        told.append(uptake(finding.peak, report.exam.description.seconds, min(room, LONGEST_CURVE), height))
    peak, worst = _marks(finding, report.exam.stack)
    shown = (tile(report, finding.best_slice, heat, peak), _kinetic_map(report, finding, worst))
    return Table(
        [[*(_image(each, side) for each in shown), told]], [side + BESIDE, side + 2 * BESIDE, room], style=tight()
    )


def _kinetic_map(report: Report, finding: Finding, mark: Mark | None) -> np.ndarray:
    shown, kind = picture(report, finding.best_slice, CURVE_TYPES), KINDS[CURVE_TYPES]
    return captioned(shown, edges_of(report.exam), f"slice {finding.best_slice}", kind.title, kind.classes, mark)


def _marks(finding: Finding, stack: Stack) -> tuple[Mark | None, Mark | None]:
    """Where its peak and where its curve is."""
    if finding.peak is None:
        return None, None
    found = finding.peak
    places = ((found.row, found.column), (found.curve_row, found.curve_column))
    peak, worst = (((row + 0.5) / stack.rows, (column + 0.5) / stack.columns) for row, column in places)
    return peak, worst


def _other_findings(report: Report, shown: Sequence[Finding]) -> list[Flowable]:
    others = [each for each in report.findings if each not in shown]
    lines = [f"{sentences.title(each)}. {sentences.about(each, report)[0]}" for each in others[:MOST_NAMED]]
    more = len(others) - MOST_NAMED
    rest = f"{counted(more, 'more finding')} {be(more)} in the study's other forms; all positive slices stand below."
    lines += [rest] if more > 0 else []
    return [paragraph(markup(each)) for each in lines]


def _slices(report: Report) -> list[Flowable]:
    """Every positive slice with both probabilities and why it is positive."""
    rule = paragraph(markup(sentences.rule(report)), "caption")
    if not report.positive_slices:
        return [paragraph("How a slice is judged", "heading"), rule]
    heading = paragraph("Positive slices: probability of tumour by each network, and why", "heading")
    if len(report.positive_slices) <= MOST_REASONS:
        return [KeepTogether([heading, rule, _with_reasons(report)])]
    return [CondPageBreak(TABLE_BEGINS), heading, rule, *_in_columns(report)]


def _with_reasons(report: Report) -> Table:
    """A row a slice, with its reason as in other forms."""
    rows = [
        [paragraph(each, "cell") for each in (f"<b>{number}</b>", *_probabilities(report, number), markup(reason))]
        for number, reason in enumerate(report.reasons, start=1)
        if number in report.positive_slices
    ]
    return _table(["slice", "single", "scantype", "why"], rows, [9 * mm, 11 * mm, 16 * mm, WIDTH - 36 * mm])


def _in_columns(report: Report) -> list[Flowable]:
    """Downwards in groups of columns; those with the same reason are told together."""
    numbers = report.positive_slices
    rows = downwards([(str(number), *_probabilities(report, number)) for number in numbers], GROUPS)
    groups, nothing = len(rows[0]), ("", "", "")
    cells = [[part for each in (*row, *[nothing] * (groups - len(row))) for part in each] for row in rows]
    widths = [WIDTH / GROUPS * share for share in (0.25, 0.3, 0.45)] * groups
    table = _table(["slice", "single", "scantype"] * groups, cells, widths, range(0, 3 * groups, 3))
    why = " ".join((*sentences.reasons(report), "Each slice's own reason is in the study's JSON and CSV."))
    return [paragraph(markup(why), "caption"), table]


def _table(head: list[str], rows: list[list], widths: list[float], bold: Iterable[int] = ()) -> Table:
    """``bold``: columns, from 0."""
    return Table(
        [head, *rows],
        widths,
        repeatRows=1,
        hAlign="LEFT",
        style=[
            *padding(1),
            ("FONT", (0, 0), (-1, -1), REGULAR, 7),
            ("FONT", (0, 0), (-1, 0), BOLD, 6.5),
            ("TEXTCOLOR", (0, 0), (-1, 0), DARK),
            ("LINEBELOW", (0, 0), (-1, 0), 0.5, RULE),
            *(("FONT", (column, 1), (column, -1), BOLD, 7) for column in bold),
        ],
    )


def downwards(things: Sequence, most: int) -> list[list]:
    """Rows of ``things`` that are read down the columns, ``most`` of them or fewer; the last ones may be shorter."""
    down = -(-len(things) // most)
    return [list(things[row::down]) for row in range(down)]


def _probabilities(report: Report, number: int) -> tuple[str, str]:
    said = report.slices[number - 1]
    return f"{said.single_probability:.3f}", f"{said.scantype_probability:.3f}"


def _pictures(report: Report, tiles: int) -> list[Flowable]:
    words = ("maximum intensity projection", "1st pass less before contrast")
    projection = _image(captioned(picture(report, None, PROJECTION), edges_of(report.exam), *words), PROJECTED)
    chart = probabilities(report, WIDTH - PROJECTED - 3 * mm, 48 * mm)
    beside = Table([[chart, projection]], [WIDTH - PROJECTED - mm, PROJECTED + mm], style=tight())
    return [KeepTogether([paragraph("Pictures", "heading"), beside]), *_montage(report, tiles)]


def _montage(report: Report, tiles: int) -> list[Flowable]:
    shown = evenly(report.positive_slices, tiles)
    if not shown:
        return []
    image = _image(montage(report, tiles, legend=False), WIDTH * columns_of(len(shown)) / ACROSS)
    caption = paragraph(markup(_shown(report, shown)), "caption")
    return [KeepTogether([Spacer(0, BESIDE), image, caption])]


def _shown(report: Report, shown: Sequence[int]) -> str:
    count = len(report.positive_slices)
    all_of_them = "The positive slice" if count == 1 else "All positive slices"
    chosen = all_of_them if len(shown) == count else f"{len(shown)} of {count} positive slices, evenly chosen"
    return f"{chosen}, 1st pass, with heat. {about_heat('scantype')}"


def _limits() -> list[Flowable]:
    return [KeepTogether(_section("Limits", " ".join(sentences.LIMITS)))]


def _networks(report: Report) -> list[Flowable]:
    cards = {card.role: sentences.evaluation(card) for card in report.cards}
    columns = [each["role"] for each in report.networks]
    told = {role: sentences.figures(cards.get(role, {})) for role in columns}
    fused = next((sentences.figures(each.get("fused", {})) for each in cards.values()), {})
    rows = [
        ["", *(f"{each} network" for each in columns), "both, fused"],
        ["name, version", *(f"{each['name']} {each['version']}" for each in report.networks), ""],
        ["weights, SHA-256", *(each["sha256"][:16] for each in report.networks), ""],
        *([words, *(told[role].get(words, "") for role in columns), fused.get(words, "")] for words in fused),
    ]
    table = Table(
        [[paragraph(markup(each), "cell") for each in row] for row in rows],
        [32 * mm, 52 * mm, 52 * mm, WIDTH - 136 * mm],
        style=[("LINEBELOW", (0, 0), (-1, 0), 0.5, RULE), *padding(0.8)],
    )
    uses = dict.fromkeys(each.intended_use for each in report.cards)
    on = [f"{sentences.measured_on(card)}, with 95 % intervals." for card in report.cards[:1] if fused]
    below = [paragraph(markup(each), "caption") for each in (*uses, *on)]
    return [KeepTogether([paragraph("Networks", "heading"), table, *below])]


def _image(pixels: np.ndarray, width: float) -> Image:
    """``width`` in points."""
    rows, columns, _ = pixels.shape
    return Image(io.BytesIO(png(pixels)), width, width * rows / columns, hAlign="LEFT")
