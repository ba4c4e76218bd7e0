"""The ranges as a table for people (docs/phantom.md)."""

from phantom.ranges import TABLES, Choice, Range


def ranges_table() -> str:
    """Markdown: a row for each entry of ``TABLES``."""
    lines = ["| part | name | range | unit | most draws | meaning |", "|---|---|---|---|---|---|"]
    for part, table in TABLES.items():
        lines += [f"| {part} | `{name}` | {' | '.join(_cells(each))} |" for name, each in table.items()]
    return "\n".join(lines)


def _cells(entry: Range | Choice) -> list[str]:
    if isinstance(entry, Choice):
        shares = ", ".join(f"{name} {share:g}" for name, share in entry.shares.items())
        return [shares, "share", "", entry.meaning]
    common = f"{entry.common[0]:g} to {entry.common[1]:g}" if entry.common else ""
    return [f"{entry.low:g} to {entry.high:g}", entry.unit, common, entry.meaning]
