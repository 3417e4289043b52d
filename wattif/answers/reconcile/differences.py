"""What differs: the record of one difference, their tally, and the table of them for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Verdict = Literal["missing", "extra", "doubled", "altered", "disordered"]
MOST_LINES = 20  # of a table for people
_LONGEST_TEXT = 200  # of what was expected or found


@dataclass(frozen=True)
class Difference:
    """Rows of one place, and of one meter and hour where these are known, that are not as they must be."""

    place: str  # name of the object, relative to the lake's prefix, or of the table
    mac: str | None
    hour: datetime | None  # UTC
    column: str | None  # of the reading; of a manifest or object: bytes, crc32c, …
    verdict: Verdict
    readings: int  # rows concerned; of an object that is not looked into, all it should hold
    expected: str | None  # of the first row concerned
    found: str | None
    cause: str | None = None  # the fault on the way that was intended; None: not explained


def difference_of_object(
    name: str, verdict: Verdict, rows: int, expected: str | None, found: str | None, *, column: str | None = None
) -> Difference:
    """A difference of the object *name* as a whole, of which *rows* are concerned."""
    place = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")  # a stranger's may be no text
    return Difference(place, None, None, column, verdict, rows, expected, found)


def text_of(content: bytes) -> str:
    """Bytes from a lake, damaged or not, as text of a bounded length."""
    text = content[: 4 * _LONGEST_TEXT].decode("utf-8", "backslashreplace").strip("\r\n")
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


@dataclass
class _Group:
    """Differences of a kind: those of a day, or of a table, with one verdict."""

    differences: int = 0
    readings: int = 0
    places: set[str] = field(default_factory=set)
    macs: set[str] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)
    causes: set[str] = field(default_factory=set)
    explained: int = 0


class Tally:
    """Counts differences as they come; memory grows with the objects and meters concerned, not with the rows."""

    def __init__(self) -> None:
        self.differences = 0
        self.explained = 0
        self.by_verdict: dict[Verdict, _Group] = {}
        self._groups: dict[tuple[str, Verdict], _Group] = {}
        self._first: list[Difference] = []

    def add(self, difference: Difference) -> None:
        """Count one."""
        self.differences += 1
        self.explained += difference.cause is not None
        if len(self._first) <= MOST_LINES:
            self._first.append(difference)
        day = re.search(r"dt=(\d{4}-\d{2}-\d{2})/", difference.place)
        hour = difference.hour
        day_text = day[1] if day else hour.date().isoformat() if hour else ""
        for group in (
            self.by_verdict.setdefault(difference.verdict, _Group()),
            self._groups.setdefault((day_text, difference.verdict), _Group()),
        ):
            group.differences += 1
            group.readings += difference.readings
            group.places.add(difference.place)
            group.explained += difference.cause is not None
            if difference.mac is not None:
                group.macs.add(difference.mac)
            if difference.column is not None:
                group.columns.add(difference.column)
            if difference.cause is not None:
                group.causes.add(difference.cause)

    def to_text(self) -> str:
        """A table for people: the differences one by one when they are few, else by day and verdict."""
        return _table(_SINGLE, map(_single, self._first)) if self.differences <= MOST_LINES else self._by_day()

    def _by_day(self) -> str:
        groups = sorted(self._groups.items())
        lines = [
            (
                day or "-",
                verdict,
                f"{group.differences:,}",
                f"{group.readings:,}",
                _few(group.places),
                f"{len(group.macs):,}" if group.macs else "-",
                _few(group.columns),
                f"{group.explained:,} ({_few(group.causes)})" if group.explained else "-",
            )
            for (day, verdict), group in groups[:MOST_LINES]
        ]
        text = _table(_GROUPED, lines)
        rest = groups[MOST_LINES:]
        if rest:
            days = len({day for (day, _), _ in rest})
            text += f"\n… and {sum(group.differences for _, group in rest):,} more on {days:,} more days"
        return text


_SINGLE = ("verdict", "object", "meter", "hour", "column", "readings", "expected", "found", "cause")
_GROUPED = ("day", "verdict", "differences", "readings", "objects", "meters", "columns", "explained")


def _single(difference: Difference) -> tuple[str, ...]:
    return (
        difference.verdict,
        difference.place,
        difference.mac or "-",
        f"{difference.hour:%Y-%m-%dT%H}" if difference.hour else "-",
        difference.column or "-",
        f"{difference.readings:,}",
        _short(difference.expected),
        _short(difference.found),
        difference.cause or "-",
    )


def _short(text: str | None) -> str:
    if text is None:
        return "-"
    return text if len(text) <= 40 else f"{text[:39]}…"


def _few(names: set[str]) -> str:
    """The one name, or how many there are."""
    return next(iter(names), "-") if len(names) <= 1 else f"{len(names):,}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns; those that say nothing are left out."""
    lines = [["".join(letter if letter.isprintable() else "·" for letter in cell) for cell in row] for row in rows]
    kept = [n for n in range(len(head)) if any(line[n] != "-" for line in lines)]
    cells = [[line[n] for n in kept] for line in (head, *lines)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells
    )
