import functools
from dataclasses import replace

import highdicom
import numpy as np
from django.test import SimpleTestCase

from reports.codes import SCHEME
from reports.errors import NoInstanceUids
from reports.identity import written
from reports.structured_report import check_structured_report, structured_report
from reports.tests.dicom import children, code, descendants, name, number, of_frames, read
from reports.tests.reports import COUNT, KINDS, UNPLACED, a_report, true_position, true_slices, with_header


@functools.cache
def document(kind: str = "axial"):
    """The report of an exam, written and read."""
    return read(structured_report(a_report(kind)))


GROUP, TRACKING = ("125007", "DCM"), ("112039", "DCM")
PROBABILITY, METHOD = ("122157", "DCM"), ("370129005", "SCT")
COMMENT, REGION, SOURCE = ("121106", "DCM"), ("111030", "DCM"), ("121112", "DCM")
ALGORITHM, VERSION, PARAMETERS = ("111001", "DCM"), ("111003", "DCM"), ("111002", "DCM")
DECISIONS = {("10828004", "SCT"): 1, ("260385009", "SCT"): 0}


def own(value: str):
    return value, SCHEME


def groups(document, kind: str):
    """Measurement groups called ``kind`` and a number, by that number."""
    found = {}
    for item in descendants(document):
        if item.ValueType == "CONTAINER" and name(item) == GROUP:
            called, of = children(item, TRACKING)[0].TextValue.split()
            if called == kind:
                found[int(of)] = item
    return found


def judged(group) -> tuple[float, int, float, int, int]:
    """Both probabilities and all decisions, in the order of SliceResult."""
    by = {code(children(each, METHOD)[0].ConceptCodeSequence[0]): number(each) for each in children(group, PROBABILITY)}
    decided = [
        DECISIONS[code(children(group, own(each))[0].ConceptCodeSequence[0])]
        for each in ("says-single", "says-scantype", "says-fused")
    ]
    return by[own("net-single")], decided[0], by[own("net-scantype")], decided[1], decided[2]


def images(group) -> list[tuple[str, int | None]]:
    """Files and frames that a group was taken from."""
    references = [each.ReferencedSOPSequence[0] for each in children(group, SOURCE)]
    return [(each.ReferencedSOPInstanceUID, each.get("ReferencedFrameNumber")) for each in references]


class SliceTests(SimpleTestCase):
    def test_every_slice_comes_back_with_its_probabilities_to_the_last_digit(self):
        for kind in KINDS:
            report = a_report(kind)
            with self.subTest(kind):
                found = {each: judged(group) for each, group in groups(document(kind), "Slice").items()}
                wanted = {
                    each.number: (
                        each.single_probability,
                        each.single_decision,
                        each.scantype_probability,
                        each.scantype_decision,
                        each.fused,
                    )
                    for each in report.slices
                }
                self.assertEqual(found, wanted)
                self.assertEqual([each for each, (*_, fused) in found.items() if fused], true_slices(kind))

    def test_probability_is_also_a_decimal_string(self):
        report = a_report()
        (single, _) = children(groups(document(), "Slice")[3], PROBABILITY)
        told = float(single.MeasuredValueSequence[0].NumericValue)
        self.assertAlmostEqual(told, report.slices[2].single_probability, places=13)

    def test_reason_stands_with_its_slice(self):
        report = a_report()
        (comment,) = children(groups(document(), "Slice")[1], COMMENT)
        self.assertEqual(comment.TextValue, report.reasons[0])
        self.assertTrue(comment.TextValue.startswith("single 0.80 positive, scantype 0.00 negative; "))

    def test_slice_refers_to_its_four_images(self):
        report = a_report()
        wanted = [(each.sop_instance_uid, None) for each in report.exam.description.sources[4]]
        self.assertEqual(images(groups(document(), "Slice")[5]), wanted)

    def test_slice_of_a_file_of_many_frames_refers_to_its_frame(self):
        report = of_frames(a_report())
        found = images(groups(read(structured_report(report)), "Slice")[5])
        self.assertEqual([frame for _, frame in found], [5, 5, 5, 5])
        self.assertEqual(len({file for file, _ in found}), 4)

    def test_each_probability_names_its_network_with_the_weights(self):
        report = a_report()
        for each, network in zip(children(groups(document(), "Slice")[1], PROBABILITY), report.networks, strict=True):
            told = [children(each, about)[0].TextValue for about in (ALGORITHM, VERSION, PARAMETERS)]
            self.assertEqual(told, [network["name"], network["version"], f"weights SHA-256 {network['sha256']}"])


