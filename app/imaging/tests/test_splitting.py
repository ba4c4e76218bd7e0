from dataclasses import replace

from django.test import SimpleTestCase

from imaging.phases import Phase, read_phases
from imaging.tests.exam_slices import changed, dynamic, one_series, stack, without

PARTED = (
    "holds 4 slices at each place, and its times part them in different ways; "
    "with each phase in a series or a folder of its own it can be read"
)
NO_TIME = (
    "holds 4 slices at each place, and no time tells them apart; "
    "with each phase in a series or a folder of its own it can be read"
)


def parts(phases: list[Phase]) -> list[set[str]]:
    """First letter of the files of each phase: the phase from which a slice of ``one_series`` came."""
    return [{each.name.rsplit("/", 1)[-1][0] for each in phase.slices} for phase in phases]


class SplitTests(SimpleTestCase):
    CLEAN = ({"a"}, {"b"}, {"c"}, {"d"})

    def timed(self, **values) -> list:
        """One series of four phases; ``values``: four of a field, one a phase."""
        slices = dynamic(acquired=None)
        for k, folder in enumerate("abcd"):
            slices = changed(slices, folder, **{field: each[k] for field, each in values.items()})
        return one_series(slices)

    def unsplit(self, slices: list) -> str:
        (phase,) = read_phases(slices)
        return phase.unsplit

    def test_each_kind_of_time_splits_a_series(self):
        for field in ("temporal_position", "trigger_time", "acquired", "content"):
            phases = read_phases(self.timed(**{field: (1, 95, 190, 285)}))
            self.assertEqual(tuple(parts(phases)), self.CLEAN, field)
            self.assertEqual([(each.number, each.of, len(each)) for each in phases], [(k, 4, 4) for k in (1, 2, 3, 4)])

    def test_slices_that_are_acquired_one_after_the_other_are_split_by_rank(self):
        slices = [
            replace(each, acquired=each.acquired + 20 * each.image_position[2] / 2) for each in one_series(dynamic())
        ]
        self.assertEqual(tuple(parts(read_phases(slices))), self.CLEAN)

    def test_phases_that_interleave_in_time_are_not_split(self):
        slices = [replace(each, acquired=each.acquired + 50 * each.image_position[2]) for each in one_series(dynamic())]
        self.assertEqual(self.unsplit(slices), NO_TIME)

    def test_places_that_lack_different_phases_are_not_split_by_rank(self):
        slices = one_series(dynamic(5))
        missing = ["all/b001.dcm", "all/c002.dcm", "all/c003.dcm", "all/c004.dcm"]
        self.assertEqual(self.unsplit(without(slices, *missing)), NO_TIME)

    def test_times_that_part_the_slices_differently_refuse(self):
        slices = self.timed(temporal_position=(1, 2, 3, 4), acquired=(0, 90, 180, 270))
        swap = {"all/b002.dcm": 3, "all/c002.dcm": 2}
        slices = [replace(each, temporal_position=swap.get(each.name, each.temporal_position)) for each in slices]
        self.assertEqual(self.unsplit(slices), PARTED)

    def test_content_times_that_part_the_slices_differently_refuse(self):
        slices = self.timed(trigger_time=(0, 90, 180, 270), content=(0.0, 90.0, 180.0, 270.0))
        swap = {"all/b002.dcm": 180, "all/c002.dcm": 90}
        slices = [replace(each, trigger_time=swap.get(each.name, each.trigger_time)) for each in slices]
        self.assertEqual(self.unsplit(slices), PARTED)

    def test_a_lost_slice_refuses_the_series(self):
        slices = without(one_series(dynamic()), "all/b003.dcm")
        told = "holds 4 slices at 3 of 4 places, but 3 at 6.0 mm (all/a003.dcm, all/c003.dcm, all/d003.dcm)"
        self.assertEqual(self.unsplit(slices), told)

    def test_files_too_many_are_named_and_counted(self):
        slices = one_series(dynamic())
        extra = [replace(each, name=f"{each.name}-copy") for each in slices if each.name.endswith("a002.dcm")]
        told = "5 at 4.0 mm (all/a002.dcm, all/a002.dcm-copy, all/b002.dcm, all/c002.dcm)"
        self.assertEqual(self.unsplit(slices + extra), f"holds 4 slices at 3 of 4 places, but {told}")

    def test_one_time_for_all_leaves_the_folders(self):
        slices = dynamic(series_instance_uid="1.5", acquired=1.0)
        self.assertEqual([each.first.name for each in read_phases(slices)], [f"{k}/001.dcm" for k in "abcd"])
        self.assertEqual(self.unsplit(one_series(slices)), NO_TIME)

    def test_two_stacks_at_one_height_are_not_at_one_place(self):
        left = stack("left", series_instance_uid="1.5")
        right = [replace(each, name=f"r{each.name}", image_position=(90.0, *each.image_position[1:])) for each in left]
        self.assertEqual([len(each) for each in read_phases(left + right)], [8])

    def test_copies_with_content_times_of_their_own_are_not_split_into_phases(self):
        slices = [replace(each, content=each.acquired) for each in one_series(dynamic())]
        copies = [replace(each, name=each.name.replace("all/", "all/x"), content=each.content + 500) for each in slices]
        self.assertEqual(self.unsplit(slices + copies), NO_TIME.replace("4", "8"))
