from dataclasses import replace

from django.test import SimpleTestCase

from nets.bundle import Card
from reports import sentences
from reports.tests.reports import BUNDLES, UNPLACED, a_report, with_description, with_header
from reports.words import NEVER, RESEARCH, SYNTHETIC, about_heat, banner
from training.cards import EVALUATION


class RangesTests(SimpleTestCase):
    def test_runs_are_told_by_their_ends(self):
        self.assertEqual(sentences.ranges([3, 6, 7, 8, 9, 12, 13]), "3, 6 to 9, 12 to 13")
        self.assertEqual(sentences.ranges([5]), "5")
        self.assertEqual(sentences.ranges([]), "")


class IdentityTests(SimpleTestCase):
    def test_name_has_the_family_first_and_each_way_of_writing_once(self):
        self.assertEqual(sentences.person("Doe^Jane^^Dr"), "Doe, Jane, Dr")
        self.assertEqual(
            sentences.person("Yamada^Tarou=山田^太郎=やまだ^たろう"), "Yamada, Tarou / 山田 太郎 / やまだ たろう"
        )
        self.assertEqual(sentences.person("كمال^ليلى"), "كمال, ليلى")
        self.assertEqual(sentences.person(""), "")

    def test_way_of_writing_a_name_that_has_no_font_is_left_out_and_it_says_so(self):
        self.assertEqual(
            sentences.person("Yoshida^Jun=𠮷田^純"), "Yoshida, Jun (another way of writing it cannot be printed here)"
        )
        self.assertEqual(sentences.person("देव^राज"), "the name cannot be printed here; see the patient ID")

    def test_value_that_has_no_font_says_so(self):
        self.assertEqual(sentences.legible("Studie 1"), "Studie 1")
        self.assertEqual(sentences.legible("𠮷 1"), "𠮷 1 (\ufffd cannot be printed here)")

    def test_dates_are_told_as_iso_does(self):
        self.assertEqual(sentences.day("20200131"), "2020-01-31")
        self.assertEqual(sentences.day("2020"), "2020")

    def test_what_the_header_is_silent_about_is_not_told(self):
        told = dict(sentences.identity(with_description(a_report(), header={})))
        self.assertEqual({told[name] for name in told if name != "Analysed"}, {"not told"})


class TechniqueTests(SimpleTestCase):
    def test_scanner_passes_and_geometry(self):
        told = sentences.technique(a_report("axial").exam.description)
        self.assertIn("SIEMENS BreastWise phantom,", told)
        self.assertRegex(told, r"[13]\.?5? T, [\d.]+ ms TR, [\d.]+ ms TE, \d+ degrees flip angle\.")
        self.assertRegex(
            told, r"Before contrast and 3 passes, which begin \d+, \d+, \d+ s after the one before contrast\."
        )
        self.assertIn("Axial: 14 slices of 128 x 144 pixels, pixels of 2.66 x 2.66 mm, 5 mm from slice to slice", told)
        self.assertIn("The headers name no contrast agent.", told)

    def test_agent_is_named_where_the_header_does(self):
        exam = with_header(a_report(), ContrastBolusAgent="Gadovist").exam.description
        self.assertIn("Contrast agent: Gadovist.", sentences.technique(exam))

    def test_one_slice_is_one(self):
        report = a_report("axial")
        stack = replace(report.exam.stack, image_positions=report.exam.stack.image_positions[:1])
        told = sentences.technique(with_description(report, stack=stack).exam.description)
        self.assertIn("Axial: 1 slice of 128 x 144 pixels", told)

    def test_silent_headers_are_no_error(self):
        silent = with_description(a_report(UNPLACED), header={}, seconds=None).exam.description
        told = sentences.technique(silent)
        self.assertIn("whose times headers do not tell", told)
        self.assertIn("14 slices of 128 x 144 pixels.", told)


