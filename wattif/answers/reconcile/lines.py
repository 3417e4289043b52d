"""Two contents of an object, row by row: which rows are missing, extra, doubled, altered or out of order.

Rows are matched by their bytes, then by the table's key (of readings: meter and timestamp), then by their place. Any
bytes may come: what cannot be read as a row is compared as text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from wattif.answers.reconcile.differences import Difference, Verdict, text_of
from wattif.encode.encoder import Encoder

_Key = tuple[bytes, ...]


class RowReader:
    """What rows say, damaged or not, as far as *encoder* can tell; *key*: the columns of the table's key."""

    def __init__(self, encoder: Encoder, key: Sequence[str]) -> None:
        names = {column.name: encoder.schema.written_name(column) for column in encoder.schema.columns}
        kinds = {column.kind: names[column.name] for column in reversed(encoder.schema.columns)}
        self._encoder = encoder
        self._key = [names[column] for column in key] if set(key) <= names.keys() else []
        self._mac, self._time = kinds.get("mac"), kinds.get("timestamp")  # the first columns of these kinds

    def key(self, row: bytes) -> _Key | None:
        """The values of the key, where the row names all; it may be damaged elsewhere."""
        values = [self._encoder.field_in(row, column) for column in self._key]
        named = tuple(value for value in values if value is not None)
        return named if values and len(named) == len(values) else None

    def meter_and_hour(self, row: bytes) -> tuple[str | None, datetime | None]:
        """What the row says of them; the hour in UTC."""
        mac, timestamp = (
            None if column is None else self._encoder.field_in(row, column) for column in (self._mac, self._time)
        )
        hour = None
        if timestamp is not None:
            try:
                time = datetime.fromisoformat(timestamp.decode())
                time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
                hour = time.replace(minute=0, second=0, microsecond=0)
            except (ValueError, OverflowError):  # not a time: the row is damaged there
                hour = None
        return None if mac is None else text_of(mac), hour

    def columns(self, wanted: bytes, there: bytes) -> dict[str | None, tuple[bytes | None, bytes | None]] | None:
        """The fields that differ between two rows, as text; None when one of the rows cannot be read."""
        before, after = self._encoder.fields_in(wanted), self._encoder.fields_in(there)
        if before is None or after is None:
            return None
        names = [*before, *(name for name in after if name not in before)]
        return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def compare_lines(place: str, expected: bytes, found: bytes | None, reader: RowReader) -> list[Difference]:
    """How *found*, the content of the object *place* (None: there is none), differs from *expected*; empty when not.

    One difference per meter, hour, column, and verdict; it shows the first of its rows.
    """
    if found == expected:
        return []
    absent = "no such object" if found is None else None
    firsts: dict[tuple[str | None, datetime | None, str | None, Verdict], _Finding] = {}
    readings: Counter[tuple[str | None, datetime | None, str | None, Verdict]] = Counter()
    for finding in _Comparison(_lines(expected), _lines(found or b""), reader).findings():
        group = (*reader.meter_and_hour(finding.row), finding.column, finding.verdict)
        firsts.setdefault(group, finding)
        readings[group] += 1
    if firsts:
        return [
            Difference(
                place,
                mac,
                hour,
                column,
                verdict,
                readings[mac, hour, column, verdict],
                _text(first.expected),
                _text(first.found) or absent,
            )
            for (mac, hour, column, verdict), first in firsts.items()
        ]
    sizes = f"{len(expected)} bytes", absent or f"{len(found or b'')} bytes"  # white space at the end
    return [Difference(place, None, None, None, "altered" if found is not None else "missing", 0, *sizes)]


@dataclass(frozen=True)
class _Finding:
    """One row that is not as it must be."""

    verdict: Verdict
    row: bytes  # tells meter and hour
    column: str | None
    expected: bytes | None
    found: bytes | None


def _text(content: bytes | None) -> str | None:
    return None if content is None else text_of(content)


