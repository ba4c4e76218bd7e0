"""A zip as people make them -> the files of an exam, still packed.

First the names are planned by a pure function, then every member is judged by what the zip says of it. What the zip
says about its own sizes is not believed: it is an upper bound that is held while members are read.
"""

import math
import re
import stat
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from imaging.errors import (
    AmbiguousMember,
    CompressionBomb,
    DamagedArchive,
    DuplicateMember,
    EmptyArchive,
    LimitExceeded,
    MissingFolder,
    NestedArchive,
    UnequalCounts,
    UnknownCompression,
    UnsafeMember,
)
from imaging.exam import FOLDERS
from imaging.stored_file import Allowance
from imaging.unpacking import DEFLATED, STORED, Member
from imaging.zip_entries import Entry, Source, data_range, read_entries

# What file managers and viewers leave beside the slices.
CLUTTER_FOLDERS = {"__macosx"}
CLUTTER_FILES = {".ds_store", "thumbs.db", "desktop.ini", "dicomdir"}
ARCHIVE_SUFFIXES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
# APPNOTE.TXT 4.4.5. Windows takes Deflate64 for files of more than 2 GB, 7-Zip and WinZip take the others when asked.
COMPRESSIONS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
LONGEST_NAME = 255  # bytes, the limit of the usual file systems
LONGEST_PATH = 1024  # bytes; far more than anything that a person or a PACS exports
DEEPEST = 32  # names in a path
# macOS packs a twin to each file, and each file may have its own folder: so many entries come with one file.
ENTRIES_A_FILE = 3


@dataclass(frozen=True)
class Limits:
    """What one archive may hold: ``files`` files that unpack to ``unpacked_bytes`` bytes together.

    ``compression_ratio``: most bytes unpacked for one byte of the archive, over the whole archive. ``seconds``: longest
    time from opening it to the last byte that is read of it, or OutOfTime is raised.
    """

    files: int
    unpacked_bytes: int
    compression_ratio: int
    seconds: float = math.inf


@dataclass(frozen=True)
class Plan:
    """``files``: (member of the zip, its path below the folder of the exam), parted by ``/``.

    ``ignored``: members that are no clutter and hold nothing of the exam. ``four_folders``: the paths lie in ``pre``,
    ``1st_pass``, ``2nd_pass`` and ``3rd_pass``; else they are the members' own.
    """

    files: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    four_folders: bool


@dataclass(frozen=True)
class OpenArchive:
    """The members of a zip, still packed: ``files`` by their path as planned, ``ignored`` by their name, in the
    archive's order; ``four_folders`` as in Plan."""

    files: dict[str, Member]
    ignored: dict[str, Member]
    four_folders: bool


def plan(names: Sequence[str]) -> Plan:
    """Which member of a zip goes into which of the four folders: ``pre/001.dcm`` and so on.

    Folder names count in any case, and one or more folders may wrap the four together. Raises UnsafeMember,
    DuplicateMember, NestedArchive, EmptyArchive, AmbiguousMember, MissingFolder or UnequalCounts.
    """
    slices, ignored, common = [], [], None
    for name, parts in _files(names):
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
    return Plan(tuple((name, f"{folder}/{file}") for name, folder, file in slices), tuple(ignored), True)


def plan_any(names: Sequence[str]) -> Plan:
    """Every member that is no clutter under its own name, for uploads in whatever folders.

    Raises UnsafeMember, DuplicateMember, NestedArchive, AmbiguousMember when a name is both a file and a folder, or
    EmptyArchive.
    """
    files = _files(names)
    folders = {_parts(name) for name in names if _is_folder(name)}
    folders |= {parts[:depth] for _, parts in files for depth in range(1, len(parts))}
    for name, parts in files:
        if parts in folders:
            raise AmbiguousMember(f"{name} is a file and a folder.", (name,))
    return Plan(tuple((name, "/".join(parts)) for name, parts in files), (), False)


def plan_either(names: Sequence[str]) -> Plan:
    """The four folders where all of them are there, else every member under its own name.

    Raises what ``plan`` and ``plan_any`` raise, except MissingFolder.
    """
    try:
        return plan(names)
    except MissingFolder:
        return plan_any(names)