class FindingTests(SimpleTestCase):
    def setUp(self):
        self.report = a_report("axial")
        self.finding = self.report.findings[0]

    def peak(self, **changes):
        return replace(self.finding.peak, **changes)

    def test_title_names_slices_and_side(self):
        finding = replace(
            self.finding, number=2, first_slice=3, last_slice=5, best_slice=4, peak=self.peak(side="left")
        )
        self.assertEqual(sentences.title(finding), "Finding 2: slices 3 to 5, best 4; left side")
        finding = replace(finding, last_slice=3, peak=self.peak(side=None))
        self.assertEqual(sentences.title(finding), "Finding 2: slice 3")

    def test_place_is_told_by_the_patients_sides(self):
        peak = self.peak(row=3, column=4, patient_position=(-4.0, 5.5, -6.0))
        finding = replace(self.finding, best_slice=7, peak=peak)
        told = "Most heat in slice 7: row 3, column 4, counted from 0; 4.0 mm to the right, 5.5 mm to the back, 6.0 mm "
        self.assertEqual(sentences.place(finding), told + "to the feet of the scanner's origin.")
        told = sentences.place(replace(finding, breast="left"))
        self.assertTrue(told.startswith("Most heat in slice 7, left breast alone: row 3, column 4, counted from 0;"))

    def test_unknown_place_has_no_side(self):
        finding = replace(self.finding, peak=self.peak(patient_position=None, side=None))
        self.assertIn("so the side is not known", sentences.place(finding))

    def test_finding_without_heat_has_no_place(self):
        finding = replace(self.finding, peak=None)
        self.assertEqual(sentences.about(finding, self.report)[-1], sentences.NO_HEAT)
        self.assertTrue(sentences.title(finding).endswith(f"best {finding.best_slice}"))

    def test_initial_rise_has_the_words_of_bi_rads(self):
        for rise, word in ((49.9, "slow"), (50.0, "medium"), (100.0, "medium"), (100.1, "fast")):
            told = sentences.kinetics(self.peak(curve_row=3, curve_column=4, initial_rise=rise, curve_type="plateau"))
            self.assertIn("the most suspicious curve there (row 3, column 4): initial rise", told)
            self.assertIn(f"({word}), then plateau.", told)
        told = sentences.kinetics(self.peak(initial_rise=12.4, curve_type="not enhancing"))
        self.assertEqual(told, "Kinetics there: initial rise 12 %, not enhancing.")
        self.assertEqual(sentences.kinetics(self.peak(initial_rise=None)), "Kinetics there: too dark to tell.")

    def test_answer_counts_and_names_slices(self):
        self.assertEqual(sentences.answer(self.report), "5 of 14 slices are positive: 5 to 9.")
        none = a_report("axial", positive=False)
        one = replace(self.report, slices=[replace(each, fused=each.number == 7) for each in self.report.slices])
        self.assertEqual(sentences.answer(one), "1 of 14 slices is positive: 7.")
        self.assertEqual(sentences.answer(replace(one, slices=one.slices[6:7])), "1 of 1 slice is positive: 7.")
        self.assertEqual(sentences.answer(replace(none, slices=none.slices[:1])), "No slice is positive (1 was read).")
        self.assertEqual(sentences.answer(none), "No slice is positive (14 were read).")


class NetworksTests(SimpleTestCase):
    shipped = Card.from_json((BUNDLES / "scantype" / "card.json").read_text())

    def test_figures_have_their_intervals(self):
        found = {"sensitivity": {"value": 0.8174, "interval_95": [0.7696, 0.8554]}, "specificity": {"value": 1.0}}
        self.assertEqual(
            sentences.figures(found), {"slice sensitivity": "0.82 (0.77 to 0.86)", "slice specificity": "1.00"}
        )

    def test_figures_are_read_from_where_the_evaluation_puts_them(self):
        self.assertEqual(sentences.EVALUATION, EVALUATION)
        self.assertEqual(len(sentences.figures(sentences.evaluation(self.shipped))), len(sentences.FIGURES))
        self.assertIn("synthetic exams", sentences.measured_on(self.shipped))

    def test_exams_are_counted(self):
        counts = {"counts": {"exams_judged": 1}, "data": {}}
        card = replace(self.shipped, figures={EVALUATION: counts})
        self.assertEqual(sentences.measured_on(card), "Measured on 1 exam")

    def test_card_without_figures_says_so(self):
        self.assertEqual(sentences.measured_on(replace(self.shipped, figures={})), "Its card tells no figures.")

    def test_banner_says_of_the_shipped_networks_that_they_have_never_seen_a_patient(self):
        self.assertEqual(banner([self.shipped, self.shipped]), f"{RESEARCH} {SYNTHETIC}")

    def test_banner_claims_nothing_of_networks_that_are_not_known(self):
        known = replace(self.shipped, intended_use="Anything.")
        for cards in ([], [self.shipped], [self.shipped, known]):
            self.assertNotIn(NEVER, banner(cards))
            self.assertIn(RESEARCH, banner(cards))

    def test_heat_of_the_single_network_is_no_guide_to_a_place(self):
        self.assertTrue(about_heat("single").endswith("no guide to where a tumour lies."))
        self.assertNotIn("no guide", about_heat("scantype"))
