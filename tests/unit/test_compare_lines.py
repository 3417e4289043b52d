"""Two contents of an object compared row by row, on rows that are written out or edited by the test."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import hypothesis.strategies as st
import pytest
from hypothesis import given

from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.lines import RowReader
from wattif.answers.reconcile.lines import compare_lines as compare_lines_of
from wattif.encode.encoder import RowSchema
from wattif.encode.ndjson import NdjsonEncoder
from wattif.tables.readings import TABLE, select_fields

A1 = b'{"mac":"AA","timestamp":"2024-01-01T00:00:00Z","power_w":  1}\n'
A2 = b'{"mac":"AA","timestamp":"2024-01-01T00:30:00Z","power_w":  2}\n'
A3 = b'{"mac":"AA","timestamp":"2024-01-01T01:00:00Z","power_w":  3}\n'
B1 = b'{"mac":"BB","timestamp":"2024-01-01T00:00:00Z","power_w":  4}\n'
B2 = b'{"mac":"BB","timestamp":"2024-01-01T00:30:00Z","power_w":  5}\n'
ALL = [A1, A2, A3, B1, B2]
H0, H1 = datetime(2024, 1, 1, 0, tzinfo=UTC), datetime(2024, 1, 1, 1, tzinfo=UTC)


READER = RowReader(NdjsonEncoder(RowSchema(columns=select_fields(["mac", "timestamp", "power_w"], 10))), TABLE.key)


def compare_lines(place: str, expected: bytes, found: bytes | None) -> list[Difference]:
    return compare_lines_of(place, expected, found, READER)


def _compare(*found: bytes) -> list[tuple[str, str | None, datetime | None, str | None, int]]:
    differences = compare_lines("o", b"".join(ALL), b"".join(found))
    assert all(each.place == "o" and each.cause is None for each in differences)
    return [(each.verdict, each.mac, each.hour, each.column, each.readings) for each in differences]


def test_equal_contents_do_not_differ() -> None:
    assert _compare(*ALL) == []
    assert compare_lines("o", b"", b"") == []


@pytest.mark.parametrize(
    ("found", "differences"),
    [
        pytest.param([A1, A2, B1, B2], [("missing", "AA", H1, None, 1)], id="a row is missing"),
        pytest.param(
            [A3, B1], [("missing", "AA", H0, None, 2), ("missing", "BB", H0, None, 1)], id="by hour and meter"
        ),
        pytest.param([A1, A2, A2, A3, B1, B2], [("doubled", "AA", H0, None, 1)], id="a row is doubled"),
        pytest.param(
            [*ALL, *ALL],
            [("doubled", "AA", H0, None, 2), ("doubled", "AA", H1, None, 1), ("doubled", "BB", H0, None, 2)],
            id="all is doubled",
        ),
        pytest.param([A1, A2, A3, B2, B1], [("disordered", "BB", H0, None, 1)], id="two neighbours are swapped"),
        pytest.param(
            [B2, A2, A3, B1, A1],
            [("disordered", "BB", H0, None, 1), ("disordered", "AA", H0, None, 1)],
            id="two far from each other are swapped",
        ),
        pytest.param([A1, A2, A3.replace(b"3}", b"8}"), B1, B2], [("altered", "AA", H1, "power_w", 1)], id="a digit"),
        pytest.param(
            [A1, A2.replace(b"T00:30", b"T09:30"), A3, B1, B2],
            [("altered", "AA", H0, "timestamp", 1)],
            id="a digit of the time",
        ),
        pytest.param([A1.replace(b"AA", b"AC"), *ALL[1:]], [("altered", "AA", H0, "mac", 1)], id="a digit of the MAC"),
        pytest.param(
            [A1, A2, A3.replace(b"}", b',"new":7}'), B1, B2], [("altered", "AA", H1, "new", 1)], id="a field more"
        ),
        pytest.param(
            [A1, A2, A3.replace(b',"power_w":  3', b""), B1, B2],
            [("altered", "AA", H1, "power_w", 1)],
            id="a field less",
        ),
        pytest.param([A1, A2, A3.replace(b"  3", b" 3"), B1, B2], [("altered", "AA", H1, None, 1)], id="white space"),
        pytest.param([A1, A2, A3, B1, B2[:-4]], [("altered", "BB", H0, None, 1)], id="the last row is cut"),
        pytest.param(
            [A1, A2, A3, B1, B2[:9]], [("altered", "BB", H0, None, 1)], id="the last row is cut before its time"
        ),
        pytest.param(
            [A1, A2, A3, B1[:9]],
            [("altered", "BB", H0, None, 1), ("missing", "BB", H0, None, 1)],
            id="cut in a row, the rest is missing",
        ),
        pytest.param([A1, A2, b"\xff\xfe\x00\n", B1, B2], [("altered", "AA", H1, None, 1)], id="garbage over a row"),
        pytest.param([*ALL, b"\xff\x00"], [("extra", None, None, None, 1)], id="garbage at the end"),
        pytest.param(
            [*ALL, A1.replace(b"2024", b"2025")],
            [("extra", "AA", datetime(2025, 1, 1, tzinfo=UTC), None, 1)],
            id="a row of another day",
        ),
        pytest.param(
            [*ALL, A3.replace(b"3}", b"8}")], [("doubled", "AA", H1, None, 1)], id="doubled with another value"
        ),
        pytest.param(
            [*ALL, A1.replace(b"2024-01-01T00", b"0001-13-99")], [("extra", "AA", None, None, 1)], id="no time"
        ),
        pytest.param([b"".join(ALL)[:-1]], [("altered", None, None, None, 0)], id="no line feed at the end"),
    ],
)
def test_each_difference_is_named(found: list[bytes], differences: list[object]) -> None:
    assert _compare(*found) == differences


def test_what_was_expected_and_what_was_found_is_shown() -> None:
    [altered] = compare_lines("o", A1 + A2, A1 + A2.replace(b"  2", b" 92"))
    assert altered == Difference("o", "AA", H0, "power_w", "altered", 1, "2", "92")
    [garbage] = compare_lines("o", A1 + A2, A1 + b"\xff\n")
    assert (garbage.expected, garbage.found) == (A2.decode().rstrip(), "\\xff")
    [swapped] = compare_lines("o", A1 + A2, A2 + A1)
    assert (swapped.expected, swapped.found) in {("row 1", "row 2"), ("row 2", "row 1")}


def test_an_object_that_is_not_there_misses_every_row() -> None:
    differences = compare_lines("o", b"".join(ALL), None)
    assert [(each.verdict, each.mac, each.readings) for each in differences] == [
        ("missing", "AA", 2),
        ("missing", "AA", 1),
        ("missing", "BB", 2),
    ]
    assert {each.found for each in differences} == {"no such object"}
    [empty] = compare_lines("o", b"", None)
    assert (empty.verdict, empty.found) == ("missing", "no such object")


def test_rows_that_name_no_meter_and_time_are_compared_by_their_place() -> None:
    rows = [b'{"power_w":  %d}\n' % watts for watts in (5, 6, 7, 6)]
    changed = b"".join([rows[0], b'{"power_w":  9}\n', *rows[2:]])
    [altered] = compare_lines("o", b"".join(rows), changed)
    assert (altered.verdict, altered.column, altered.expected, altered.found) == (
        "altered",
        "power_w",
        "row 2: 6",
        "row 2: 9",
    )
    [missing] = compare_lines("o", b"".join(rows), b"".join([rows[0], *rows[2:]]))
    assert (missing.verdict, missing.readings, missing.mac, missing.hour) == ("missing", 1, None, None)
    [doubled] = compare_lines("o", b"".join(rows), b"".join([*rows, rows[0]]))
    assert doubled.verdict == "doubled"


ROWS = [
    b'{"mac":"M%d","timestamp":"2024-01-01T%02d:00:00Z","power_w":%d}' % (m, h, m * h) for m in (1, 2) for h in range(9)
]


@given(st.lists(st.tuples(st.sampled_from(["delete", "double", "alter", "insert"]), st.integers(0, 17)), max_size=8))
def test_counts_are_those_of_the_edits(edits: list[tuple[str, int]]) -> None:
    """Each row is edited at most once; what was done to it is what is found of it."""
    verdicts = {"delete": "missing", "double": "doubled", "alter": "altered", "insert": "extra"}
    done = {place: kind for kind, place in edits}
    expected_counts = Counter(verdicts[kind] for kind in done.values())
    found = []
    for place, row in enumerate(ROWS):
        match done.get(place):
            case "delete":
                continue
            case "double":
                found += [row, row]
            case "alter":
                found += [row[:-1] + b"77}"]
            case "insert":
                found += [row, row.replace(b"M", b"X")]
            case _:
                found += [row]
    counts: Counter[str] = Counter()
    for each in compare_lines("o", b"\n".join(ROWS) + b"\n", b"\n".join(found) + b"\n" * bool(found)):
        counts[each.verdict] += each.readings
    assert counts == expected_counts


@given(st.binary(max_size=300), st.integers(0, 250), st.integers(0, 80))
def test_no_damage_is_too_much(garbage: bytes, begin: int, length: int) -> None:
    """Whatever bytes replace whatever part: a difference is told, and nothing is raised."""
    content = b"".join(ALL)
    found = content[:begin] + garbage + content[begin + length :]
    assert bool(compare_lines("o", content, found)) == (found != content)
