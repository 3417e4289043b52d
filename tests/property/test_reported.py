"""Labels and readings agree, both ways: nothing differs but what a label says, and every label has its readings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from tests.asking import Asked
from tests.lakes import file_bytes
from wattif.model.anomalies import Event
from wattif.model.anomaly_kinds import KINDS
from wattif.model.measuring import measure_events
from wattif.model.reported import ReportedDays
from wattif.model.scenario import scenario_of
from wattif.tables import anomaly_labels
from wattif.tables.arrow import partition_table

COLUMNS = (
    "mac,timestamp,consumption_wh,power_w,voltage_v,current_a,power_factor,frequency_hz,register_kwh,status,"
    "export_wh,export_register_kwh,seq"
)
REGISTERS = ("register_kwh", "export_register_kwh")
# registers that jump or read wrongly, consumption that is not seen or shown again
NOT_THE_SUM = (
    *("rollover", "missing", "missing_at_random", "outage", "repeats", "register_zero", "register_digit"),
    *("exchange", "swapped"),
)
Row = dict[str, Any]


def _settings(settings: Callable[..., Asked], **changes: Any) -> Asked:
    values = {
        "start": "2024-01-30",
        "end": "2024-02-04",
        "meters": 300,
        "meters_per_file": 20,
        "interval": 900,
        "columns": COLUMNS,
        "solar_share": 0.4,
        "ev_share": 0.2,
        "city": "manila,berlin",
    }
    return settings(**{**values, **changes})


def _rows(settings: Asked) -> dict[str, dict[int, Row]]:
    """The rows by MAC and number of their interval."""
    rows: dict[str, dict[int, Row]] = {}
    for data in file_bytes(settings).values():
        for line in data.splitlines():
            row = orjson.loads(line)
            of_meter = rows.setdefault(row["mac"], {})
            assert row["seq"] not in of_meter
            of_meter[row["seq"]] = row
    return rows


@pytest.fixture(scope="module")
def any_settings(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Asked]:
    folder = tmp_path_factory.mktemp("reported")

    def make(**changes: Any) -> Asked:
        return Asked(**{"lake": folder / "lake", "staging_dir": folder, **changes})

    return make


@pytest.fixture(scope="module")
def labelled(
    any_settings: Callable[..., Asked],
) -> tuple[list[Row], dict[str, dict[int, Row]], dict[str, dict[int, Row]]]:
    """Labels, true rows, reported rows of a fleet in which something goes wrong at every meter."""
    kinds = ",".join(f"{kind}={8 if KINDS[kind].of_transformer else 4 if KINDS[kind].of_pair else 1}" for kind in KINDS)
    faulty = _settings(any_settings, anomaly_rate=1.0, anomalies=kinds)
    scenario = scenario_of(faulty)
    labels: pa.Table = partition_table(anomaly_labels.TABLE, scenario, len(scenario.fleet.macs))
    return labels.to_pylist(), _rows(_settings(any_settings)), _rows(faulty)


def _seq(moment: datetime) -> int:
    return int((moment - datetime(2024, 1, 1, tzinfo=moment.tzinfo)).total_seconds()) // 900


def test_rows_differ_only_where_a_label_says_so(labelled: Any) -> None:
    labels, true, reported = labelled
    assert len(labels) == 300
    for label in labels:
        inside = range(_seq(label["start"]), _seq(label["end"]))
        for seq, row in true[label["mac"]].items():
            if seq in inside:
                continue
            other = reported[label["mac"]][seq]
            for name, value in row.items():
                if name not in REGISTERS:
                    assert other[name] == value, (label["kind"], seq, name)


def test_registers_are_behind_by_what_the_label_says(labelled: Any) -> None:
    """Before the event not at all, after it by the energy not registered, to the watt-hour that a register shows."""
    labels, true, reported = labelled
    for label in labels:
        for seq, row in true[label["mac"]].items():
            other = reported[label["mac"]].get(seq)
            if other is None or _seq(label["start"]) <= seq < _seq(label["end"]):
                continue
            left_wh = orjson.loads(label["parameters"]).get("left_mwh", 0.0) / 1000  # by a meter that was exchanged
            behind_wh = 0 if seq < _seq(label["start"]) else float(label["not_registered_wh"]) + left_wh
            difference_wh = 1000 * (row["register_kwh"] - other["register_kwh"])
            assert abs(difference_wh - behind_wh) < 1.001, label


def test_the_register_is_the_running_sum_of_what_is_reported(labelled: Any) -> None:
    labels, _, reported = labelled
    for label in labels:
        if label["kind"] in NOT_THE_SUM:
            continue
        rows = [row for _, row in sorted(reported[label["mac"]].items())]
        for register, part in (("register_kwh", "consumption_wh"), ("export_register_kwh", "export_wh")):
            total_wh = 0.0
            for row in rows[1:]:
                total_wh += row[part]
                assert abs(1000 * (row[register] - rows[0][register]) - total_wh) < 1.001, (label["kind"], register)


def test_energies_not_registered_sum_to_the_difference_of_the_consumptions(labelled: Any) -> None:
    """Exactly, in milliwatt-hours; what a meter measured but did not send is not part of it."""
    labels, true, reported = labelled
    for label in labels:
        mac = label["mac"]
        lost_mwh = sum(round(row["consumption_wh"] * 1000) for row in true[mac].values())
        lost_mwh -= sum(round(row["consumption_wh"] * 1000) for row in reported[mac].values())
        if label["kind"] in ("repeats", "swapped"):  # the register counts what flowed, whatever the rows say
            assert label["not_registered_wh"] == 0
            continue
        if label["kind"].startswith("missing"):
            unsent = set(true[mac]) - set(reported[mac])
            lost_mwh -= sum(round(true[mac][seq]["consumption_wh"] * 1000) for seq in unsent)
        assert Decimal(lost_mwh) / 1000 == label["not_registered_wh"], label


def test_the_label_has_the_energy_of_its_span(labelled: Any) -> None:
    labels, true, _ = labelled
    for label in labels:
        span = range(_seq(label["start"]), _seq(label["end"]))
        energy_mwh = sum(round(true[label["mac"]][seq]["consumption_wh"] * 1000) for seq in span)
        assert Decimal(energy_mwh) / 1000 == label["energy_wh"]


def test_every_label_has_its_readings(labelled: Any) -> None:
    """All kinds occur, and each changes or takes away rows inside its span."""
    labels, true, reported = labelled
    assert {label["kind"] for label in labels} == set(KINDS)
    for label in labels:
        own = range(_seq(label["start"]), _seq(label["end"]))
        changed = [seq for seq in own if reported[label["mac"]].get(seq) != true[label["mac"]][seq]]
        assert changed or label["energy_wh"] == 0, label  # a multiple of nothing is nothing


def test_power_current_and_voltage_fit_together(labelled: Any) -> None:
    """P = V * I * power factor, within what the digits allow; no voltage, no current."""
    labels, _, reported = labelled
    for label in labels:
        for row in reported[label["mac"]].values():
            apparent_va = row["voltage_v"] * row["current_a"]
            active_w = abs(row["consumption_wh"] - row["export_wh"]) * 4
            assert abs(apparent_va * row["power_factor"] - active_w) <= 0.03 * active_w + 6, (label["kind"], row)
            assert abs(row["power_w"]) == pytest.approx(
                max(row["consumption_wh"], row["export_wh"] * (row["power_w"] < 0)) * 4, abs=0.51
            )


def test_a_reversed_meter_shows_negative_power_and_counts_export(labelled: Any) -> None:
    labels, true, reported = labelled
    rows = [
        (true[label["mac"]][seq], reported[label["mac"]][seq])
        for label in labels
        if label["kind"] == "reversed_ct"
        for seq in range(_seq(label["start"]), _seq(label["end"]))
    ]
    assert rows
    for was, says in rows:
        assert (says["consumption_wh"], says["export_wh"]) == (was["export_wh"], was["consumption_wh"])
        assert (says["power_w"] < 0) == (was["consumption_wh"] > was["export_wh"] and was["power_w"] > 0)


def test_a_meter_that_repeats_shows_all_that_it_measured_before(labelled: Any) -> None:
    """Every second reading at a quarter of an hour: a row of an odd number shows the values of the one before it."""
    labels, true, reported = labelled
    shown = 0
    for label in labels:
        if label["kind"] == "repeats":
            for seq in range(_seq(label["start"]), _seq(label["end"])):
                measured, row = true[label["mac"]][seq - seq % 2], reported[label["mac"]][seq]
                own = {name: true[label["mac"]][seq][name] for name in ("timestamp", "seq")}
                assert row == {**measured, **own}
                shown += seq % 2
    assert shown > 0


def test_a_reading_that_catches_up_leaves_the_register_unbroken(labelled: Any) -> None:
    labels, true, reported = labelled
    caught_up = [label for label in labels if label["kind"] == "catch_up"]
    assert caught_up
    for label in caught_up:
        sizes = orjson.loads(label["parameters"])
        silent_from = datetime.fromtimestamp(sizes["silent_from_s"], label["start"].tzinfo)
        span, mac = range(_seq(silent_from), _seq(label["end"])), label["mac"]
        assert [seq for seq in span if seq in reported[mac]] == [span[-1]]
        row = reported[mac][span[-1]]
        for name, owed in (("consumption_wh", "owed_mwh"), ("export_wh", "owed_export_mwh")):
            energy_mwh = [round(true[mac][seq][name] * 1000) for seq in span]
            assert (round(row[name] * 1000), sizes[owed]) == (sum(energy_mwh), sum(energy_mwh[:-1]))
        for name in REGISTERS:
            assert row[name] == true[mac][span[-1]][name]
        assert label["not_registered_wh"] == 0


@pytest.mark.parametrize("kind", ["register_zero", "register_digit"])
def test_a_register_reads_wrongly_once(labelled: Any, kind: str) -> None:
    labels, true, reported = labelled
    own = [label for label in labels if label["kind"] == kind]
    assert own
    for label in own:
        (seq,) = range(_seq(label["start"]), _seq(label["end"]))
        was, says = true[label["mac"]][seq], reported[label["mac"]][seq]
        assert {name for name in was if was[name] != says[name]} <= {"register_kwh", "status"}
        if kind == "register_zero":
            assert says["register_kwh"] == 0
        else:
            sizes = orjson.loads(label["parameters"])
            digits, wrong = f"{was['register_kwh']:012.3f}", f"{says['register_kwh']:012.3f}"
            place = digits.index(".") - len(f"{sizes['place_kwh']:.0f}")
            assert [n for n in range(12) if digits[n] != wrong[n]] == [place]
            assert int(wrong[place]) == (int(digits[place]) + sizes["added"]) % 10


def test_an_exchanged_meter_begins_at_zero(labelled: Any) -> None:
    """No rows during the work, of which the energy counts nowhere; the label tells the old registers."""
    labels, true, reported = labelled
    exchanged = [label for label in labels if label["kind"] == "exchange"]
    assert len(exchanged) > 2
    for label in exchanged:
        sizes, mac = orjson.loads(label["parameters"]), label["mac"]
        first, restart, rows = _seq(label["start"]), _seq(label["end"]) - 1, reported[label["mac"]]
        assert datetime.fromtimestamp(sizes["restart_s"], label["end"].tzinfo) == label["end"] - timedelta(minutes=15)
        assert 2 <= restart - first <= 24
        assert [seq for seq in true[mac] if seq not in rows] == list(range(first, restart))
        assert [seq for seq, row in rows.items() if row["status"] == 32] == [restart]
        dark_mwh = sum(round(true[mac][seq]["consumption_wh"] * 1000) for seq in range(first, restart))
        assert Decimal(dark_mwh) / 1000 == label["not_registered_wh"]
        registers = (
            ("register_kwh", "consumption_wh", "left_mwh"),
            ("export_register_kwh", "export_wh", "left_export_mwh"),
        )
        for register, part, left in registers:
            if first - 1 in rows:
                assert rows[first - 1][register] == int(sizes[left]) // 1000 / 1000
            counted_mwh = 0
            for seq in sorted(seq for seq in rows if seq >= restart):
                assert rows[seq][part] == true[mac][seq][part]
                counted_mwh += round(rows[seq][part] * 1000)
                assert rows[seq][register] == counted_mwh // 1000 / 1000


def test_swapped_meters_send_each_others_readings(labelled: Any) -> None:
    labels, true, reported = labelled
    swapped = {label["meter"]: label for label in labels if label["kind"] == "swapped"}
    assert len(swapped) > 3
    for meter, label in swapped.items():
        other = swapped[meter ^ 1]
        assert orjson.loads(label["parameters"]) == {"partner": meter ^ 1}
        assert [label[name] for name in ("event_id", "start", "end")] == [
            other[name] for name in ("event_id", "start", "end")
        ]
        assert label["not_registered_wh"] == 0
        for seq in range(_seq(label["start"]), _seq(label["end"])):
            assert reported[label["mac"]][seq] == {**true[other["mac"]][seq], "mac": label["mac"]}


def test_days_made_alone_are_those_of_the_whole(any_settings: Callable[..., Asked]) -> None:
    """A fresh process that begins in the middle of an event knows what was lost before."""
    from wattif.engine.plan import Plan

    asked = _settings(any_settings, anomaly_rate=1.0, meters=60)
    whole = file_bytes(asked)
    batches = list(Plan.of(asked).batches())
    for batch in reversed(batches):
        assert file_bytes(asked, batch.units) == {name: whole[name] for name in file_bytes(asked, batch.units)}


def test_clean_meters_are_byte_for_byte_those_of_the_clean_dataset(
    any_settings: Callable[..., Asked],
) -> None:
    one_per_file = {"meters": 60, "meters_per_file": 1, "interval": 300, "end": "2024-01-31"}
    clean = file_bytes(_settings(any_settings, **one_per_file))
    some = _settings(any_settings, **one_per_file, anomaly_rate=0.3)
    hit = {f"{int(mac):012X}" for mac in scenario_of(some).fleet.macs[list(scenario_of(some).events)]}
    assert 0 < len(hit) < 60
    for name, data in file_bytes(some).items():
        if not any(mac in name for mac in hit):
            assert data == clean[name]


def test_an_event_leaves_no_trace_in_what_is_computed_next(any_settings: Callable[..., Asked]) -> None:
    """A meter's export ends with the first reading of a day: its register stands still from there on, as it does the
    day after, so that nothing but the export itself would tell that there was any.
    """
    asked = _settings(any_settings, meters=3, interval=3600, solar_share=0.0, ev_share=0.0)
    scenario = scenario_of(asked)
    start_s = 19_754 * 86_400  # 1 February 2024
    event = Event(id="meter-1", meter=1, kind="reversed_ct", start_s=start_s - 43_200, end_s=start_s + 3600, sizes={})
    events = measure_events(scenario.world, scenario.fleet, [event], 1)
    used = ReportedDays(scenario.world, scenario.fleet, events)
    for day in (date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 2)):
        columns, _ = used.compute(day, 1, 1)
        fresh, _ = ReportedDays(scenario.world, scenario.fleet, events).compute(day, 1, 1)
        assert np.array_equal(columns, fresh), day


@pytest.mark.parametrize("interval", [900, 3600])
def test_what_was_computed_before_leaves_no_trace(any_settings: Callable[..., Asked], interval: int) -> None:
    """One computer used for all days of all meters, in order, says what a fresh one says of each."""
    asked = _settings(any_settings, anomaly_rate=1.0, meters=120, interval=interval, solar_share=0.2)
    scenario = scenario_of(asked)
    used = ReportedDays(scenario.world, scenario.fleet, scenario.events)
    for meter in range(asked.meters):
        for number in range(6):
            day = date(2024, 1, 30) + timedelta(days=number)
            columns, _ = used.compute(day, meter, 1)
            fresh, _ = ReportedDays(scenario.world, scenario.fleet, scenario.events).compute(day, meter, 1)
            assert np.array_equal(columns, fresh), (scenario.events[meter].all, day)
