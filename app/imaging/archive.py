"""A zip as people make them -> the four folders of an exam on disk.

First the names are planned by a pure function, then the members are written, counting files and bytes as they come:
what the zip says about its own sizes is not believed.
"""

import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from imaging.errors import (
    AmbiguousMember,
    DamagedArchive,
    LimitExceeded,
    MissingFolder,
    NotAZip,
    UnequalCounts,
    UnsafeMember,
)
from imaging.exam import FOLDERS

# What file managers and viewers leave beside the slices.
CLUTTER_FOLDERS = {"__macosx"}
CLUTTER_FILES = {".ds_store", "thumbs.db", "desktop.ini", "dicomdir"}
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
LONGEST_NAME = 255  # bytes, the limit of the usual file systems
CHUNK = 1 << 20
# All that zipfile raises on a zip whose bytes are not what they should be; it wraps only part of it.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,
    OverflowError,
    struct.error,
)


@dataclass(frozen=True)
class Limits:
    """``files`` members and ``unpacked_bytes`` bytes are the most that one archive may hold."""

    files: int
    unpacked_bytes: int


@dataclass(frozen=True)
class Plan:
    """``slices``: (member of the zip, folder of the exam, file name there). ``ignored``: members outside them."""

    slices: tuple[tuple[str, str, str], ...]
    ignored: tuple[str, ...]


def plan(names: Sequence[str]) -> Plan:
    """Which member of a zip goes into which of the four folders.

    Folder names count in any case, and one or more folders may wrap the four together. Raises UnsafeMember,
    AmbiguousMember, MissingFolder or UnequalCounts.
    """
    slices, ignored, common = [], [], None
    for name in names:
        parts = _parts(name)
        if name.endswith(("/", "\\")) or _is_clutter(parts):
            continue
        folder = next((part.casefold() for part in parts[:-1] if part.casefold() in FOLDERS), None)
        if folder is None:
            ignored.append(name)
            continue
        wrapper = parts[: [part.casefold() for part in parts].index(folder)]
        if len(wrapper) != len(parts) - 2:
            raise AmbiguousMember(f"{name} lies in a folder inside {folder}.", (name,))
        common = wrapper if common is None else common
        if wrapper != common:
            raise AmbiguousMember(f"{name} does not lie beside the other folders.", (name,))
        slices.append((name, folder, parts[-1]))
    _check_folders(slices)
    return Plan(tuple(slices), tuple(ignored))


def extract(archive: BinaryIO, root: Path, limits: Limits) -> Plan:
    """Unpacks the slices of the zip in ``archive`` into folders under ``root`` and returns what was planned.

    Raises NotAZip, DamagedArchive, UnsafeMember, LimitExceeded, or what ``plan`` raises.
    """
    try:
        opened = zipfile.ZipFile(archive)
    except DAMAGE as error:
        raise NotAZip("series.zip is not a zip archive, or its end is missing.") from error
    with opened:
        return _extract(opened, root, limits)


def _extract(opened: zipfile.ZipFile, root: Path, limits: Limits) -> Plan:
    members = opened.infolist()
    if len(members) > limits.files:
        raise LimitExceeded(f"The archive holds {len(members)} files; {limits.files} are the most.")
    planned = plan([member.filename for member in members])
    by_name = {member.filename: member for member in members}
    room = limits.unpacked_bytes
    for folder in FOLDERS:
        (root / folder).mkdir()
    for name, folder, file in planned.slices:
        _check_member(by_name[name])
        room = _write(opened, by_name[name], root / folder / file, room, limits)
    return planned


def _parts(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name.replace("\\", "/"))
    drive = path.parts and path.parts[0].endswith(":")
    if path.is_absolute() or drive or ".." in path.parts or "\0" in name:
        raise UnsafeMember(f"{name!r} points outside the archive.", (name,))
    if any(len(part.encode(errors="replace")) > LONGEST_NAME for part in path.parts):
        raise UnsafeMember(f"{name[:80]!r}... is longer than a file name can be.", (name[:LONGEST_NAME],))
    return path.parts


def _is_clutter(parts: tuple[str, ...]) -> bool:
    if not parts or any(part.casefold() in CLUTTER_FOLDERS for part in parts[:-1]):
        return True
    return parts[-1].casefold() in CLUTTER_FILES or parts[-1].startswith("._")


def _check_folders(slices: list[tuple[str, str, str]]) -> None:
    counts = Counter(folder for _, folder, _ in slices)
    missing = [folder for folder in FOLDERS if folder not in counts]
    if missing:
        raise MissingFolder(f"No files in a folder named {', '.join(missing)}; {', '.join(FOLDERS)} are needed.")
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{folder} {counts[folder]}" for folder in FOLDERS)
        raise UnequalCounts(f"The folders must hold equal numbers of slices; they hold: {told}.")
    seen = set()
    for name, folder, file in slices:
        key = (folder, file.casefold().removesuffix(".dcm"))
        if key in seen:
            raise AmbiguousMember(f"{name} is there twice.", (name,))
        seen.add(key)


def _check_member(member: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    problem = None
    if member.flag_bits & 0x1:
        problem = "is encrypted"
    elif kind not in (0, stat.S_IFREG):
        problem = "is a link or a device"
    elif member.compress_type not in COMPRESSIONS:
        problem = "is compressed in a way that is not read; stored and deflated are"
    if problem:
        raise UnsafeMember(f"{member.filename} {problem}.", (member.filename,))


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, room: int, limits: Limits) -> int:
    """Writes one member and returns how many of ``room`` bytes are left."""
    with target.open("xb") as out:
        for chunk in _chunks(opened, member):
            room -= len(chunk)
            if room < 0:
                raise LimitExceeded(f"The unpacked exam exceeds {limits.unpacked_bytes} bytes.")
            out.write(chunk)
    return room


def _chunks(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with opened.open(member) as source:
            while chunk := source.read(CHUNK):
                yield chunk
    except DAMAGE as error:
        raise DamagedArchive(f"{member.filename} is damaged ({error}).", (member.filename,)) from error