def open_archive(
    archive: BinaryIO, root: Path, limits: Limits, planner: Callable[[Sequence[str]], Plan] = plan
) -> OpenArchive:
    """The zip in ``archive`` with its names planned by ``planner``. Members that must lie on disk go below ``root``.

    Raises NotAZip, DamagedArchive, LimitExceeded, CompressionBomb, UnsafeMember, UnknownCompression, or what
    ``planner`` raises. Whether members are whole is seen when they are read.
    """
    source = Source(archive)
    entries = read_entries(source, limits.files * ENTRIES_A_FILE)
    names = [entry.name for entry in entries]
    _check_count(names, limits)
    planned = planner(names)
    paths = dict(planned.files) | dict.fromkeys(planned.ignored)
    # in the archive's order, so that the first member with which something is wrong is named
    chosen = [entry for entry in entries if entry.name in paths]
    for entry in chosen:
        _check_entry(entry)
    _check_size(chosen, source.size, limits)
    allowance = Allowance(end=time.monotonic() + limits.seconds)
    # numbered: the sender's names stay away from the disk
    members = {
        entry.name: Member(source, entry, *data_range(source, entry), root / str(number), allowance)
        for number, entry in enumerate(chosen)
    }
    _check_overlap(list(members.values()))
    files = {path: member for name, member in members.items() if (path := paths[name])}
    return OpenArchive(files, {name: members[name] for name in planned.ignored}, planned.four_folders)


def _files(names: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Each name that is no folder and no clutter, at least one, with its parts. Raises what holds for any layout."""
    found, seen = [], set()
    for name in names:
        parts = _parts(name)
        if _is_folder(name) or _is_clutter(parts):
            continue
        if parts in seen:
            raise DuplicateMember(f"{name} is there twice.", (name,))
        if name.casefold().endswith(ARCHIVE_SUFFIXES):
            raise NestedArchive(f"{name} is an archive itself; send its files.", (name,))
        seen.add(parts)
        found.append((name, parts))
    if not found:
        raise EmptyArchive("There is no file in the archive.")
    return found


def _parts(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name.replace("\\", "/"))
    drive = re.match("[a-z]:", name, re.IGNORECASE)
    if path.is_absolute() or drive or ".." in path.parts or "\0" in name:
        raise UnsafeMember(f"{name!r} points outside the archive.", (name,))
    lengths = [len(part.encode(errors="replace")) for part in path.parts]
    if max(lengths, default=0) > LONGEST_NAME or sum(lengths) + len(lengths) > LONGEST_PATH:
        raise UnsafeMember(f"{name[:80]!r}... is longer than a file name can be.", (name[:LONGEST_NAME],))
    if len(lengths) > DEEPEST:
        raise UnsafeMember(f"{name[:80]!r}... lies in more than {DEEPEST - 1} folders.", (name[:LONGEST_NAME],))
    return path.parts


def _is_folder(name: str) -> bool:
    return name.endswith(("/", "\\"))


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
        key = (folder, unicodedata.normalize("NFC", file).casefold().removesuffix(".dcm"))
        if key in seen:
            raise DuplicateMember(f"{name} is there twice.", (name,))
        seen.add(key)


def _check_count(names: Sequence[str], limits: Limits) -> None:
    count = sum(not _is_folder(name) and not _is_clutter(_parts(name)) for name in names)
    if count > limits.files:
        raise LimitExceeded(f"The archive holds {count} files; {limits.files} are the most.")


def _check_entry(entry: Entry) -> None:
    if entry.encrypted:
        raise UnsafeMember(f"{entry.name} is encrypted.", (entry.name,))
    if stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG):
        raise UnsafeMember(f"{entry.name} is a link or a device.", (entry.name,))
    if entry.patched:
        raise UnknownCompression(f"{entry.name} holds changes to a file that is not here.", (entry.name,))
    if entry.compression not in (STORED, DEFLATED):
        told = COMPRESSIONS.get(entry.compression, f"method {entry.compression}")
        reason = f"{entry.name} is compressed with {told}; stored and deflated are read."
        raise UnknownCompression(reason, (entry.name,))


def _check_size(entries: list[Entry], archive_bytes: int, limits: Limits) -> None:
    """The entries' own sizes, which no member exceeds unseen when it is unpacked, are within the limits together.

    The ratio is that of the whole archive, not of a member: slices without signal before and after the body inflate a
    thousandfold, and an exam may hold many.
    """
    size = sum(entry.size for entry in entries)
    if size > limits.unpacked_bytes:
        raise LimitExceeded(f"The unpacked exam exceeds {limits.unpacked_bytes} bytes.")
    if size > archive_bytes * limits.compression_ratio:
        told = f"{size} bytes, more than {limits.compression_ratio} times its own {archive_bytes}"
        raise CompressionBomb(f"The archive unpacks to {told}.")


def _check_overlap(members: list[Member]) -> None:
    """No byte is data of two members: that is how a small archive unpacks to a huge one."""
    ordered = sorted(members, key=lambda member: member.entry.start)
    for one, two in pairwise(ordered):
        if two.entry.start < one.stop:
            names = (one.entry.name, two.entry.name)
            raise DamagedArchive(f"{names[0]} and {names[1]} share bytes of the archive.", names)
