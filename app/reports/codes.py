"""The concepts in DICOM objects: those of DICOM, SNOMED CT and UCUM, and where these have none, our own."""

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import CodedConcept
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from detection.kinetics import CurveType

SCHEME = "99BREASTWISE"
#: Every concept of our own, for docs/conformance.md.
OWN: list[Code] = []


def _own(value: str, meaning: str) -> Code:
    OWN.append(Code(value, SCHEME, meaning))
    return OWN[-1]


# How a probability was measured.
SINGLE_NETWORK = _own("net-single", "Network that sees the slice before contrast")
SCANTYPE_NETWORK = _own("net-scantype", "Network that sees the three passes after contrast")
# What is said of a slice, Positive or Negative.
SINGLE_DECISION = _own("says-single", "Tumor seen by the single network")
SCANTYPE_DECISION = _own("says-scantype", "Tumor seen by the scantype network")
FUSED_DECISION = _own("says-fused", "Tumor seen by the fusion rule")
# What is measured of a finding.
FIRST_SLICE = _own("first-slice", "Number of its first slice, from 1 in reading order")
LAST_SLICE = _own("last-slice", "Number of its last slice, from 1 in reading order")
BEST_SLICE = _own("best-slice", "Number of the slice with its highest probability")
ALONG_STACK = _own("along-stack", "Its slices times their distance")
INITIAL_RISE = _own("initial-rise", "Rise of signal from before contrast to the first pass")
NOT_ENHANCING = _own("not-enhancing", "Initial rise below 50 percent")
#: Field of ``detection.agreement.Agreement`` -> the share of the heat it tells.
SHARES = {
    "enhancing": _own("heat-enhancing", "Share of the heat in tissue that takes up contrast"),
    "persistent": _own("heat-persistent", "Share of the heat in tissue of type 1 curves"),
    "plateau": _own("heat-plateau", "Share of the heat in tissue of type 2 curves"),
    "wash_out": _own("heat-wash-out", "Share of the heat in tissue of type 3 curves"),
    "air": _own("heat-air", "Share of the heat in front of the patient"),
    "chest": _own("heat-chest", "Share of the heat in ribs, lungs and heart"),
}
WARNING = _own("warning", "Warning")
NETWORK_HEAT = _own("network-heat", "Where a network looked")

CURVE_TYPES = {
    CurveType.NONE.words: NOT_ENHANCING,
    CurveType.PERSISTENT.words: codes.DCM.PersistentDelayedPhaseType1Curve,
    CurveType.PLATEAU.words: codes.DCM.PlateauDelayedPhaseType2Curve,
    CurveType.WASH_OUT.words: codes.DCM.WashoutDelayedPhaseType3Curve,
}
#: By a decision, 0 or 1.
DECISIONS = (codes.SCT.Negative, codes.SCT.Positive)
LATERALITIES = {"left": codes.SCT.Left, "right": codes.SCT.Right}
ONE = codes.UCUM.NoUnits


def item(code: Code) -> CodedConcept:
    """``code`` as the item of a sequence."""
    return CodedConcept.from_code(code)


def own_scheme() -> CodingSchemeIdentificationItem:
    """Whose the concepts of our own are."""
    return CodingSchemeIdentificationItem(
        SCHEME, name="Concepts of BreastWise, docs/conformance.md", responsible_organization="BreastWise"
    )
