"""Tables of labels as people keep them in CSV files, and where they are wrong."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path


class TableError(Exception):
    """A table cannot be used; the text names the file, the line from 1 where there is one, and the reason."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: texts by column, empty where nothing stands."""

    file: Path
    line: int
    cells: dict[str, str] = field(repr=False)

    def error(self, reason: str) -> TableError:
        return TableError(f"{self.file}, line {self.line}: {reason}")

    def text(self, column: str) -> str:
        """Raises TableError when nothing stands there."""
        if not self.cells[column]:
            raise self.error(f"nothing stands under {column!r}")
        return self.cells[column]

    def whole(self, column: str) -> int:
        """Raises TableError when no whole number from 1 on stands there."""
        text = self.text(column)
        if not (text.isascii() and text.isdecimal() and int(text) > 0):
            raise self.error(f"{text!r} under {column!r} is no whole number from 1 on")
        return int(text)


def read_table(file: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV file in UTF-8, parted by commas or, as some spreadsheets write, semicolons; read while
    they are asked for.

    Columns beside ``columns`` may be there in any order. Raises TableError when the file cannot be read, lacks one of
    ``columns``, or has a line that is longer than the first.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            head = opened.readline()
            opened.seek(0)
            reader = csv.DictReader(opened, delimiter=";" if head.count(";") > head.count(",") else ",")
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            _check_columns(file, reader.fieldnames, columns)
            for cells in reader:
                yield _row(file, reader.line_num, cells)
    except OSError as error:
        raise TableError(f"{file}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"{file}: is no CSV file in UTF-8: {error}") from error


def _check_columns(file: Path, found: Sequence[str], needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in found]
    if missing:
        raise TableError(f"{file}: has no column {', '.join(map(repr, missing))}; it has {', '.join(found) or 'none'}")
    twice = next((name for name in found if name and found.count(name) > 1), None)
    if twice:
        raise TableError(f"{file}: has the column {twice!r} twice")


def _row(file: Path, line: int, cells: dict) -> Row:
    if None in cells:
        raise TableError(f"{file}, line {line}: has more cells than there are columns")
    return Row(file, line, {name: (text or "").strip() for name, text in cells.items()})


def fingerprint(file: Path) -> dict[str, str]:
    """Which table it was: name and SHA-256."""
    return {"file": file.name, "sha256": sha256(file.read_bytes()).hexdigest()}
