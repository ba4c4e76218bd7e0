import io
import itertools
from dataclasses import replace

import numpy as np
from django.test import SimpleTestCase
from pypdf import PdfReader

from detection.results import SliceResult
from reports.document import MOST_NAMED, MOST_SHOWN, MOST_WARNINGS, document, downwards
from reports.report import Report
from reports.scripts import UNKNOWN
from reports.sentences import FUSION
from reports.tests.readers import pdf_pages, pdf_slices
from reports.tests.reports import COUNT, KINDS, UNPLACED, a_report, with_description, with_header
from reports.words import SYNTHETIC

SLICES = 160


def printed(report: Report) -> dict[int, tuple[str, str]]:
    return {
        each.number: (f"{each.single_probability:.3f}", f"{each.scantype_probability:.3f}")
        for each in report.slices
        if each.fused
    }


def long_report(positive: list[int]) -> Report:
    """Of 160 slices with a finding for each run of ``positive``, and with more warnings than there is room for."""
    report = a_report("axial")
    places = tuple(tuple(map(float, (0, 0, number))) for number in range(SLICES))
    long = with_description(report, stack=replace(report.exam.stack, image_positions=places))
    long.exam.picture = lambda folder, number: report.exam.picture(folder, (number - 1) % COUNT + 1)
    slices = [SliceResult(n, n / 200, n in positive, n / 199, n in positive, int(n in positive)) for n in range(1, 161)]
    runs = itertools.groupby(enumerate(positive), key=lambda each: each[1] - each[0])
    ends = [[number for _, number in run] for _, run in runs]
    finding = replace(report.findings[0], warnings=("the place lies in the air",))
    findings = [
        replace(finding, number=k, first_slice=run[0], last_slice=run[-1], best_slice=run[-1])
        for k, run in enumerate(ends, start=1)
    ]
    heat = np.zeros((1, 2, 128, 144), np.float32)
    warnings = [f"Warning number {number} is a long sentence about what is odd. " * 2 for number in range(40)]
    return replace(
        long,
        slices=slices,
        reasons=["so"] * SLICES,
        findings=findings,
        warnings=warnings,
        heat=lambda n: heat.repeat(len(n), 0),
    )


class RoundTripTests(SimpleTestCase):
    def test_text_holds_the_slices_and_probabilities_of_the_result(self):
        for kind in (*KINDS, UNPLACED):
            report = a_report(kind)
            self.assertEqual(pdf_slices(document(report)), printed(report), kind)
            self.assertEqual(len(printed(report)), 5)

    def test_exam_without_a_positive_slice_says_so_and_names_none(self):
        file = document(a_report("axial", positive=False))
        self.assertEqual(pdf_slices(file), {})
        self.assertIn("No slice is positive", pdf_pages(file)[0])

    def test_all_of_many_positive_slices_are_there(self):
        report = long_report(list(range(1, SLICES + 1)))
        file = document(report)
        self.assertEqual(pdf_slices(file), printed(report))
        self.assertLessEqual(len(pdf_pages(file)), 2)


class PagesTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = a_report("axial")
        cls.file = document(cls.report)
        cls.pages = pdf_pages(cls.file)

    def text(self, file: bytes | None = None) -> str:
        return " ".join(" ".join(pdf_pages(file) if file else self.pages).split())

    def test_ordinary_exam_takes_two_pages_at_most(self):
        self.assertLessEqual(len(self.pages), 2)

    def test_every_page_says_research_use_whose_result_and_which_page(self):
        for number, page in enumerate(self.pages, start=1):
            words = " ".join(page.split())
            self.assertIn(f"Research use only. {SYNTHETIC}", words)
            self.assertIn(f"{self.report.study}, 2026-03-04 05:06", words)
            self.assertIn(f"page {number} of {len(self.pages)}", words)

    def test_parts_come_in_the_order_of_bi_rads(self):
        headings = ("Indication", "Technique", "Comparison", "Findings", "Pictures", "Limits", "Networks")
        lines = [line.strip() for page in self.pages for line in page.splitlines()]
        self.assertEqual([line for line in lines if line in headings], list(headings))

    def test_identity_is_that_of_the_source(self):
        for told in ("Phantom, Seed7", "PHANTOM-7", "2020-01-01", "Synthetic breast DCE-MRI (phantom)"):
            self.assertIn(told, self.text())

    def test_every_page_says_whose_exam_it_is(self):
        for page in self.pages:
            self.assertIn("Patient Phantom, Seed7; Patient ID PHANTOM-7; Study date 2020-01-01", " ".join(page.split()))

    def test_each_positive_slice_has_its_reason_as_in_other_forms(self):
        for number in self.report.positive_slices:
            self.assertIn(self.report.reasons[number - 1], self.text())

    def test_thresholds_of_both_networks_and_the_rule_stand_beside_the_slices(self):
        thresholds = ", ".join(f"{card.role} {card.threshold:.3f}" for card in self.report.cards)
        for report in (self.report, a_report("axial", positive=False)):
            text = self.text(document(report))
            self.assertIn(f"A network says yes from its threshold on: {thresholds}. {FUSION}", text)

    def test_finding_tells_where_it_is_and_how_it_takes_up_contrast(self):
        finding = self.report.findings[0]
        self.assertIn(f"Finding 1: slices 5 to 9, best {finding.best_slice}", self.text())
        self.assertIn(f"Extent along the stack: {finding.extent:g} mm", self.text())
        self.assertIn(f"initial rise {finding.peak.initial_rise:.0f} %", self.text())

    def test_findings_that_share_slices_are_told_apart(self):
        left = replace(self.report.findings[0], breast="left")
        right = replace(left, number=2, first_slice=6, breast="right")
        text = self.text(document(replace(self.report, findings=[left, right])))
        for told in (
            "Finding 1: slices 5 to 9",
            "left breast alone: row",
            "Finding 2: slices 6 to 9",
            "right breast alone: row",
        ):
            self.assertIn(told, text)

    def test_warnings_of_exam_and_finding_are_there(self):
        finding = replace(self.report.findings[0], warnings=("the heat lies in the air",))
        text = self.text(document(replace(self.report, findings=[finding])))
        self.assertIn("Warning: the heat lies in the air.", text)
        self.assertIn("the files belong to 2 DICOM series", text)

    def test_networks_have_name_hash_and_figures(self):
        for card in self.report.cards:
            self.assertIn(card.name, self.text())
            self.assertIn(card.weights_sha256[:16], self.text())
        self.assertIn("slice sensitivity", self.text())

    def test_networks_whose_cards_are_gone_are_named(self):
        text = self.text(document(replace(self.report, cards=[])))
        self.assertIn(self.report.networks[1]["name"], text)
        self.assertNotIn("never seen", text)

    def test_finding_without_heat_in_an_exam_without_times_is_told(self):
        finding = replace(self.report.findings[0], peak=None)
        report = with_description(replace(self.report, findings=[finding]), seconds=None)
        text = self.text(document(report))
        self.assertIn("so there is no place to tell", text)
        self.assertIn("whose times headers do not tell", text)

    def test_equal_reports_make_equal_bytes(self):
        self.assertEqual(document(a_report("axial")), self.file)

    def test_data_about_the_file_name_the_product_and_no_patient(self):
        told = PdfReader(io.BytesIO(self.file)).metadata
        self.assertEqual((told.author, told["/CreationDate"]), ("BreastWise", "D:20260304050607+00'00'"))
        self.assertIn("BreastWise", told.title)
        self.assertNotIn("Phantom", repr(told))


class TableTests(SimpleTestCase):
    def test_things_are_read_down_the_columns(self):
        self.assertEqual(downwards([1, 2, 3, 4, 5, 6, 7, 8], 5), [[1, 3, 5, 7], [2, 4, 6, 8]])
        self.assertEqual(downwards([1, 2, 3, 4, 5], 2), [[1, 4], [2, 5], [3]])
        self.assertEqual(downwards([1, 2], 5), [[1, 2]])


