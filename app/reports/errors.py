"""Why a form of a result cannot be made: small exceptions with a stable code and a sentence."""

from collections.abc import Sequence


class FormError(Exception):
    """A form that cannot be made of this result. Each child is one reason.

    ``code`` is stable: clients may rely on it. The text is a sentence that names nobody.
    """

    code, title, sentence = "no_form", "The form cannot be made", "The form cannot be made."

    def __init__(self, sentence: str = ""):
        super().__init__(sentence or self.sentence)


class NoInstanceUids(FormError):
    code, title = "no_instance_uids", "The exam's files cannot be referred to"
    sentence = (
        "The files of this exam have no valid Study, Series, SOP Class or SOP Instance UIDs, so a DICOM object cannot "
        "refer to them."
    )


class NoPositiveSlice(FormError):
    code, title = "no_positive_slice", "No slice is positive"
    sentence = "No slice of this exam is positive, so there is no heat to show."


class NoGeometry(FormError):
    code, title = "no_geometry", "The exam does not say where its slices lie"

    def __init__(self, missing: Sequence[str]):
        """``missing`` are DICOM keywords."""
        super().__init__(f"The files of this exam lack {', '.join(missing)}, so heat cannot be placed in the patient.")
