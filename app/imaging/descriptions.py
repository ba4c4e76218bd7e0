"""What a series calls itself: why it is no pass of a dynamic exam, or which pass it says it is."""

import re
from dataclasses import dataclass

from imaging.slice_file import SliceFile

LONGEST_ECHO = 10.0  # ms: a dynamic T1 gradient echo stays well below, spin echoes and diffusion lie far above
FAT_SATURATED = "FS"
BARE_T1 = "T1 without a word of fat saturation"
UNSATURATED = "ScanOptions name no fat saturation, those of other series do"

# ImageType and FrameType (DICOM PS3.3 C.8.3.1.1.1, C.8.13.3.1.1) from the third value on, and what makers add.
IMAGE_TYPES = {
    "a subtraction": {"SUBTRACTION", "SUBTRACT", "SUB"},
    "a projection or reformation": {
        *("MIP", "MNIP", "MINIP", "MAX_IP", "MIN_IP", "PROJECTION IMAGE", "PROJECTION", "MPR", "REFORMATTED", "CPR"),
        *("MAXIMUM", "MINIMUM", "MEAN", "ADDITION", "DIVISION", "STD_DEVIATION"),
    },
    "a computed map": {"ADC", "DIFFUSION", "FAT_FRACTION", "T1", "T2", "T1 MAP", "T2 MAP", "R2STAR", "R2STAR MAP"},
    "no magnitude image": {"P", "PHASE MAP", "PHASE", "REAL", "IMAGINARY"},
    "the fat or in-phase part of a Dixon scan": {"FAT", "IN_PHASE", "OUT_PHASE", "OPP_PHASE"},
    "a localizer": {"LOCALIZER"},
    "a segmentation": {"SEGMENTATION"},
}
DESCRIPTIONS = {
    "a subtraction": r"\bsubs?\b|\bsub\d|\bsubtract",
    "a projection or reformation": r"\bmips?\b|\bminip\b|\bmpr\b|\bprojection",
    "a segmentation": r"\bseg\b|\bsegment",
    "a computed map": r"\badc\b|\bwash ?(in|out)\b|\bttp\b|\bkinetics?\b",
    "diffusion": r"\bdwi\b|\bdiff\b|\bdiffusion|\bep2d",
    "T2 or STIR": r"\bt2w?\b|\bt2 |\bstir\b|\btirm\b|\bhaste\b|\bflair\b",
    "a localizer": r"\bloc\b|\blocali[sz]er|\bscout\b|\bsurvey\b|\b3 ?plane\b",
    "without fat saturation": r"\bnfs\b|\bno[nt]? ?fs\b|\bno[nt]? ?fat ?(sat|supp?)|\bwithout fat|\bw ?o fs\b",
}
FAT_WORDS = r"\bfs\b|\bfat ?sat|\bspair\b|\bspir\b|\bwater\b"
DYNAMIC_WORDS = (
    r"\bdyn|\bvibrant|\bvibe|\bthrive|\bdce\b|phase|\bph ?\d|\bpas{1,2}\b|\bpre\b|\bpost|\bcontrast\b|\bgd\b"
)

ORDINALS = {"first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th"}
NO_UNIT = r"(?![\w.])(?! ?(?:min|mins|s|sec|mm)\b)"
PRE_WORDS = r"\bpre\b|\bpre ?contrast|\bpre ?gd\b|\bunenhanced\b|\bnative?\b"
NUMBERED_PASS = (
    r"\b(\d)(?:st|nd|rd|th) (?:pas{1,2}|post)\b",
    rf"\b(?:pas{{1,2}}|post(?: ?contrast| ?gd)?) ?(\d){NO_UNIT}",
)
POST_WORDS = r"\bpost\b|\bpost ?contrast|\bpost ?gd\b|\bpas{1,2}\b"
NUMBERED_PHASE = (
    r"\bph(?:ase)? ?(\d{1,2})(?=ax|sag|cor|tra|(?![\w.]))",
    r"\b(\d)(?:st|nd|rd|th) (?:phase|dyn)",
    rf"\bdyn(?:a|amic)? ?(\d{{1,2}}){NO_UNIT}",
)


@dataclass(frozen=True)
class Told:
    """What words say of a phase: pre-contrast (``pass_number`` 0), the pass ``pass_number`` from 1, some pass after
    contrast (``after_contrast`` alone), or the ``ordinal``-th phase of a dynamic series that may begin before contrast.
    """

    pass_number: int | None = None
    after_contrast: bool = False
    ordinal: int | None = None

    def __bool__(self) -> bool:
        return self != Told()


def told(text: str) -> Told:
    """What ``text``, a SeriesDescription or the name of a folder, says. Nothing when it speaks of before and after."""
    text = _words(text)
    before = re.search(PRE_WORDS, text)
    number = _number(NUMBERED_PASS, text)
    after = number is not None or re.search(POST_WORDS, text)
    if before and after:
        return Told()
    if before:
        return Told(pass_number=0)
    if number is not None:
        return Told(pass_number=number, after_contrast=True)
    return Told(after_contrast=bool(after), ordinal=_number(NUMBERED_PHASE, text))


def derived(image: SliceFile) -> str:
    """Why ``image`` is no image of a pass, by its ImageType; empty when it may be one."""
    values = {value.upper() for value in image.image_type[2:]}
    return next((reason for reason, kinds in IMAGE_TYPES.items() if values & kinds), "")


def no_pass(slices: list[SliceFile], saturated: bool) -> str:
    """Why a series is no pass, by description, EchoTime and ScanOptions; empty when it may be one.

    ``saturated``: some series of the upload says FS in its ScanOptions, so that silence of another one means something.
    """
    text = " ".join(_words(each) for each in sorted({each.series_description for each in slices}))
    for reason, words in DESCRIPTIONS.items():
        if re.search(words, text):
            return reason
    echoes = [each.echo_time for each in slices if each.echo_time is not None]
    if echoes and min(echoes) > LONGEST_ECHO:
        return f"EchoTime {min(echoes):g} ms, too long for a dynamic T1 series"
    if all(is_saturated(each) for each in slices) or re.search(FAT_WORDS, text):
        return ""
    if re.search(r"\bt1w?\b", text) and not re.search(DYNAMIC_WORDS, text):
        return BARE_T1
    return UNSATURATED if saturated else ""


def is_saturated(image: SliceFile) -> bool:
    """ScanOptions say fat saturation (DICOM PS3.3 C.8.3.1), or the image is the water part of a Dixon scan."""
    return FAT_SATURATED in image.scan_options or bool({"WATER", "W"} & set(image.image_type[2:]))


def _words(text: str) -> str:
    text = re.sub(r"[\s_\-/\\,;:()\[\]+]+", " ", text.casefold()).strip()
    for word, ordinal in ORDINALS.items():
        text = re.sub(rf"\b{word}\b", ordinal, text)
    return text


def _number(patterns: tuple[str, ...], text: str) -> int | None:
    found = next((match for pattern in patterns if (match := re.search(pattern, text))), None)
    return int(found[1]) if found else None
