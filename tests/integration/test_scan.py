"""`wattif scan` with DuckDB: what is flagged, what is not, and what has no verdict."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.asking import Asked, generate
from tests.warehouses import load, rollup, rows, scan
from wattif.errors import UsageError, WarehouseError
from wattif.verdict.scan import ScanReport
from wattif.warehouse.duckdb_warehouse import DuckDBWarehouse
from wattif.warehouse.tables import HOURLY, LOADS

FIRST = date(2024, 1, 1)  # a Monday
START = datetime(2024, 1, 1, tzinfo=UTC)


def _macs(count: int) -> list[str]:
    return [f"02:00:00:00:{n // 256:02X}:{n % 256:02X}" for n in range(count)]


def _write(file: Path, values: NDArray[np.float64]) -> None:
    """Hours of the metric AVG, (meters, hours), from `FIRST` on; MAX is twice as much. NaN: no reading came."""
    warehouse = DuckDBWarehouse(file, create=True)
    for table in (LOADS, HOURLY):
        warehouse.create_table(table)
    warehouse.close()
    meters, hours = values.shape
    with duckdb.connect(str(file)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for day in range(hours // 24):
            connection.execute(
                "INSERT INTO wattif_loads (dt, rolled_up) VALUES (?, TRUE)", [FIRST + timedelta(days=day)]
            )
        flat = {
            "meter": np.repeat(np.arange(meters), hours),
            "hour": np.tile(np.arange(hours), meters),
            "value": values.ravel(),
        }
        names = {"name": np.array(_macs(meters)), "number": np.arange(meters)}
        connection.register("flat", flat)
        connection.register("names", names)
        connection.execute(
            "INSERT INTO smart_meter_readings_hour_rolled SELECT name, TIMESTAMPTZ '2024-01-01 00:00:00+00' +"
            " to_hours(hour::INTEGER), value * 6, value, 2 * value, 6 FROM flat JOIN names ON meter = number"
            " WHERE NOT isnan(value)"
        )


def _homes(meters: int, days: int, seed: int = 1) -> NDArray[np.float64]:
    """A day with an evening, a level for each meter, and chance with a heavy tail."""
    chance = np.random.default_rng(seed)
    hour = np.arange(days * 24)
    shape = 1.3 - np.cos(2 * np.pi * (hour % 24 - 5) / 24) + 0.3 * (hour // 24 % 7 >= 5)
    level = chance.uniform(1, 10, (meters, 1))
    values: NDArray[np.float64] = level * shape * np.exp(0.3 * chance.standard_t(6, (meters, days * 24)))
    return values


def _scan(file: Path, **options: Any) -> ScanReport:
    return scan(database=file, **options)


def _verdicts(file: Path, metric: str = "AVG") -> dict[tuple[str, datetime], bool | None]:
    found = rows(file, f"SELECT mac, time_hour_rolled, is_anomaly FROM smart_meter_anomalies WHERE metric = '{metric}'")
    return {(mac, hour): verdict for mac, hour, verdict in found}


@pytest.mark.parametrize("days", [14, 20, 42])
@pytest.mark.parametrize("threshold", [0.9, 0.99])
def test_false_alarms_are_as_rare_as_the_threshold_says(tmp_path: Path, days: int, threshold: float) -> None:
    file = tmp_path / "x.duckdb"
    _write(file, _homes(100, days))
    report = _scan(file, threshold=threshold)
    for metric in report.metrics:
        assert metric.hours == 100 * 24 * (days - (days // 2))
        assert metric.no_verdict == 0
        assert 0.5 < metric.anomalies / metric.hours / (1 - threshold) < 1.6
    assert report.window.scan_from == FIRST + timedelta(days=days // 2)


def test_a_clean_city_raises_few_alarms(tmp_path: Path) -> None:
    asked = Asked.model_validate(
        {
            "start": FIRST,
            "end": FIRST + timedelta(days=13),
            "meters": 100,
            "interval": 900,
            "lake": tmp_path / "lake",
            "columns": "mac,timestamp,consumption_wh",
            "staging_dir": tmp_path,
        }
    )
    generate(asked, Event())
    load(lake=asked.lake)
    rollup(lake=asked.lake)
    report = scan(lake=asked.lake)
    assert [metric.metric for metric in report.metrics] == ["AVG", "MAX"]
    for metric in report.metrics:
        assert metric.hours == 100 * 7 * 24
        assert 0.003 < metric.anomalies / metric.hours < 0.03


def test_a_dead_meter_and_a_spike_are_flagged(tmp_path: Path) -> None:
    values = _homes(50, 28)
    values[3, 20 * 24 : 22 * 24] = 0.0
    values[7, 25 * 24 + 4] *= 30
    _write(tmp_path / "x.duckdb", values)
    _scan(tmp_path / "x.duckdb", metrics="avg")
    verdicts, macs = _verdicts(tmp_path / "x.duckdb"), _macs(50)
    assert all(verdicts.get((macs[3], START + timedelta(hours=hour))) for hour in range(20 * 24, 22 * 24))
    assert verdicts[macs[7], START + timedelta(hours=25 * 24 + 4)] is True
    assert not _verdicts(tmp_path / "x.duckdb", "MAX")


def test_hours_that_are_judged_teach_nothing(tmp_path: Path) -> None:
    calm, wild = _homes(30, 28), _homes(30, 28)
    wild[:15, 14 * 24 :] *= 50
    _write(tmp_path / "calm.duckdb", calm)
    _write(tmp_path / "wild.duckdb", wild)
    for name in ("calm", "wild"):
        _scan(tmp_path / f"{name}.duckdb", metrics="AVG")
    untouched = set(_macs(30)[15:])
    kept = [{key for key in _verdicts(tmp_path / f"{name}.duckdb") if key[0] in untouched} for name in ("calm", "wild")]
    assert kept[0] == kept[1] != set()


def test_hours_without_readings_and_meters_without_training_have_no_verdict(tmp_path: Path) -> None:
    values = _homes(20, 28)
    values[2, 20 * 24 + 5 : 20 * 24 + 9] = np.nan  # a dead line
    values[4, : 14 * 24] = np.nan  # a new meter
    values[5, 15 * 24 :] = np.nan  # gone for good
    _write(tmp_path / "x.duckdb", values)
    report = _scan(tmp_path / "x.duckdb")
    assert [(each.hours, each.no_verdict, each.without_value) for each in report.metrics] == [
        (20 * 14 * 24, 4 + 14 * 24 + 13 * 24, 4 + 13 * 24)
    ] * 2
    verdicts, macs = _verdicts(tmp_path / "x.duckdb", "MAX"), _macs(20)
    silent = {hour for (mac, hour), verdict in verdicts.items() if mac == macs[2] and verdict is None}
    assert silent == {START + timedelta(hours=20 * 24 + hour) for hour in (5, 6, 7, 8)}
    values_of_new = rows(
        tmp_path / "x.duckdb", f"SELECT count(*), count(value) FROM smart_meter_anomalies WHERE mac = '{macs[4]}'"
    )
    assert values_of_new == [(2 * 14 * 24, 2 * 14 * 24)]
    assert "no verdict on 652, 316 of them without a value" in report.summary


def test_days_that_are_not_loaded_are_not_expected(tmp_path: Path) -> None:
    values = _homes(10, 21)
    values[:, 16 * 24 : 18 * 24] = np.nan
    _write(tmp_path / "x.duckdb", values)
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("DELETE FROM wattif_loads WHERE dt IN ('2024-01-17', '2024-01-18')")
    report = _scan(tmp_path / "x.duckdb", train_until="2024-01-14")
    assert [(each.hours, each.no_verdict) for each in report.metrics] == [(10 * 5 * 24, 0)] * 2


def test_a_flagged_hour_lies_outside_its_bounds(tmp_path: Path) -> None:
    _write(tmp_path / "x.duckdb", _homes(50, 28))
    _scan(tmp_path / "x.duckdb", threshold=0.95)
    found = rows(
        tmp_path / "x.duckdb",
        "SELECT value < lower_bound OR value > upper_bound, anomaly_probability FROM smart_meter_anomalies"
        " WHERE is_anomaly",
    )
    assert len(found) > 1000
    assert all(outside and probability > 0.95 for outside, probability in found)


def test_a_second_scan_replaces_the_first_of_its_metrics(tmp_path: Path) -> None:
    file = tmp_path / "x.duckdb"
    _write(file, _homes(30, 21))
    _scan(file, threshold=0.9)
    few = _scan(file, metrics="MAX").metrics[0]
    assert len(_verdicts(file, "MAX")) == few.anomalies
    assert rows(file, "SELECT metric, threshold FROM smart_meter_scans ORDER BY metric") == [
        ("AVG", 0.9),
        ("MAX", 0.99),
    ]
    assert len(_verdicts(file, "AVG")) > 5 * few.anomalies
    assert not rows(file, "SELECT * FROM information_schema.tables WHERE table_name LIKE 'wattif_verdicts%'")


@pytest.mark.parametrize("train_days", [14, 21])
def test_the_verdicts_are_those_of_the_documented_formula(tmp_path: Path, train_days: int) -> None:
    """Computed here hour by hour, as docs/warehouse.md says it, with the statistics module."""
    values = _homes(6, train_days + 2)
    values[2, :] = 0.0  # a meter without any consumption
    values[3, 40] = np.nan
    _write(tmp_path / "x.duckdb", values)
    _scan(tmp_path / "x.duckdb", metrics="AVG", threshold=0.5, train_until=FIRST + timedelta(days=train_days - 1))

    def season(hour: int) -> tuple[int, int]:
        weekday = hour // 24 % 7
        return (weekday if train_days >= 21 else int(weekday >= 5)), hour % 24

    centre, spread, base, distances = {}, {}, {}, []
    for meter in range(6):
        trained = [hour for hour in range(train_days * 24) if not math.isnan(values[meter, hour])]
        base[meter] = max(0.05 * statistics.fmean(values[meter, hour] for hour in trained), 0.001)
        sizes = defaultdict(list)
        for hour in trained:
            sizes[season(hour)].append(math.log(values[meter, hour] + base[meter]))
        left_out = {
            key: [abs(x - statistics.median(group[:n] + group[n + 1 :])) for n, x in enumerate(group)]
            for key, group in sizes.items()
        }
        whole = 1.4826 * statistics.median(x for group in left_out.values() for x in group)
        for key, group in sizes.items():
            centre[meter, key] = statistics.median(group)
            mad = 1.4826 * statistics.median(abs(x - centre[meter, key]) for x in group)
            n = len(group)
            spread[meter, key] = max(math.sqrt((n * mad**2 + 48 * whole**2) / (n + 48)), 0.02)
            distances += [x / spread[meter, key] for x in left_out[key]]
    middle, far = (float(np.quantile(distances, share)) for share in (0.5, 0.95))
    shape = math.log(math.log(20) / math.log(2)) / math.log(far / middle)
    width = middle / math.log(2) ** (1 / shape)
    expected = {}
    for meter, mac in enumerate(_macs(6)):
        for hour in range(train_days * 24, train_days * 24 + 48):
            place = (meter, season(hour))
            z = abs(math.log(values[meter, hour] + base[meter]) - centre[place]) / spread[place]
            probability = 1 - math.exp(-((z / width) ** shape))
            if probability > 0.5:
                reach = width * math.log(2) ** (1 / shape) * spread[place]
                bounds = (
                    max(math.exp(centre[place] - reach) - base[meter], 0),
                    math.exp(centre[place] + reach) - base[meter],
                )
                expected[mac, START + timedelta(hours=hour)] = (probability, *bounds)
    found = rows(
        tmp_path / "x.duckdb",
        "SELECT mac, time_hour_rolled, anomaly_probability, lower_bound, upper_bound FROM smart_meter_anomalies",
    )
    assert {(mac, hour) for mac, hour, *_ in found} == set(expected)
    for mac, hour, *rest in found:
        assert rest == pytest.approx(expected[mac, hour], rel=1e-7, abs=1e-9)


def test_too_few_days_to_learn_from(tmp_path: Path) -> None:
    _write(tmp_path / "x.duckdb", _homes(3, 9))
    for options in ({"train_until": "2024-01-05"}, {"scan_from": "2024-01-04"}):
        with pytest.raises(
            UsageError, match=r"days are too few to learn from: 7 are needed; the warehouse holds 9 days"
        ):
            _scan(tmp_path / "x.duckdb", **options)
    assert _scan(tmp_path / "x.duckdb").window.scan_from == date(2024, 1, 8)


def test_no_day_is_left_to_judge(tmp_path: Path) -> None:
    _write(tmp_path / "x.duckdb", _homes(3, 7))
    with pytest.raises(UsageError, match=r"no day is left to judge.*load more days"):
        _scan(tmp_path / "x.duckdb")


def test_days_that_wait_for_their_rollup(tmp_path: Path) -> None:
    _write(tmp_path / "x.duckdb", _homes(3, 14))
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("UPDATE wattif_loads SET rolled_up = FALSE WHERE dt = '2024-01-14'")
    with pytest.raises(WarehouseError, match=r"lacks 1 of 14 loaded days.*run 'python -m wattif rollup' first"):
        _scan(tmp_path / "x.duckdb")
