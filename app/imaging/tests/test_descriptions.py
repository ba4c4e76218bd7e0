from dataclasses import replace

from django.test import SimpleTestCase

from imaging.descriptions import Told, derived, no_pass, told
from imaging.tests.exam_slices import EMPTY


class ToldTests(SimpleTestCase):
    def test_pre_contrast(self):
        for text in ("ax dyn pre", "AX_DYN_PRE", "t1 precontrast", "2.000000-ax dyn pre-71935"):
            self.assertEqual(told(text), Told(pass_number=0), text)

    def test_numbered_passes(self):
        for text, number in (
            ("ax dyn 1st pass", 1),
            ("ax dyn 1st pas", 1),
            ("2nd_pass", 2),
            ("post_1", 1),
            ("pass 2", 2),
            ("t1 fs post contrast 3", 3),
            ("ax dyn third pass", 3),
        ):
            self.assertEqual(told(text), Told(pass_number=number, after_contrast=True), text)

    def test_numbered_phases_do_not_say_whether_the_first_is_before_contrast(self):
        for text, number in (("Ph1/ax 3d dyn", 1), ("Ph2ax 3d dyn", 2), ("dyn 3", 3), ("phase 12", 12), ("dyn_4", 4)):
            self.assertEqual(told(text), Told(ordinal=number), text)

    def test_after_contrast_without_a_number(self):
        for text in ("t1 fs post", "ax t1 post gd", "post 5 min"):
            self.assertEqual(told(text), Told(after_contrast=True), text)

    def test_before_and_after_in_one_description_say_nothing(self):
        self.assertEqual(told("dyn pre + post"), Told())

    def test_numbers_that_are_no_phases_say_nothing(self):
        for text in ("ax 3d dyn", "dyn 1.5mm", "ax dyn-12345", "ax dynamic", "Ax Vibrant MultiPhase", "dyn 60s"):
            self.assertEqual(told(text), Told(), text)


class NoPassTests(SimpleTestCase):
    def reason(self, saturated=True, **tags) -> str:
        return no_pass([replace(EMPTY, **tags)], saturated)

    def test_descriptions_of_what_is_no_pass(self):
        for text, reason in (
            ("SUB 1-0", "a subtraction"),
            ("sub", "a subtraction"),
            ("Sub1 mip", "a subtraction"),
            ("mip", "a projection or reformation"),
            ("ax t2 fs", "T2 or STIR"),
            ("t2_tse_tra", "T2 or STIR"),
            ("STIR cor", "T2 or STIR"),
            ("ep2d_diff_b50", "diffusion"),
            ("ax dwi", "diffusion"),
            ("3 plane loc", "a localizer"),
            ("t1 nfs", "without fat saturation"),
            ("ax t1 non fat sat", "without fat saturation"),
            ("t1 no fs", "without fat saturation"),
            ("tumour seg", "a segmentation"),
        ):
            self.assertEqual(self.reason(series_description=text), reason, text)

    def test_descriptions_of_dynamic_series(self):
        for text in ("ax dyn pre", "t1_fl3d_tra_dyna_fs", "Ax Vibrant MultiPhase", "Ph1/ax 3d dyn", "subtle dyn", ""):
            self.assertEqual(self.reason(series_description=text), "", text)

    def test_plain_t1_without_a_word_of_fat_saturation(self):
        told = "T1 without a word of fat saturation"
        self.assertEqual(self.reason(series_description="ax t1", scan_options=()), told)
        self.assertEqual(self.reason(series_description="ax t1", scan_options=("PFP", "FS")), "")
        self.assertEqual(self.reason(series_description="ax t1 fs", scan_options=()), "")
        self.assertEqual(self.reason(series_description="t1 dyn", scan_options=(), saturated=False), "")

    def test_scan_options_without_fat_saturation_count_when_another_series_has_it(self):
        told = "ScanOptions name no fat saturation, those of other series do"
        self.assertEqual(self.reason(scan_options=("PFP",)), told)
        self.assertEqual(self.reason(scan_options=("PFP",), saturated=False), "")

    def test_water_part_of_a_dixon_scan_counts_as_fat_saturated(self):
        self.assertEqual(self.reason(scan_options=(), image_type=("ORIGINAL", "PRIMARY", "M", "WATER")), "")

    def test_echo_times_over_10_ms_are_no_dynamic_series(self):
        told = "EchoTime 85 ms, too long for a dynamic T1 series"
        self.assertEqual(self.reason(echo_time=85.0), told)
        self.assertEqual(self.reason(echo_time=9.9), "")


class DerivedTests(SimpleTestCase):
    def reason(self, *image_type: str) -> str:
        return derived(replace(EMPTY, image_type=image_type))

    def test_kinds_by_image_type(self):
        for value, reason in (
            ("SUBTRACTION", "a subtraction"),
            ("SUBTRACT", "a subtraction"),
            ("MIP", "a projection or reformation"),
            ("PROJECTION IMAGE", "a projection or reformation"),
            ("MPR", "a projection or reformation"),
            ("ADC", "a computed map"),
            ("P", "no magnitude image"),
            ("LOCALIZER", "a localizer"),
        ):
            self.assertEqual(self.reason("DERIVED", "PRIMARY", value), reason)

    def test_images_of_a_pass(self):
        self.assertEqual(self.reason("ORIGINAL", "PRIMARY", "M", "ND"), "")
        self.assertEqual(self.reason("DERIVED", "PRIMARY", "OTHER"), "")
        self.assertEqual(self.reason(), "")
