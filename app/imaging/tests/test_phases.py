from dataclasses import replace

from django.test import SimpleTestCase

from imaging.phases import Phase, read_phases, same_geometry
from imaging.tests.exam_slices import dynamic, one_series, stack


class SeriesTests(SimpleTestCase):
    def test_without_series_uids_folders_and_descriptions_are_series(self):
        slices = stack("a") + stack("b") + stack("b", series_description="other")
        self.assertEqual(len(read_phases(slices)), 3)

    def test_subtractions_inside_a_series_are_taken_out_first(self):
        sub = one_series(stack("s", image_type=("DERIVED", "PRIMARY", "SUBTRACTION"), acquired=1000.0))
        phases = read_phases(one_series(dynamic()) + sub)
        self.assertEqual([each.aside for each in phases], ["", "", "", "", "a subtraction"])

    def test_fat_saturation_of_a_t2_series_says_nothing_about_the_dynamic_one(self):
        slices = dynamic(scan_options=("PFP",)) + stack("t", series_description="ax t2 fs")
        self.assertEqual([each.aside for each in read_phases(slices)], ["", "", "", "", "T2 or STIR"])

    def test_fewer_than_3_slices_are_no_stack(self):
        self.assertEqual(read_phases(stack("a", 2))[0].aside, "fewer than 3 slices")
        self.assertEqual(read_phases(stack("a", 3))[0].aside, "")

    def test_slices_turned_against_each_other_are_no_phase(self):
        slices = stack("a") + stack("a", 1, image_orientation=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0), name="a/9")
        self.assertEqual(read_phases(slices)[0].aside, "slices of different size or direction")

    def test_slices_without_positions_are_no_phase(self):
        self.assertEqual(read_phases(stack("a", image_position=None))[0].aside, "slices do not say where they lie")

    def test_plain_t1_of_several_phases_is_dynamic(self):
        slices = one_series(dynamic(scan_options=()), series_description="ax t1")
        self.assertEqual([each.aside for each in read_phases(slices)], ["", "", "", ""])

    def test_label_tells_series_phase_and_folder(self):
        label = read_phases(one_series(dynamic()))[1].label
        self.assertEqual(label, "series 5 'dyn', phase 2 of 4, folder all")
        self.assertEqual(read_phases(stack("x/a"))[0].label, "series, folder x/a")

    def test_slice_that_names_another_series_is_not_of_this_one(self):
        slices = one_series(stack("a"))
        for tags in ({"series_number": 6}, {"series_description": "ax t2"}):
            phases = read_phases([replace(slices[0], **tags), *slices[1:]])
            self.assertEqual([len(each) for each in phases], [1, 3])


class GeometryTests(SimpleTestCase):
    def same(self, **tags) -> bool:
        one, other = (read_phases(each)[0] for each in (stack("a"), stack("b", **tags)))
        return same_geometry(one, other)

    def test_positions_may_differ_by_a_tenth_of_the_spacing(self):
        moved = [replace(each, image_position=(0.0, 0.19, each.image_position[2])) for each in stack("b")]
        self.assertTrue(same_geometry(Phase(tuple(stack("a"))), Phase(tuple(moved))))
        moved = [replace(each, image_position=(0.0, 0.21, each.image_position[2])) for each in stack("b")]
        self.assertFalse(same_geometry(Phase(tuple(stack("a"))), Phase(tuple(moved))))

    def test_what_else_must_be_the_same(self):
        self.assertTrue(self.same())
        self.assertFalse(self.same(count=5))
        self.assertFalse(self.same(pixel_spacing=(0.9, 0.9)))
        self.assertFalse(self.same(frame_of_reference_uid="1.10"))
        self.assertFalse(self.same(image_orientation=(-1.0, 0.0, 0.0, 0.0, -1.0, 0.0)))
