"""NEM13 files, read by two readers that know nothing of WattIf."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aemo_mdff_reader
import nemreader
import pytest

from tests.exchanging import damaged, expected_days, rows_of
from wattif.exchange.run import export
from wattif.model.quantities import Status
from wattif.spec import Spec

MARKET = timedelta(hours=10)  # ahead of UTC
STREAMS = {"11": "register_kwh", "12": "export_register_kwh"}
ENERGIES = {"11": "consumption_wh", "12": "export_wh"}


def _reads(spec: Spec, folder: Path) -> dict[tuple[str, str], list[Any]]:
    """By `aemo_mdff_reader`, by NMI and suffix; `nemreader` must see the same."""
    export(spec, "nem13", folder)
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        own = list(aemo_mdff_reader.parse_accumulations(str(path)))
        data = nemreader.NEMFile(str(path)).parse_nem_file(path.read_text(encoding="ascii").splitlines())
        theirs = [each for nmi in data.readings.values() for reads in nmi.values() for each in reads]
        assert [(each.val_start, each.val_end, each.read_value, each.t_start, each.t_end) for each in theirs] == [
            (
                float(each.previous_register_read),
                float(each.current_register_read),
                each.quantity,
                each.previous_register_read_datetime,
                each.current_register_read_datetime,
            )
            for each in own
        ]
        for each in own:
            found[each.nmi, each.nmi_suffix].append(each)
    return found


def _wh(kwh: str | float) -> int:
    return round(float(kwh) * 1000)


def _ended(moment: datetime, interval_s: int) -> datetime:
    """The start (UTC) of the reading that ended at a moment of market time."""
    return (moment - MARKET - timedelta(seconds=interval_s)).replace(tzinfo=UTC)


def test_good_meters_are_read_at_every_end_of_a_month(tmp_path: Path) -> None:
    spec = damaged(anomaly_rate=0, anomalies="all", end="2024-03-31", meters=4)
    reads = _reads(spec, tmp_path / "files")
    text = min((tmp_path / "files").iterdir()).read_text(encoding="ascii")
    shown = r"\d{8}\.\d{3}"
    assert re.search(rf"^250,WF00000000,1112,11,11,,[0-9A-F]{{12}},E,{shown},20240102000000,A,,,{shown},", text, re.M)
    expected = expected_days(spec, "Etc/GMT-10", tmp_path / "expected")
    assert set(reads) == {(f"WF{meter:08d}", suffix) for meter in range(4) for suffix in STREAMS}
    for (nmi, suffix), months in reads.items():
        rows = rows_of(spec, int(nmi[2:]))
        assert [each.current_register_read_datetime for each in months] == [
            datetime(2024, 2, 1),
            datetime(2024, 3, 1),
            datetime(2024, 4, 1),
        ]
        assert months[0].previous_register_read_datetime == datetime(2024, 1, 2)
        for before, each in zip([None, *months], months, strict=False):
            if before is not None:
                assert each.previous_register_read == before.current_register_read
                assert each.previous_register_read_datetime == before.current_register_read_datetime
            end = _ended(each.current_register_read_datetime, spec.interval)
            assert _wh(each.current_register_read) == rows[end][STREAMS[suffix]]
            assert _wh(each.quantity) == _wh(each.current_register_read) - _wh(each.previous_register_read)
            assert (each.direction_indicator, each.uom) == ({"11": "E", "12": "I"}[suffix], "KWH")
            if suffix == "11":
                start, until = each.previous_register_read_datetime, each.current_register_read_datetime
                days = [
                    energy
                    for (mac, day), (energy, _) in expected.items()
                    if mac.replace(":", "") == each.meter_serial_number and start.date() <= day < until.date()
                ]
                assert abs(_wh(each.quantity) - sum(days, Decimal(0))) < 1  # a register shows whole watt-hours


def test_reads_that_did_not_come_are_taken_from_the_last_that_did(tmp_path: Path) -> None:
    spec = damaged(end="2024-03-10")
    reads = _reads(spec, tmp_path)
    reasons = set()
    for (nmi, suffix), months in reads.items():
        rows = rows_of(spec, int(nmi[2:]))
        told = {start: row for start, row in rows.items() if not row["status"] & Status.ESTIMATED}
        for each in months:
            ended = _ended(each.current_register_read_datetime, spec.interval)
            begun = _ended(each.previous_register_read_datetime, spec.interval)
            assert _wh(each.current_register_read) == told[ended][STREAMS[suffix]]
            assert _wh(each.previous_register_read) == told[begun][STREAMS[suffix]]
            month = (each.current_register_read_datetime - timedelta(seconds=1)).month
            until = datetime(2024, month + 1, 1) if month < 3 else datetime(2024, 3, 11)  # the last whole day
            after = [start for start in told if ended < start <= _ended(until, spec.interval)]
            assert not after  # no later one came in the month
            reasons.add(each.current_reason_code)
            difference = told[ended][STREAMS[suffix]] - told[begun][STREAMS[suffix]]
            if each.current_reason_code is None:
                assert _wh(each.quantity) == difference
            else:
                used = sum(row[ENERGIES[suffix]] for start, row in rows.items() if begun < start <= ended)
                assert difference < 0
                assert _wh(each.quantity) == used // 1000
    assert reasons == {None, 18}  # of exchanged meters, too


def test_a_register_that_goes_round_its_dial_has_its_energy(tmp_path: Path) -> None:
    spec = damaged(anomalies="rollover")
    found = [each for months in _reads(spec, tmp_path).values() for each in months]
    round_the_dial = [each for each in found if _wh(each.current_register_read) < _wh(each.previous_register_read)]
    assert round_the_dial
    for each in round_the_dial:
        rows = rows_of(spec, int(each.nmi[2:]))
        begun = _ended(each.previous_register_read_datetime, spec.interval)
        ended = _ended(each.current_register_read_datetime, spec.interval)
        used = sum(row[ENERGIES[each.nmi_suffix]] for start, row in rows.items() if begun < start <= ended)
        assert abs(_wh(each.quantity) - used / 1000) <= 1
        assert not each.current_reason_code


@pytest.mark.parametrize("interval", [300, 3600])
def test_intervals_that_a_register_may_have(interval: int, tmp_path: Path) -> None:
    reads = _reads(damaged(interval=interval, meters=1, end="2024-01-03"), tmp_path)
    assert len(reads) == 2
