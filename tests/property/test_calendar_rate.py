"""Several events of a meter: labels and readings agree, and registers join from one month to the next."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import orjson
import pyarrow as pa
import pytest

import wattif

COLUMNS = (
    "mac,timestamp,consumption_wh,power_w,voltage_v,current_a,power_factor,frequency_hz,register_kwh,status,"
    "export_wh,export_register_kwh,seq"
)
START = datetime(2024, 1, 1)
SPAN: dict[str, Any] = {
    "start": "2024-01-20",
    "end": "2024-03-10",
    "meters": 60,
    "interval": 3600,
    "columns": COLUMNS,
    "solar_share": 0.3,
}
Row = dict[str, Any]


def _rows(spec: wattif.Spec) -> dict[str, dict[int, Row]]:
    """The rows by MAC and number of their interval; numbers in units of the last digit."""
    rows: dict[str, dict[int, Row]] = defaultdict(dict)
    for row in wattif.read(spec, numbers="scaled").read_all().to_pylist():
        rows[row["mac"]][row["seq"]] = row
    return rows


def _seq(moment: datetime) -> int:
    return int((moment.replace(tzinfo=None) - START).total_seconds()) // 3600


@pytest.fixture(scope="module")
def spec() -> wattif.Spec:
    return wattif.Spec(**SPAN, anomaly_rate="1.6/month")


@pytest.fixture(scope="module")
def labels(spec: wattif.Spec) -> dict[str, list[Row]]:
    """In order of time, by MAC."""
    found: pa.Table = wattif.read(spec, "anomaly_labels", numbers="decimal").read_all()
    of_meter = defaultdict(list)
    for row in sorted(found.to_pylist(), key=lambda row: row["start"]):
        of_meter[row["mac"]].append(row)
    return of_meter


@pytest.fixture(scope="module")
def rows(spec: wattif.Spec) -> tuple[dict[str, dict[int, Row]], dict[str, dict[int, Row]]]:
    """As it was, and as it is reported."""
    return _rows(wattif.Spec(**SPAN)), _rows(spec)


def test_a_meter_has_many_events(labels: dict[str, list[Row]]) -> None:
    assert Counter(map(len, labels.values())).most_common(1)[0][0] >= 4
    for own in labels.values():
        assert all(one["end"] <= other["start"] for one, other in pairwise(own))


def test_rows_differ_only_where_a_label_says_so(labels: dict[str, list[Row]], rows: Any) -> None:
    true, reported = rows
    for mac, of_meter in true.items():
        inside = {seq for label in labels[mac] for seq in range(_seq(label["start"]), _seq(label["end"]))}
        for seq in of_meter.keys() - inside:
            was, says = dict(of_meter[seq]), dict(reported[mac][seq])
            for register in ("register_kwh", "export_register_kwh"):
                del was[register], says[register]
            assert was == says


def test_registers_are_behind_by_all_that_was_not_registered(labels: dict[str, list[Row]], rows: Any) -> None:
    """The month before `start` included; to the watt-hour that a register shows."""
    true, reported = rows
    compared = 0
    for mac, of_meter in true.items():
        for seq, was in of_meter.items():
            if any(_seq(label["start"]) <= seq < _seq(label["end"]) for label in labels[mac]):
                continue
            behind_wh = sum(label["not_registered_wh"] for label in labels[mac] if _seq(label["end"]) <= seq)
            difference_wh = was["register_kwh"] - reported[mac][seq]["register_kwh"]
            assert abs(difference_wh - behind_wh) < Decimal("1.001"), (mac, seq)
            compared += bool(behind_wh)
    assert compared > 1000


def test_energies_of_labels_are_sums_of_rows(labels: dict[str, list[Row]], rows: Any) -> None:
    """Of all events that lie within the span, whatever else befell their meter."""
    true, reported = rows
    within = [label for own in labels.values() for label in own if _seq(label["start"]) >= 19 * 24]
    within = [label for label in within if _seq(label["end"]) <= 70 * 24]
    assert len(within) > 60
    for label in within:
        mac, span = label["mac"], range(_seq(label["start"]), _seq(label["end"]))
        energy_mwh = sum(true[mac][seq]["consumption_wh"] for seq in span)
        assert Decimal(energy_mwh) / 1000 == label["energy_wh"]
        # what is not sent, or shown otherwise, was registered all the same
        if not label["visible_in"].startswith(("rows", "all values")):
            said_mwh = sum(reported[mac][seq]["consumption_wh"] for seq in span)
            assert Decimal(energy_mwh - said_mwh) / 1000 == label["not_registered_wh"], label


def test_no_day_depends_on_where_the_dataset_begins_or_ends(rows: Any) -> None:
    reported = rows[1]
    for start, end in (("2024-01-31", "2024-02-02"), ("2024-01-20", "2024-01-20"), ("2024-01-01", "2024-02-03")):
        other = _rows(wattif.Spec(**{**SPAN, "start": start, "end": end}, anomaly_rate="1.6/month"))
        for mac, of_meter in other.items():
            for seq in of_meter.keys() & reported[mac].keys():
                assert of_meter[seq] == reported[mac][seq]
            own_days = range(max(_seq(datetime.fromisoformat(start)), 19 * 24), _seq(datetime.fromisoformat(end)) + 24)
            assert {seq for seq in reported[mac] if seq in own_days} == {seq for seq in of_meter if seq in own_days}


def test_days_of_labels_can_be_asked_for(spec: wattif.Spec, labels: dict[str, list[Row]]) -> None:
    some = wattif.read(spec, "anomaly_labels", first_day="2024-02-03", days=4, columns=["event_id", "meter", "start"])
    days = [f"2024-02-0{day}" for day in (3, 4, 5, 6)]
    wanted = {
        (label["event_id"], label["meter"])
        for own in labels.values()
        for label in own
        if f"{label['start']:%Y-%m-%d}" in days
    }
    assert {(row["event_id"], row["meter"]) for row in some.read_all().to_pylist()} == wanted
    assert wanted


def test_a_register_rolls_over_when_its_label_says_so_whatever_was_lost_before() -> None:
    spec = wattif.Spec(
        **{**SPAN, "start": "2024-01-01", "columns": "mac,seq,consumption_wh,register_kwh"},
        anomaly_rate="4/month",
        anomalies="theft_scale=2,rollover=1",
    )
    rows, behind = _rows(spec), Counter[str]()
    rolled = 0
    labels = wattif.read(spec, "anomaly_labels", numbers="scaled").read_all().to_pylist()
    for label in sorted(labels, key=lambda label: label["start"]):
        sizes = orjson.loads(label["parameters"])
        of_meter = rows[label["mac"]]
        if "restart_s" in sizes and (seq := _seq(datetime.fromtimestamp(sizes["restart_s"], UTC))) in of_meter:
            energy_mwh, register_wh = of_meter[seq]["consumption_wh"], of_meter[seq]["register_kwh"]
            assert register_wh == energy_mwh // 1000
            rolled += behind[label["mac"]] > 0
        behind[label["mac"]] += label["not_registered_wh"]
    assert rolled > 20
