"""Lakes in which things go wrong at a rate in calendar time: they grow day by day, and what is there stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import wattif
from tests.asking import Asked, generate
from tests.lakes import objects
from tests.reconciling import report_of
from wattif.answers.expect import expect
from wattif.errors import LakeError
from wattif.tables import anomaly_labels

LABELS = anomaly_labels.TABLE.prefix
DATASET = "_wattif/dataset.json"
SPAN: dict[str, Any] = {
    "start": "2024-01-27",
    "end": "2024-02-03",
    "meters": 45,
    "meters_per_file": 15,
    "interval": 900,
    "columns": "mac,timestamp,consumption_wh,register_kwh,voltage_v,status",
    "anomaly_rate": "1.5/month",
    "anomalies": "all",
}


@pytest.fixture
def asked(tmp_path: Path) -> Callable[..., Asked]:
    (tmp_path / "staging").mkdir()

    def make(**changes: Any) -> Asked:
        return Asked(**{**SPAN, "lake": tmp_path / "lake", "staging_dir": tmp_path / "staging", **changes})

    return make


def _labels(lake: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((lake / LABELS).iterdir())}


def _rows_of(lake: Path) -> list[tuple[Any, ...]]:
    """The labels as DuckDB reads them."""
    return duckdb.execute(f"SELECT * FROM read_parquet('{lake / LABELS}/*.parquet') ORDER BY start, meter").fetchall()


def test_a_lake_that_grew_is_the_one_that_was_made_at_once(asked: Callable[..., Asked], tmp_path: Path) -> None:
    """In four runs, across the border of a month; no object of an earlier one is touched."""
    whole = asked(lake=tmp_path / "whole")
    generate(whole)
    before: dict[str, str] = {}
    for span in (
        {"end": "2024-01-30"},
        {"start": "2024-01-31", "end": "2024-01-31"},
        {"start": "2024-01-29", "end": "2024-02-02"},
        {},
    ):
        generate(asked(**span))
        now = objects(asked().lake)
        kept = {name: digest for name, digest in before.items() if name != DATASET}
        assert kept.items() <= now.items()
        assert len(now) > len(before)
        before = now
    assert before == objects(whole.lake)
    assert len(_labels(whole.lake)) > 20


def test_runs_in_any_order_make_the_same_lake(asked: Callable[..., Asked], tmp_path: Path) -> None:
    """Two machines share a month: the later days are made first, then the earlier ones with a smaller end."""
    whole = asked(lake=tmp_path / "whole")
    generate(whole)
    generate(asked(start="2024-01-30"))
    labels = _labels(asked().lake)
    generate(asked(end="2024-01-29"))
    assert _labels(asked().lake) == labels
    assert objects(asked().lake) == objects(whole.lake)


def test_what_a_run_that_was_killed_left_out_is_made_by_the_next(asked: Callable[..., Asked]) -> None:
    generate(asked())
    made = objects(asked().lake)
    for name in list(_labels(asked().lake))[3:6]:
        (asked().lake / LABELS / name).unlink()
    generate(asked())
    assert objects(asked().lake) == made


def test_labels_come_with_the_day_on_which_their_event_begins(asked: Callable[..., Asked]) -> None:
    """From the first of the month on, whose days the registers know; an event that goes on tells its whole story."""
    generate(asked(end="2024-01-28"))
    rows = wattif.read(asked().spec, "anomaly_labels").read_all().to_pylist()
    for label in rows:
        name = f"{label['start']:%Y-%m-%d}.parquet"
        assert (name in _labels(asked().lake)) == (label["start"].date() <= date(2024, 1, 28)), label
    first = _rows_of(asked().lake)
    generate(asked())
    assert [row for row in _rows_of(asked().lake) if row in first] == first
    assert len(_rows_of(asked().lake)) == len(rows)
    starts, ends = ([label[name].date() for label in rows] for name in ("start", "end"))
    assert min(starts) < date(2024, 1, 27)
    assert max(ends) > date(2024, 2, 3)


def test_a_grown_lake_is_what_it_must_be(asked: Callable[..., Asked], tmp_path: Path) -> None:
    for end in ("2024-01-28", "2024-01-31", "2024-02-01"):
        generate(asked(end=end))
    lake = asked().lake
    for what in ((), ("--deep",), ("--start", "2024-01-28", "--end", "2024-01-31", "--deep")):
        report = report_of("--lake", str(lake), *what)
        assert report.explained, report.differences
    rows = f"read_json('{lake}/dt=*/*.json')"
    duckdb.execute(f"COPY (SELECT * FROM {rows}) TO '{tmp_path}/readings.parquet'")
    report = report_of("--lake", str(lake), "--parquet", str(tmp_path / "readings.parquet"))
    assert report.explained, report.differences
    grown = asked(end="2024-02-01")
    expect(grown.spec, lake)
    hourly = (
        f"SELECT mac, consumption_hour_rolled, readings FROM read_parquet('{lake}/_wattif/expected/measured/hourly/*')"
    )
    ours = (
        f"SELECT mac, sum(consumption_wh::DECIMAL(18, 3)), count(*) FROM {rows}"
        " GROUP BY mac, date_trunc('hour', timestamp)"
    )
    assert duckdb.execute(f"({hourly}) EXCEPT ALL ({ours})").fetchall() == []
    assert duckdb.execute(f"({ours}) EXCEPT ALL ({hourly})").fetchall() == []
    opened = wattif.open(lake)
    assert opened.spec == grown.spec
    assert opened.status().complete
    assert "anomaly_labels" in opened.tables


@pytest.mark.parametrize("deep", [False, True])
def test_labels_that_are_lost_changed_or_of_nothing_are_named(asked: Callable[..., Asked], deep: bool) -> None:
    generate(asked())
    lake = asked().lake
    lost, changed, *_ = names = sorted(name for name in _labels(lake) if name.endswith(".ndjson"))
    (lake / LABELS / lost).unlink()
    text = (lake / LABELS / changed).read_bytes()
    (lake / LABELS / changed).write_bytes(text.replace(b'"meter":', b'"meter":1', 1))
    empty = next(
        name for name in (f"{date(2024, 1, 1) + timedelta(days=n)}.ndjson" for n in range(60)) if name not in names
    )
    (lake / LABELS / empty).write_bytes(b"")
    report = report_of("--lake", str(lake), *(["--deep"] if deep else []))
    assert report.told("verdict", "place") == sorted(
        [("missing", LABELS + lost), ("altered", LABELS + changed), ("extra", LABELS + empty)], key=str
    )


def test_a_share_of_the_meters_does_not_grow_and_says_what_does(asked: Callable[..., Asked]) -> None:
    generate(asked(anomaly_rate=0.3))
    with pytest.raises(LakeError, match=r"share of the meters.*cannot grow.*`anomaly_rate` 0\.05/month"):
        generate(asked(anomaly_rate=0.3, end="2024-02-04"))
    with pytest.raises(LakeError) as other:
        generate(asked(anomaly_rate=0.4, end="2024-02-04"))
    assert "cannot grow" not in str(other.value)


def test_another_rate_is_another_dataset(asked: Callable[..., Asked]) -> None:
    generate(asked())
    for rate in ("1.6/month", "1.5/week", 0.5):
        with pytest.raises(LakeError, match=r"anomalies is '1\.5/month: all' there and"):
            generate(asked(anomaly_rate=rate))
    assert generate(asked(anomaly_rate="1.50/month")).batches_skipped > 0