class FindingTests(SimpleTestCase):
    def test_every_finding_comes_back(self):
        for kind in KINDS:
            report = a_report(kind)
            found = groups(document(kind), "Finding")
            self.assertEqual(len(found), len(report.findings))
            for finding in report.findings:
                group = found[finding.number]
                with self.subTest(kind=kind, finding=finding.number):
                    told = [number_of(group, each) for each in ("first-slice", "last-slice", "best-slice")]
                    self.assertEqual(told, [finding.first_slice, finding.last_slice, finding.best_slice])
                    self.assertEqual(number(children(group, ("410668003", "SCT"))[0]), finding.extent)
                    self.assertEqual(number(children(group, own("initial-rise"))[0]), finding.peak.initial_rise)
                    self.assertEqual(number(children(group, own("heat-enhancing"))[0]), finding.agreement.enhancing)

    def test_peak_lies_in_the_patient_where_the_phantom_has_it(self):
        for kind in KINDS:
            report = a_report(kind)
            ((_, group),) = groups(document(kind), "Finding").items()
            (region,), (finding,) = children(group, REGION), report.findings
            with self.subTest(kind):
                wanted = true_position(kind, finding.best_slice, finding.peak.row, finding.peak.column)
                np.testing.assert_allclose(region.GraphicData, wanted, atol=0.06)  # told to a tenth of a millimetre
                self.assertEqual((region.ValueType, region.GraphicType), ("SCOORD3D", "POINT"))
                self.assertEqual(
                    region.ReferencedFrameOfReferenceUID, report.exam.description.header["FrameOfReferenceUID"]
                )

    def test_peak_of_an_exam_without_geometry_lies_in_its_image(self):
        report = a_report(UNPLACED)
        ((_, group),) = groups(document(UNPLACED), "Finding").items()
        (region,), (finding,) = children(group, REGION), report.findings
        self.assertEqual(region.ValueType, "SCOORD")
        self.assertEqual(region.GraphicData, [finding.peak.column + 0.5, finding.peak.row + 0.5])
        selected = region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        self.assertEqual(selected, report.exam.description.sources[finding.best_slice - 1][1].sop_instance_uid)

    def test_finding_without_heat_has_no_place_and_says_so(self):
        report = a_report()
        cold = replace(report, findings=[replace(report.findings[0], peak=None)])
        ((_, group),) = groups(read(structured_report(cold)), "Finding").items()
        self.assertEqual((children(group, REGION), number_of(group, "best-slice")), ([], 5))
        self.assertTrue(children(group, COMMENT)[0].TextValue.endswith("there is no place to tell."))

    def test_findings_that_share_slices_come_back_apart(self):
        report = a_report()
        left = replace(report.findings[0], breast="left")
        right = replace(left, number=2, breast="right", peak=replace(left.peak, side="right", row=3))
        found = groups(read(structured_report(replace(report, findings=[left, right]))), "Finding")
        told = [[number_of(found[each], name) for name in ("first-slice", "last-slice")] for each in (1, 2)]
        self.assertEqual(told, [[5, 9], [5, 9]])
        for each, breast in ((1, "left"), (2, "right")):
            place, curve = (text.TextValue for text in children(found[each], COMMENT))
            self.assertIn(f", {breast} breast alone: row", place)
            self.assertIn("the most suspicious curve there", curve)
        uids = {children(found[each], ("112040", "DCM"))[0].UID for each in (1, 2)}
        self.assertEqual(len(uids), 2)

    def test_side_is_a_laterality_of_the_breast(self):
        report = a_report()
        wanted = {"left": ("7771000", "SCT"), "right": ("24028007", "SCT")}[report.findings[0].peak.side]
        (site,) = children(groups(document(), "Finding")[1], ("363698007", "SCT"))
        self.assertEqual(code(site.ConceptCodeSequence[0]), ("76752008", "SCT"))
        self.assertEqual(code(site.ContentSequence[0].ConceptCodeSequence[0]), wanted)

    def test_curve_type_is_the_one_that_dicom_knows(self):
        report = a_report()
        wanted = {"persistent": "130597", "plateau": "130598", "wash-out": "130599"}[report.findings[0].peak.curve_type]
        (pattern,) = children(groups(document(), "Finding")[1], ("RID6058", "RADLEX"))
        self.assertEqual(code(pattern.ConceptCodeSequence[0]), (wanted, "DCM"))