class _Comparison:
    """Finds what differs between the rows *wanted* and those that are *there*."""

    def __init__(self, wanted: Sequence[bytes], there: Sequence[bytes], reader: RowReader) -> None:
        self._reader = reader
        self._wanted = wanted
        self._there = there
        self._first = _common(wanted, there)
        behind = _common(wanted[self._first :][::-1], there[self._first :][::-1])
        self._left = list(range(self._first, len(wanted) - behind))
        self._right = list(range(self._first, len(there) - behind))
        self._pairs: list[tuple[int, int]] = []  # places of the same row in both, where its place says something

    def findings(self) -> Iterator[_Finding]:
        """All of them."""
        without_keys = all(self._reader.key(self._wanted[left]) is None for left in self._left)
        if without_keys and len(self._left) == len(self._right):
            for left, right in zip(self._left, self._right, strict=True):
                if self._wanted[left] != self._there[right]:
                    yield from self._altered(left, right, b"row %d: " % (left + 1))
            return
        self._match_bytes()
        altered = [*self._match_keys(), *self._match_places()]
        for left, right in altered:
            yield from self._altered(left, right)
        for left in self._left:
            yield _Finding("missing", self._wanted[left], None, self._wanted[left], None)
        yield from self._surplus()
        yield from self._disordered()

    def _match_bytes(self) -> None:
        places: dict[bytes, list[int]] = defaultdict(list)
        for left in reversed(self._left):
            places[self._wanted[left]].append(left)
        rest = []
        for right in self._right:
            same = places.get(self._there[right])
            if same:
                self._pairs.append((same.pop(), right))
            else:
                rest.append(right)
        self._left = sorted(left for some in places.values() for left in some)
        self._right = rest

    def _match_keys(self) -> list[tuple[int, int]]:
        places: dict[_Key | None, list[int]] = defaultdict(list)
        for left in reversed(self._left):
            places[self._reader.key(self._wanted[left])].append(left)
        places.pop(None, None)
        found = []
        for right in self._right:
            same = places.get(self._reader.key(self._there[right]))
            if same:
                found.append((same.pop(), right))
        self._pairs += found
        self._forget(found)
        return found

    def _match_places(self) -> list[tuple[int, int]]:
        """Rows of which one field, or all that tells the meter and time, is not readable any more."""
        found = []
        missing = set(self._left)
        as_many = len(self._wanted) == len(self._there)
        for right in self._right:
            row = self._there[right]
            if as_many and right in missing and self._is_like(self._wanted[right], row):
                left = right
            elif self._reader.key(row) is None and self._is_cut(row) and self._left[0] in missing:
                left = self._left[0]
            else:
                continue
            found.append((left, right))
            missing.remove(left)
        self._forget(found)
        return found

    def _is_like(self, wanted: bytes, there: bytes) -> bool:
        """Whether at most one field of the row is another, or it cannot be read at all."""
        key, other = self._reader.key(wanted), self._reader.key(there)
        if key is not None and other is not None:  # the other fields would have to be equal: quicker to see
            return any(there.replace(found, value) == wanted for value, found in zip(key, other, strict=True))
        columns = self._reader.columns(wanted, there)
        return columns is None or len(columns) <= 1

    def _is_cut(self, row: bytes) -> bool:
        """Whether *row* is the beginning of the first row that is missing."""
        return bool(row and self._left) and self._wanted[self._left[0]].startswith(row)

    def _forget(self, pairs: Sequence[tuple[int, int]]) -> None:
        left, right = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
        self._left = [place for place in self._left if place not in left]
        self._right = [place for place in self._right if place not in right]

    def _altered(self, left: int, right: int, place: bytes = b"") -> Iterator[_Finding]:
        wanted, there = self._wanted[left], self._there[right]
        for name, (before, after) in (self._reader.columns(wanted, there) or {None: (wanted, there)}).items():
            told = (None if value is None else place + value for value in (before, after))
            yield _Finding("altered", wanted, name, *told)

    def _surplus(self) -> Iterator[_Finding]:
        if not self._right:
            return
        rows = set(self._wanted)
        keys = {self._reader.key(row) for row in self._wanted} - {None}
        for right in self._right:
            row = self._there[right]
            if row in rows or self._reader.key(row) in keys:
                yield _Finding("doubled", row, None, b"once", row)
            else:
                yield _Finding("extra", row, None, None, row)

    def _disordered(self) -> Iterator[_Finding]:
        """The fewest rows that, taken out, leave the others in order."""
        pairs = sorted(self._pairs, key=lambda pair: pair[1])
        kept = _longest_rise([left for left, _ in pairs])
        for number, (left, right) in enumerate(pairs):
            if number not in kept:
                yield _Finding("disordered", self._wanted[left], None, b"row %d" % (left + 1), b"row %d" % (right + 1))


def _lines(content: bytes) -> list[bytes]:
    lines = content.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def _common(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    """How many rows both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (a, b) in pairs if a != b), min(len(one), len(other)))


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Places of a longest rising subsequence of different *numbers* (patience sorting)."""
    tops: list[int] = []  # the smallest number that a rise of each length ends with
    places: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(tops, number)
        before.append(places[length - 1] if length else -1)
        tops[length : length + 1] = [number]
        places[length : length + 1] = [place]
    kept = set()
    place = places[-1] if places else -1
    while place >= 0:
        kept.add(place)
        place = before[place]
    return kept
