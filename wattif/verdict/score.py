"""`wattif score`: how good a scan was, held against the labels of what went wrong at the meters.

Counted in hours and in events. A flagged hour is right if it is within a labeled event of its meter; an event is
found when at least one of its hours is flagged. Long events are hit by chance alone, too: every recall stands beside
the one that flags strewn at the rate of the false alarms would reach, and the lift says how many times as often the
hours of a kind were flagged as clean ones.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from wattif.errors import LakeError, WarehouseError
from wattif.extras import needs
from wattif.lake.days import stored_dataset
from wattif.lake.open import opened
from wattif.model.anomalies import Kind
from wattif.model.anomaly_kinds import KINDS
from wattif.tables import anomaly_labels
from wattif.tables.hours import HOUR
from wattif.uploader.retrying import RetryPolicy
from wattif.uploader.store import Store
from wattif.verdict.scorecard import KindScore, MetricScore, Scorecard
from wattif.warehouse.open import open_warehouse
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.tables import ANOMALIES, LOADS, SCANS
from wattif.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa

HOURS_PER_MONTH = 720
EITHER = "AVG or MAX"
_VISIBLE = 2.0  # a kind is visible when its hours are flagged so many times as often as clean ones


def score(
    lake: Store | str | Path, place: WarehousePlace, out: Path | None = None, *, retry: RetryPolicy | None = None
) -> Scorecard:
    """Score the last scan in the warehouse at *place* against the lake's labels; draw the card into *out*.

    *retry*: how to retry what does not answer.

    `LakeError` when the lake has no labels, `WarehouseError` when nothing was scanned.
    """
    store = opened(lake, retry=retry)
    labels = read_labels(store)
    warehouse = open_warehouse(place, retry=retry)
    try:
        _check_dataset(warehouse, stored_dataset(store).fingerprint, store.place)
        card = score_scan(warehouse, labels)
    finally:
        warehouse.close()
    if out is not None:
        with needs("plot"):
            from wattif.verdict.score_figure import draw  # matplotlib is slow to import

        draw(card, out)
    return card


def read_labels(store: Store) -> pa.Table:
    """The labels of the lake, of all its days."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    prefix = anomaly_labels.TABLE.prefix
    contents = (store.get_bytes(name) for name in sorted(store.list(prefix)) if name.endswith(".parquet"))
    tables = [pq.ParquetFile(pa.BufferReader(content)).read() for content in contents if content is not None]
    if not tables:
        raise LakeError(
            f"{store.place} holds no label in {prefix}: nothing went wrong at its meters on purpose;"
            " generate with `anomaly_rate`, for example 0.075"
        )
    return pa.concat_tables(tables)


def _check_dataset(warehouse: Warehouse, fingerprint: str, place: str) -> None:
    """What was loaded must come from the lake whose labels are used."""
    warehouse.create_table(LOADS)
    if any(row["dataset"] != fingerprint for row in warehouse.query("SELECT dataset FROM wattif_loads").to_pylist()):
        raise WarehouseError(
            f"{warehouse.place} holds the readings of another dataset than {place}; name the lake that was loaded,"
            " or another `database` or `dataset`"
        )


def score_scan(warehouse: Warehouse, labels: pa.Table) -> Scorecard:
    """Score what the tables of the last scan hold against *labels* (see `wattif.tables.anomaly_labels`)."""
    for table in (SCANS, ANOMALIES, LOADS):
        warehouse.create_table(table)
    scans = warehouse.query(f"SELECT * FROM {SCANS.name} ORDER BY metric").to_pylist()
    if not scans:
        raise WarehouseError(f"{warehouse.place}: has no scan yet; run 'python -m wattif scan' first")
    known = ("threshold", "scan_from", "scan_until", "train_from", "train_until")
    spans = {tuple(each[name] for name in known) for each in scans}
    if len(spans) > 1:
        raise WarehouseError(
            f"{warehouse.place}: the metrics were scanned over different days or at different thresholds;"
            " run 'python -m wattif scan' once for all of them"
        )
    flags = warehouse.query(f"SELECT mac, {HOUR.name} AS hour, metric, is_anomaly FROM {ANOMALIES.name}")
    days = warehouse.query(f"SELECT dt FROM {LOADS.name}")
    threshold, scan_from, scan_until, *_ = spans.pop()
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("flags", flags)
        database.register("labels", labels)
        database.register("days", days)
        database.execute(_EVENT_HOURS, {"scan_from": scan_from, "scan_until": scan_until})
        metrics = [_metric(database, str(scan["metric"]), [scan]) for scan in scans]
        if len(scans) > 1:
            metrics.append(_metric(database, EITHER, scans))
    return Scorecard(
        place=warehouse.place,
        threshold=threshold,
        scan_from=str(scan_from),
        scan_until=str(scan_until),
        metrics=tuple(metrics),
    )


