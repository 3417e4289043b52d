"""The scorecard, against a scan of two meters over two days that was counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.warehouses import score
from wattif.errors import LakeError, WarehouseError
from wattif.lake import layout
from wattif.tables import anomaly_labels
from wattif.tables.arrow import arrow_schema
from wattif.verdict.score import EITHER, score_scan
from wattif.verdict.scorecard import Scorecard
from wattif.warehouse.duckdb_warehouse import DuckDBWarehouse
from wattif.warehouse.tables import ANOMALIES, LOADS, SCANS

A, B, C = "02:00:00:00:00:0A", "02:00:00:00:00:0B", "02:00:00:00:00:0C"


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 1, day, hour, minute, tzinfo=UTC)


def _label(mac: str, kind: str, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "event_id": f"meter-{mac}",
        "meter": 0,
        "mac": mac,
        "transformer": 0,
        "city_id": "manila",
        "kind": kind,
        "start": start,
        "end": end,
        "parameters": "{}",
        "energy_wh": Decimal(0),
        "not_registered_wh": Decimal(0),
        "severity": 0.0,
        "risk_band": "Low",
        "visible_in": "consumption",
        "expected_auc": None,
    }


# From 9:30 to 12:00 the hours of 9, 10 and 11; the other began before what was judged and has its first four hours, of
# which one has no verdict. The third is of a day that was never loaded.
LABELS = pa.Table.from_pylist(
    [
        _label(A, "dead", _at(9, 9, 30), _at(9, 12)),
        _label(B, "rollover", _at(1, 0), _at(8, 4)),
        _label(C, "dead", _at(10, 0), _at(10, 5)),
    ],
    schema=arrow_schema(anomaly_labels.TABLE.columns),
)
FLAGS = {
    "AVG": [(A, _at(9, 10)), (A, _at(9, 11)), (A, _at(9, 12)), (B, _at(8, 5))],  # two right, two wrong
    "MAX": [(A, _at(9, 10)), (A, _at(9, 9))],  # both right, one of them new
}


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDBWarehouse]:
    with_tables = DuckDBWarehouse(tmp_path / "lake" / "wattif.duckdb", create=True)
    for table in (ANOMALIES, SCANS, LOADS):
        with_tables.create_table(table)
    for day in (8, 9):
        with_tables.execute(f"INSERT INTO {LOADS.name} (dt, dataset) VALUES (DATE '2024-01-0{day}', 'this one')")
    yield with_tables
    with_tables.close()


def _put_scan(warehouse: DuckDBWarehouse, metric: str, *, threshold: float = 0.99, hours: int = 96) -> None:
    """Two meters over two days, one hour of them without a verdict."""
    days = "DATE '2024-01-01', DATE '2024-01-07', DATE '2024-01-08', DATE '2024-01-09'"
    warehouse.execute(
        f"INSERT INTO {SCANS.name} VALUES ('{metric}', {threshold}, {days}, {hours}, {len(FLAGS[metric])}, 1, 1,"
        " TIMESTAMP '2024-01-10 00:00:00+00')"
    )
    for mac, hour in FLAGS[metric]:
        warehouse.execute(
            f"INSERT INTO {ANOMALIES.name} VALUES ('{mac}', TIMESTAMP '{hour}', '{metric}', 1.0, TRUE, 0.995, 2.0, 3.0)"
        )
    warehouse.execute(
        f"INSERT INTO {ANOMALIES.name} (mac, time_hour_rolled, metric)"
        f" VALUES ('{B}', TIMESTAMP '{_at(8, 2)}', '{metric}')"
    )


@pytest.fixture
def card(warehouse: DuckDBWarehouse) -> Scorecard:
    for metric in FLAGS:
        _put_scan(warehouse, metric)
    return score_scan(warehouse, LABELS)


def test_hours_and_events_are_counted(card: Scorecard) -> None:
    avg, maximum, either = card.metrics
    assert (avg.metric, maximum.metric, either.metric) == ("AVG", "MAX", EITHER)
    assert (avg.flagged_hours, avg.precision, avg.false_alarms) == (4, 0.5, 2)
    assert (maximum.flagged_hours, maximum.precision, maximum.false_alarms) == (2, 1.0, 0)
    assert (either.flagged_hours, either.precision, either.false_alarms) == (5, 0.6, 2)
    for each in card.metrics:
        assert (each.judged_hours, each.no_verdict_hours) == (95, 1)
        assert (each.events, each.found, each.recall) == (2, 1, 0.5)


def test_false_alarms_are_per_meter_and_month_of_720_clean_hours(card: Scorecard) -> None:
    """95 judged hours less three and three of the events are 89."""
    assert card.metrics[0].false_alarms_per_meter_month == pytest.approx(2 / 89 * 720)
    assert card.metrics[1].false_alarms_per_meter_month == 0


def test_kinds_have_recall_delay_and_lift(card: Scorecard) -> None:
    dead, rollover = card.metrics[0].kinds
    assert (dead.kind, dead.events, dead.found, dead.hours, dead.flagged_hours) == ("dead", 1, 1, 3, 2)
    assert dead.delay_h == 1.5  # from 9:30 to the end of the hour of 10
    assert dead.lift == pytest.approx((2 / 3) / (2 / 89))
    assert dead.recall_by_chance == pytest.approx(1 - (87 / 89) ** 3)
    assert dead.hidden_because is None
    assert (rollover.kind, rollover.hours, rollover.found, rollover.delay_h) == ("rollover", 3, 0, None)
    assert rollover.hidden_because == "it shows only in register"
    assert card.metrics[1].kinds[0].delay_h == 0.5
    assert card.metrics[1].kinds[0].lift is None


def test_the_summary_and_the_json_say_the_same(card: Scorecard) -> None:
    document = orjson.loads(orjson.dumps(card))
    assert document["metrics"][0]["kinds"][0]["delay_h"] == 1.5
    assert document["scan_from"] == "2024-01-08"
    summary = card.summary
    assert "judged 2024-01-08 to 2024-01-09 at 0.99" in summary
    assert [line.split()[:3] for line in summary.splitlines() if line.startswith("dead")] == [["dead", "1", "1"]]


def test_metrics_of_different_scans_are_not_added_up(warehouse: DuckDBWarehouse) -> None:
    _put_scan(warehouse, "AVG")
    _put_scan(warehouse, "MAX", threshold=0.95)
    with pytest.raises(WarehouseError, match="over different days or at different thresholds"):
        score_scan(warehouse, LABELS)


def test_nothing_scanned_and_nothing_labelled_say_what_to_do(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="has no scan yet; run 'python -m wattif scan' first"):
        score_scan(warehouse, LABELS)
    with pytest.raises(LakeError, match="generate with `anomaly_rate`"):
        score(lake=tmp_path / "lake")


def test_a_single_metric_without_flags_has_no_precision(warehouse: DuckDBWarehouse) -> None:
    _put_scan(warehouse, "AVG")
    warehouse.execute(f"DELETE FROM {ANOMALIES.name} WHERE TRUE")
    (only,) = score_scan(warehouse, LABELS).metrics
    assert (only.flagged_hours, only.precision, only.recall, only.false_alarms) == (0, None, 0.0, 0)


def test_the_picture_is_drawn_and_another_lake_is_refused(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    for metric in FLAGS:
        _put_scan(warehouse, metric)
    warehouse.close()
    document = tmp_path / "lake" / layout.DATASET
    document.parent.mkdir(parents=True)
    document.write_text('{"columns": "mac", "interval": 10, "fingerprint": "this one"}')
    labels = tmp_path / "lake" / anomaly_labels.TABLE.object_name(ending="parquet")
    labels.parent.mkdir(parents=True)
    pq.write_table(LABELS, labels)
    out = tmp_path / "score.png"
    score(lake=tmp_path / "lake", out=out)
    assert out.read_bytes().startswith(b"\x89PNG")
    document.write_text('{"columns": "mac", "interval": 10, "fingerprint": "another"}')
    with pytest.raises(WarehouseError, match="holds the readings of another dataset than"):
        score(lake=tmp_path / "lake")
