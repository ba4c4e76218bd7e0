"""What a check found: all is well, something to know, or something to do."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    OK = "OK"
    NOTE = "note"
    FAIL = "FAIL"


class Note(Exception):
    """All is well; the text says what one should know all the same."""


class Wrong(Exception):
    """Something is not as it must be; the text says what, and what to do."""


@dataclass(frozen=True)
class Finding:
    name: str
    mark: Mark
    told: str

    def __str__(self) -> str:
        return f"{self.name:<24} {self.mark:<5} {self.told}"


def found(name: str, check: Callable[[], str]) -> Finding:
    """What ``check`` tells, or what it raises. Nothing that a check raises keeps the next from being made."""
    try:
        return Finding(name, Mark.OK, check())
    except Note as note:
        return Finding(name, Mark.NOTE, str(note))
    except Wrong as wrong:
        return Finding(name, Mark.FAIL, str(wrong))
    except Exception as error:  # a check of what may be broken may break in any way
        return Finding(name, Mark.FAIL, f"{type(error).__name__}: {error}")
