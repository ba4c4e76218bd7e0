"""Whatever the headers say, an upload is refused or its passes are the true ones, slice for slice, in spatial order.

The other two modules make the exams: ``header_exams`` ordinary ones, which must all be taken, and
``header_corruptions`` ones whose headers were changed so that a perfect reader could notice. What nobody could notice,
as a wrong time where that is the only clue to the order, is not tried (``Upload.noticeable`` lists it).

``HEADER_EXAMPLES`` says how many exams are tried, ``HEADER_SEED`` the number of the first: to try one exam again, set
the seed that is told and 1. ``make fuzz`` tries 3,000, and prints how many were taken.
"""

import os
import random
from collections import Counter
from dataclasses import replace

from django.test import SimpleTestCase

from imaging.errors import ScanError
from imaging.exam import Exam
from imaging.reading import found_exam
from imaging.slice_file import SliceFile
from imaging.tests.header_corruptions import Upload, corrupted, number, phase
from imaging.tests.header_exams import exam, layout

EXAMPLES, SEED = int(os.environ.get("HEADER_EXAMPLES", "150")), int(os.environ.get("HEADER_SEED", "0"))
SEEDS = range(SEED, SEED + EXAMPLES)
RIGHT, WRONG = "accepted", "accepted and wrong"


def ordinary(seed: int) -> Upload:
    rng = random.Random(seed)
    how = layout(rng)
    return Upload(how, exam(how, rng))


def odd(seed: int) -> Upload:
    upload = ordinary(seed)
    return corrupted(upload.how, upload.slices, random.Random(-seed - 1))


def answer(slices: list[SliceFile]) -> str:
    try:
        found, _ = found_exam(slices, {})
    except ScanError as error:
        return error.code
    return RIGHT if is_true(found) else WRONG


def is_true(found: Exam) -> bool:
    """Pre and the passes are the phases a, b, c and d, and slice i is the same of each, along the normal."""
    series = (found.pre, *found.passes)
    numbers = [[number(each) for each in one.slices] for one in series]
    pure = all({phase(each) for each in one.slices} == {name} for one, name in zip(series, "abcd", strict=True))
    rising = sorted(set(numbers[0]))
    return pure and numbers[0] in (rising, rising[::-1]) and all(each == numbers[0] for each in numbers)


class CorruptedHeaderTests(SimpleTestCase):
    def test_ordinary_exam_in_any_layout_is_taken_with_its_true_passes(self):
        answers = Counter()
        for seed in SEEDS:
            upload = ordinary(seed)
            answers[found := answer(upload.slices)] += 1
            self.assertEqual(found, RIGHT, f"HEADER_SEED={seed} HEADER_EXAMPLES=1: {upload.how}")
        self.tell("ordinary exams", answers)

    def test_corrupted_exam_is_refused_or_its_passes_are_true(self):
        answers = Counter()
        for seed in SEEDS:
            upload = odd(seed)
            answers[found := answer(upload.slices)] += 1
            with self.subTest(f"HEADER_SEED={seed} HEADER_EXAMPLES=1", done=upload.done, how=upload.how):
                self.assertNotEqual(found, WRONG)
        self.tell("corrupted exams", answers)

    def test_oracle_sees_exchanged_passes_and_slices(self):
        rng = random.Random(1)
        found, _ = found_exam(exam(layout(rng), rng), {})
        second, third = found.passes[1:]
        turned = replace(second, slices=second.slices[::-1])
        mixed = replace(second, slices=(third.slices[0], *second.slices[1:]))
        self.assertTrue(is_true(found))
        for passes in ((third, second), (turned, third), (mixed, third)):
            self.assertFalse(is_true(replace(found, passes=(found.passes[0], *passes))))

    def tell(self, what: str, answers: Counter) -> None:
        if "HEADER_EXAMPLES" in os.environ:
            print(f"\n{answers.total()} {what}:", ", ".join(f"{name} {count}" for name, count in answers.most_common()))