def number_of(group, value: str) -> float:
    """A whole number, which has no floating point value."""
    return float(children(group, own(value))[0].MeasuredValueSequence[0].NumericValue)


class DocumentTests(SimpleTestCase):
    def test_evidence_is_every_image_once_below_its_series(self):
        report = a_report()
        (study,) = document().CurrentRequestedProcedureEvidenceSequence
        found = {
            series.SeriesInstanceUID: [each.ReferencedSOPInstanceUID for each in series.ReferencedSOPSequence]
            for series in study.ReferencedSeriesSequence
        }
        wanted = {}
        for row in report.exam.description.sources:
            for each in row:
                wanted.setdefault(each.series_instance_uid, []).append(each.sop_instance_uid)
        self.assertEqual(study.StudyInstanceUID, report.exam.description.header["StudyInstanceUID"])
        self.assertEqual((found, len(found)), (wanted, 4))

    def test_library_holds_every_image(self):
        found = document()
        (library,) = children(found, ("111028", "DCM"))
        images = [each for each in descendants(library) if each.ValueType == "IMAGE"]
        self.assertEqual(len(images), 4 * COUNT)

    def test_says_that_it_is_for_research_and_which_slices_are_positive(self):
        found = document()
        told = [each.TextValue for each in found.ContentSequence if each.ValueType == "TEXT"]
        self.assertIn("5 of 14 slices are positive: 5 to 9.", told)
        self.assertTrue(any(text.startswith("Research use only. ") for text in told))
        self.assertIn("1st_pass: the files belong to 2 DICOM series.", told)

    def test_exam_without_positive_slices_has_no_findings(self):
        found = read(structured_report(a_report(positive=False)))
        self.assertEqual((len(groups(found, "Slice")), groups(found, "Finding")), (COUNT, {}))

    def test_observer_is_the_software(self):
        found = document()
        (device,) = children(found, ("121013", "DCM"))
        self.assertEqual(device.TextValue, "BreastWise")

    def test_equal_reports_make_equal_files(self):
        self.assertEqual(written(structured_report(a_report())), written(structured_report(a_report())))

    def test_highdicom_reads_it_as_a_measurement_report(self):
        made = read(structured_report(a_report()))
        content = highdicom.sr.Comprehensive3DSR.from_dataset(made).content
        self.assertEqual(len(content.get_image_measurement_groups()), COUNT)
        self.assertEqual(len(content.get_planar_roi_measurement_groups()), 1)

    def test_exam_without_uids_has_no_report(self):
        for refused in (structured_report, check_structured_report):
            self.assertRaises(NoInstanceUids, refused, with_header(a_report(), StudyInstanceUID=""))
