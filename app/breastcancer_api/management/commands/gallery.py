"""``manage.py gallery``: docs/phantom.md and its picture, made from the code that makes the phantoms."""

from pathlib import Path

from django.core.management.base import BaseCommand

from phantom.describing import ranges_table
from phantom.exam import drawn_exam
from phantom.gallery import png
from phantom.statistics import table

PICTURE = "phantom.png"
# An irregular, a spiculated, a rim-enhancing, a non-mass and a multifocal tumour, and an exam without.
SHOWN = (26, 2, 59, 22, 29, 3)
HEAD = """# The phantoms

Made by `python manage.py gallery`. Every phantom follows from one seed. Its body is a function of patient coordinates,
so one exam can be cut in any matrix. Its signal follows from physics (`app/phantom/physics.py`): T1, spoiled gradient
echo, relaxivity, the population's arterial input (Parker et al., Magn Reson Med 2006;56:993) and the extended Tofts
model (Tofts et al., J Magn Reson Imaging 1999;10:223).

    python manage.py phantom --seed 7                          # series.zip and series.truth.json, 256 x 256, 48 slices
    python manage.py phantom --seed 7 --drawn                  # everything drawn, as for training and evaluation
    python manage.py phantom --seed 7 --tree DIR --exams 3     # like a download of Duke-Breast-Cancer-MRI
    python manage.py gallery --out ../docs                     # this page

Truth: slices from 1 at the feet, boxes like Duke's (1-based, both ends inclusive), each lesion with kind, size,
kinetics and slices, and what is not tumour. A slice holds tumour when its cut through it, spicules included, is at
least 6 square millimetres. One that shows less of it but more than 1, partial volume included, is unclear: it is
neither positive nor negative, and sets leave it out as they do the ends of a Duke tumour. In the tree every patient has
one tumour and her box holds all its foci; file names, series and headers follow two vendors.

`--drawn` and prepared sets take a matrix of 144 to 256, which renders fast; with `--whole` the scanner's 320 to 512. An
exam has 24 to 36 slices some 3 to 6 mm apart; scanners store more of them, closer together. Networks see a slice at a
time in 128 x 128 and do not notice; the rule that looks at neighbours does, so figures of the fused answer are of exams
with few slices.

![Six exams: before contrast, three passes](phantom.png)

One exam a row, before contrast and the three passes; tumours are outlined in the last. Each row has one scale.

## Brightness beside a real exam

Middle slice of the tumour of each exam with tumour among seeds 1 to {exams}, small matrix, in scanner units (stored
values over the exam's gain). The real figures are those of one exam (Saha et al., Duke-Breast-Cancer-MRI, TCIA 2021,
doi 10.7937/TCIA.e3sv-re93); the ranges are wide on purpose, and that exam should lie inside them. What is shown of the
phantoms is the median and the 5th to the 95th percentile; the real exam has slices in which the 99.9th percentile comes
closer to the maximum.

{statistics}

## Ranges

Drawn uniformly; where "most draws" is given, 80 % are drawn from there, the others from the whole range. Made from
`app/phantom/ranges.py`.

{ranges}
"""


class Command(BaseCommand):
    help = "Write phantom.md and phantom.png: pictures, brightness beside a real exam, every range."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--out", type=Path, default=Path("../docs"), help="folder")
        parser.add_argument("--exams", type=int, default=150, help="seeds 1 to this one are measured")

    def handle(self, **options):
        out, exams = options["out"], options["exams"]
        statistics = table(drawn_exam(seed) for seed in range(1, exams + 1))
        (out / "phantom.md").write_text(HEAD.format(exams=exams, statistics=statistics, ranges=ranges_table()))
        (out / PICTURE).write_bytes(png(drawn_exam(seed) for seed in SHOWN))
        self.stdout.write(f"{out / 'phantom.md'}, {out / PICTURE}")
