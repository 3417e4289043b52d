"""Several events of a meter: labels and readings agree, and registers join from one month to the next."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
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


def _behind_wh(labels: list[Row], seq: int) -> Decimal:
    """What a meter with these *labels* did not count until a reading, or left with an exchanged one."""
    past = [label for label in labels if _seq(label["end"]) <= seq]
    left_mwh = sum(int(orjson.loads(label["parameters"]).get("left_mwh", 0)) for label in past)
    return sum((label["not_registered_wh"] for label in past), Decimal(left_mwh) / 1000)


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
            behind_wh = _behind_wh(labels[mac], seq)
            difference_wh = was["register_kwh"] - reported[mac][seq]["register_kwh"]
            assert abs(difference_wh - behind_wh) < Decimal("1.001"), (mac, seq)
            compared += bool(behind_wh)
    assert compared > 1000


def test_swapped_meters_send_registers_that_know_of_the_others_past(labels: dict[str, list[Row]], rows: Any) -> None:
    true, reported = rows
    macs, compared = {own[0]["meter"]: mac for mac, own in labels.items()}, 0
    for own in labels.values():
        for label in (label for label in own if label["kind"] == "swapped"):
            sent, other = reported[label["mac"]], macs[label["meter"] ^ 1]
            for seq in sent.keys() & set(range(_seq(label["start"]), _seq(label["end"]))):
                assert sent[seq]["consumption_wh"] == true[other][seq]["consumption_wh"]
                behind_wh = _behind_wh(labels[other], seq)
                difference_wh = true[other][seq]["register_kwh"] - sent[seq]["register_kwh"]
                assert abs(difference_wh - behind_wh) < Decimal("1.001")
                compared += bool(behind_wh)
    assert compared > 100


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


def test_a_meter_alone_sends_what_its_partner_measures_though_that_is_not_asked_for() -> None:
    """Also where the fleet ends between the two, and whatever befell the other one before."""
    settings = {**SPAN, "start": "2024-01-01", "end": "2024-02-10"}
    kinds = {"anomaly_rate": "3/month", "anomalies": "swapped=3,theft_scale=1,exchange=1"}
    whole = wattif.read(wattif.Spec(**{**settings, "meters": 60}, **kinds)).read_all()
    odd = wattif.Spec(**{**settings, "meters": 39}, **kinds)
    partners = {
        label["meter"]: orjson.loads(label["parameters"])["partner"]
        for label in wattif.read(odd, "anomaly_labels").read_all().to_pylist()
        if label["kind"] == "swapped"
    }
    assert max(partners) == 38
    for meters in ([38], [13], [7, 8], [21, 22, 24]):
        some = wattif.read(odd, meters=meters).read_all()
        macs = pa.array(dict.fromkeys(some["mac"].to_pylist()))
        assert len(macs) == len(meters)
        of_whole = whole.filter(pc.is_in(whole["mac"], macs))
        assert some.sort_by([("mac", "ascending"), ("seq", "ascending")]) == of_whole.sort_by(
            [("mac", "ascending"), ("seq", "ascending")]
        )


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