# The hours of each event on the judged days that were loaded; an event in the middle of an hour touches all of it.
_EVENT_HOURS = """
CREATE TABLE event_hours AS
SELECT mac, kind, greatest(start, $scan_from::DATE::TIMESTAMPTZ) AS start, hour
FROM (
  SELECT mac, kind, start, unnest(generate_series(
    greatest(date_trunc('hour', start), $scan_from::DATE::TIMESTAMPTZ),
    least(date_trunc('hour', "end" - INTERVAL 1 MICROSECOND), $scan_until::DATE::TIMESTAMPTZ + INTERVAL 23 HOUR),
    INTERVAL 1 HOUR)) AS hour
  FROM labels
)
WHERE hour::DATE IN (SELECT dt FROM days)
"""

# What any of the metrics flagged, and what none of them judged.
_HITS = """
CREATE OR REPLACE TEMP TABLE hits AS
SELECT DISTINCT mac, hour FROM flags WHERE is_anomaly AND list_contains($wanted, metric)
"""
_UNJUDGED = """
CREATE OR REPLACE TEMP TABLE unjudged AS
SELECT mac, hour FROM flags WHERE is_anomaly IS NULL AND list_contains($wanted, metric)
GROUP BY ALL HAVING count(DISTINCT metric) = len($wanted)
"""

# Each event with its judged hours, and what was flagged of them.
_EVENTS = """
SELECT kind, count(*) AS hours, count(hits.hour) AS flagged,
       date_diff('minute', min(start), min(hits.hour)) / 60.0 + 1 AS delay_h
FROM event_hours ANTI JOIN unjudged USING (mac, hour) LEFT JOIN hits USING (mac, hour)
GROUP BY mac, kind, start
"""


def _metric(database: duckdb.DuckDBPyConnection, name: str, scans: Sequence[dict[str, Any]]) -> MetricScore:
    """The score of one metric, or of the hours that any of several flagged."""
    wanted = {"wanted": [scan["metric"] for scan in scans]}
    for statement in (_HITS, _UNJUDGED):
        database.execute(statement, wanted)
    events = database.execute(_EVENTS).fetchall()
    ((flagged, unjudged),) = database.execute(
        "SELECT (SELECT count(*) FROM hits), (SELECT count(*) FROM unjudged)"
    ).fetchall()
    judged = int(scans[0]["hours"]) - unjudged
    right = sum(event[2] for event in events)
    clean_hours = judged - sum(event[1] for event in events)
    false_alarms = flagged - right
    false_alarm_rate = false_alarms / clean_hours if clean_hours else 0.0
    kinds = tuple(_kinds(events, false_alarm_rate))
    found = sum(each.found for each in kinds)
    return MetricScore(
        metric=name,
        judged_hours=judged,
        no_verdict_hours=unjudged,
        flagged_hours=flagged,
        precision=right / flagged if flagged else None,
        events=len(events),
        found=found,
        recall=found / len(events) if events else None,
        false_alarms=false_alarms,
        false_alarms_per_meter_month=false_alarm_rate * HOURS_PER_MONTH,
        kinds=kinds,
    )


def _kinds(events: Sequence[tuple[Any, ...]], false_alarm_rate: float) -> Iterable[KindScore]:
    """The score of each kind that occurs, in the order of the registry."""
    for kind_id, kind in KINDS.items():
        own = [event for event in events if event[0] == kind_id]
        if not own:
            continue
        found = [event for event in own if event[2]]
        delays = [max(float(event[3]), 0.0) for event in found]
        chance = sum(1.0 - (1.0 - false_alarm_rate) ** event[1] for event in own) / len(own)
        recall = len(found) / len(own)
        hours, flagged = sum(event[1] for event in own), sum(event[2] for event in own)
        lift = flagged / hours / false_alarm_rate if false_alarm_rate else None
        visible = lift >= _VISIBLE if lift is not None else flagged > 0
        yield KindScore(
            kind=kind_id,
            events=len(own),
            found=len(found),
            recall=recall,
            recall_by_chance=chance,
            hours=hours,
            flagged_hours=flagged,
            lift=lift,
            delay_h=statistics.median(delays) if delays else None,
            hidden_because=None if visible else _reason(kind),
        )


def _reason(kind: Kind) -> str:
    if "consumption" not in kind.visible_in:
        return f"it shows only in {kind.visible_in}"
    return kind.hidden_from_hours or "its effect is lost in the scatter of the hours"