class LongTests(SimpleTestCase):
    def test_sixty_positive_slices_stay_on_two_pages_each_with_its_reason(self):
        report = replace(long_report(list(range(41, 101))), warnings=())
        alone = {41: (0, 1), 99: (1, 0), 100: (0, 1)}
        slices = [
            replace(each, single_decision=alone[each.number][0], scantype_decision=alone[each.number][1])
            if each.number in alone
            else each
            for each in report.slices
        ]
        report = replace(report, slices=slices)
        pages = pdf_pages(document(report))
        text = " ".join(" ".join(pages).split())
        self.assertLessEqual(len(pages), 2)
        self.assertIn("Both networks say yes: 42 to 98. The scantype network alone says yes,", text)
        self.assertIn("and both do directly beside it: 41, 100. The single network alone says yes,", text)
        self.assertIn("Each slice's own reason is in the study's JSON and CSV.", text)
        self.assertEqual(pdf_slices(document(report)), printed(report))

    def test_many_findings_and_warnings_are_counted_and_stay_within_pages(self):
        positive = [number for number in range(1, SLICES) if number % 5 in (1, 2)]
        pages = pdf_pages(document(long_report(positive)))
        text = " ".join(" ".join(pages).split())
        self.assertLessEqual(len(pages), 3)
        self.assertEqual(text.count("Finding "), MOST_SHOWN + MOST_NAMED)
        self.assertIn(f"{32 - MOST_SHOWN - MOST_NAMED} more findings", text)
        self.assertIn(f"{40 - MOST_WARNINGS} more warnings", text)

    def test_surest_findings_are_shown_in_full(self):
        text = " ".join(pdf_pages(document(long_report([3, 20, 40, 60, 80]))))
        self.assertEqual(text.count("Warning: the place"), MOST_SHOWN)
        self.assertLess(text.index("Finding 3:"), text.index("Finding 4:"))
        self.assertLess(text.index("Finding 4:"), text.index("Finding 5:"))
        self.assertLess(text.index("Finding 5:"), text.index("Finding 1:"))


class ScriptTests(SimpleTestCase):
    def text(self, *values: str) -> str:
        """The first page of a document whose header holds ``values``."""
        keywords = ("PatientName", "PatientID", "StudyDescription", "AccessionNumber", "ContrastBolusAgent", "EchoTime")
        header = dict(zip(keywords, values, strict=False))
        pages = pdf_pages(document(with_header(a_report("axial"), **header)))
        self.assertLessEqual(len(pages), 2)
        return " ".join(pages[0].split())

    def test_scripts_and_markup_can_be_read(self):
        values = ("山田^太郎", "Иванова Анна", "כהן דוד", "<b>Doe & Co", "&amp; </font>")
        text = self.text(*values)
        for value in values:
            self.assertIn(value.replace("^", " "), text)
        self.assertNotIn(UNKNOWN, text)

    def test_every_font_is_embedded(self):
        report = with_header(a_report("axial"), PatientName="山田^太郎", PatientID="ليلى", StudyDescription="ใจดี")
        fonts = {
            font.get_object()["/BaseFont"]: font.get_object()["/FontDescriptor"]
            for page in PdfReader(io.BytesIO(document(report))).pages
            for font in page["/Resources"]["/Font"].values()
        }
        self.assertEqual(len(fonts), 5)
        for name, described in fonts.items():
            self.assertIn("/FontFile2", described, name)

    def test_name_without_a_font_gives_way_to_the_id_and_says_so(self):
        text = self.text("देव^राज", "ID-7")
        self.assertIn("the name cannot be printed here; see the patient ID", text)
        self.assertIn("ID-7", text)
        self.assertNotIn(UNKNOWN, text)

    def test_any_character_makes_a_document(self):
        self.assertIn(f"{UNKNOWN} cannot be printed here", self.text("Doe", "\ud800", "😀 \x07\n", "ܐ ༀ", "\ue000"))

    def test_long_values_are_cut_short(self):
        self.assertIn("x…", self.text(*["word " * 800, "x" * 4000] * 3))
