"""Differences told to people and machines."""

from __future__ import annotations

import contextlib
import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from wattif.answers.reconcile.differences import MOST_LINES, Difference, Tally, text_of
from wattif.answers.reconcile.outputs import JsonOutput, ParquetOutput
from wattif.errors import WattIfError

HOUR = datetime(2024, 1, 1, 5, tzinfo=UTC)
ALTERED = Difference("dt=2024-01-01/a.json", "02:AA", HOUR, "power_w", "altered", 1, "1", "2")
EXPLAINED = Difference("readings", None, None, None, "missing", 12, None, None, cause="drop")


def _tally(*differences: Difference) -> Tally:
    tally = Tally()
    for each in differences:
        tally.add(each)
    return tally


def test_few_differences_are_a_line_each() -> None:
    tally = _tally(ALTERED, EXPLAINED)
    assert [line.split() for line in tally.to_text().splitlines()] == [
        ["verdict", "object", "meter", "hour", "column", "readings", "expected", "found", "cause"],
        ["altered", "dt=2024-01-01/a.json", "02:AA", "2024-01-01T05", "power_w", "1", "1", "2", "-"],
        ["missing", "readings", "-", "-", "-", "12", "-", "-", "drop"],
    ]
    assert (tally.differences, tally.explained) == (2, 1)


def test_columns_that_say_nothing_are_left_out() -> None:
    extra = Difference("dt=2024-01-01/a\x1b[2J.json", None, None, None, "extra", 0, None, None)
    assert [line.split() for line in _tally(extra).to_text().splitlines()] == [
        ["verdict", "object", "readings"],
        ["extra", "dt=2024-01-01/a·[2J.json", "0"],
    ]


def test_many_differences_are_grouped_by_day() -> None:
    tally = Tally()
    for number in range(30_000):
        day = date(2024, 1, 1) + timedelta(days=number % 30)
        name = f"dt={day}/{number % 60}.json"
        tally.add(
            Difference(name, f"02:{number % 7}", HOUR, None, "missing", 2, None, None, "drop" if day.day == 1 else None)
        )
    lines = tally.to_text().splitlines()
    assert len(lines) == MOST_LINES + 2
    assert lines[1].split() == ["2024-01-01", "missing", "1,000", "2,000", "2", "7", "1,000", "(drop)"]
    assert lines[2].split() == ["2024-01-02", "missing", "1,000", "2,000", "2", "7", "-"]
    assert lines[-1] == "… and 10,000 more on 10 more days"


def test_of_a_table_the_hour_tells_the_day() -> None:
    rows = [Difference("readings", "02:AA", HOUR, None, "missing", 1, None, None)] * (MOST_LINES + 1)
    assert _tally(*rows).to_text().splitlines()[1].split() == ["2024-01-01", "missing", "21", "21", "readings", "1"]


def test_json_is_one_document() -> None:
    out = io.StringIO()
    with JsonOutput() as output:
        output.print({"differences": 0}, out)
        assert orjson.loads(out.getvalue()) == {"summary": {"differences": 0}, "differences": []}
    out = io.StringIO()
    with JsonOutput() as output:
        for _ in range(100_000):  # more than is kept in memory
            output.add(ALTERED)
        output.add(EXPLAINED)
        output.print({}, out)
    found = orjson.loads(out.getvalue())["differences"]
    assert len(found) == 100_001
    assert found[-2] == {
        "place": "dt=2024-01-01/a.json",
        "mac": "02:AA",
        "hour": "2024-01-01T05:00:00Z",
        "column": "power_w",
        "verdict": "altered",
        "readings": 1,
        "expected": "1",
        "found": "2",
        "cause": None,
    }
    assert found[-1]["cause"] == "drop"


def test_parquet_holds_every_difference_and_says_what_its_columns_are(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    with ParquetOutput(path) as output:
        for _ in range(60_000):  # more than a group of rows
            output.add(ALTERED)
        output.add(EXPLAINED)
        assert not path.exists()  # nothing half written
    table = pq.read_table(path)
    assert table.num_rows == 60_001
    assert table.slice(59_999).to_pylist() == [
        {
            "place": "dt=2024-01-01/a.json",
            "mac": "02:AA",
            "hour": HOUR,
            "column": "power_w",
            "verdict": "altered",
            "readings": 1,
            "expected": "1",
            "found": "2",
            "cause": None,
        },
        {
            "place": "readings",
            "mac": None,
            "hour": None,
            "column": None,
            "verdict": "missing",
            "readings": 12,
            "expected": None,
            "found": None,
            "cause": "drop",
        },
    ]
    assert all(field.metadata[b"description"] for field in table.schema)
    assert [path.name for path in tmp_path.iterdir()] == ["d.parquet"]


def test_parquet_without_differences_is_an_empty_table(tmp_path: Path) -> None:
    with ParquetOutput(tmp_path / "d.parquet"):
        pass
    assert pq.read_table(tmp_path / "d.parquet").num_rows == 0


def test_parquet_is_not_left_half_written(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    with contextlib.suppress(WattIfError), ParquetOutput(path) as output:
        output.add(ALTERED)
        raise WattIfError("the lake does not answer")
    assert not path.exists()


def test_a_parquet_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(WattIfError, match=r"`differences` .*: cannot be written: .*; name another file"):
        ParquetOutput(tmp_path / "gone" / "d.parquet")


def test_text_of_any_bytes_is_short_and_can_be_written_anywhere() -> None:
    assert text_of(b"a\xff\x00\n") == "a\\xff\x00"
    assert len(text_of(b"\xff" * 1_000_000)) == 201
    text_of(b"\xf0\x9f" * 500).encode()
