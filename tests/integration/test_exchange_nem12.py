"""NEM12 files, read by two readers that know nothing of WattIf."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import aemo_mdff_reader
import nemreader
import pytest

import wattif
from tests.exchanging import damaged, expected_days, rows_of
from wattif.errors import Interrupted, InvalidValue
from wattif.exchange.quality import QUALITIES
from wattif.exchange.run import Exported, export
from wattif.model.quantities import Status
from wattif.spec import Spec

MARKET = timedelta(hours=10)  # ahead of UTC
SPEC = damaged()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(SPEC, "nem12", tmp_path_factory.mktemp("nem12"))


def _files(made: Exported) -> list[Path]:
    return _files_of(made.folder)


def _files_of(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _mac(serial: str) -> str:
    return ":".join(serial[n : n + 2] for n in range(0, 12, 2))


def test_files_of_months_and_meters(made: Exported) -> None:
    assert [path.name for path in _files(made)] == [
        f"nem12#{month}-{meters}#WATTIF#RETAILER.csv"
        for month in ("202401", "202402")
        for meters in ("00000000-00000019", "00000020-00000023")
    ]
    assert (made.first_day, made.last_day) == (date(2024, 1, 2), date(2024, 2, 3))
    assert made.readings == 2 * 24 * 33 * 96
    assert made.bytes == sum(path.stat().st_size for path in _files(made))


def test_nemreader_finds_every_reading_that_was_sent(made: Exported) -> None:
    found: dict[tuple[str, str], dict[datetime, Any]] = defaultdict(dict)
    for path in _files(made):
        reader = nemreader.NEMFile(str(path))
        data = reader.parse_nem_file(path.read_text(encoding="ascii").splitlines())
        assert (reader.header.version_header, reader.header.from_participant) == ("NEM12", "WATTIF")
        for nmi, channels in data.readings.items():
            assert sorted(channels) == ["B1", "E1"]
            for suffix, readings in channels.items():
                for each in readings:
                    assert each.uom == "KWH"
                    assert each.t_end - each.t_start == timedelta(minutes=15)
                    found[nmi, suffix][each.t_start] = each
    assert len(found) == 2 * SPEC.meters
    for meter in range(SPEC.meters):
        rows = rows_of(SPEC, meter)
        for suffix, column in (("E1", "consumption_wh"), ("B1", "export_wh")):
            sent = found[f"WF{meter:08d}", suffix]
            assert len(sent) == 33 * 96
            for start, each in sent.items():
                row = rows.get((start - MARKET).replace(tzinfo=UTC))
                assert round(each.read_value * 1_000_000) == (0 if row is None else row[column])
                if row is None:
                    assert (each.quality_method, each.event_code) == ("S19", "78")
                else:
                    expected = next(q for q in QUALITIES if q.flag >= 0 and row["status"] & q.flag == q.flag)
                    assert (each.quality_method, each.event_code) == (expected.nem_method, expected.nem_reason)


def test_days_sum_to_what_is_expected(made: Exported, tmp_path: Path) -> None:
    """By a reader that keeps decimals: exactly, for every meter and day."""
    expected = expected_days(SPEC, "Etc/GMT-10", tmp_path)
    energy: defaultdict[tuple[str, date], Decimal] = defaultdict(Decimal)
    readings: Counter[tuple[str, date]] = Counter()
    for path in _files(made):
        for each in aemo_mdff_reader.parse(str(path)):
            day = _mac(each.meter_serial_number), each.interval_date.date()
            if each.nmi_suffix == "E1":
                energy[day] += Decimal(str(each.value)) * 1000
                readings[day] += 1
    assert len(energy) == 24 * 33
    for key, wh in energy.items():
        told, count = expected.get(key, (Decimal(0), 0))
        assert round(wh, 3) == told
        assert count <= readings[key] == 96


def test_records_are_as_the_specification_wants_them(made: Exported) -> None:
    kinds = set()
    for path in _files(made):
        with path.open(encoding="ascii", newline="") as file:
            records = list(csv.reader(file))
        assert [records[0][0], records[-1]] == ["100", ["900"]]
        assert {record[0] for record in records[1:-1]} <= {"200", "300", "400"}
        days: list[str] = []
        covered = 96
        for record in records[1:]:
            if record[0] != "400":
                assert covered == 96  # events cover the whole day, without gaps
            if record[0] == "200":
                assert len(record) == 10
                assert (len(record[1]), len(record[6])) == (10, 12)
                assert record[2] == "E1B1"
                days = []
            elif record[0] == "300":
                assert len(record) == 2 + 96 + 5
                assert not days or days[-1] < record[1]
                days.append(record[1])
                assert datetime.strptime(record[101], "%Y%m%d%H%M%S") == datetime.strptime(
                    record[1], "%Y%m%d"
                ) + timedelta(days=1)
                quality, reason = record[98], record[99]
                assert (quality != "V") or not reason
                covered = 0 if quality == "V" or reason in {"61", "79", "89"} else 96
                kinds.add((quality, reason))
            elif record[0] == "400":
                assert (len(record), int(record[1])) == (6, covered + 1)
                covered = int(record[2])
                kinds.add((record[3], record[4]))
    assert {("A", ""), ("V", ""), ("S19", "78"), ("S17", "24"), ("A", "79")} <= kinds


def test_bytes_do_not_depend_on_how_many_meters_a_file_has(made: Exported, tmp_path: Path) -> None:
    """Nor on the folder, or on the run: only the first and last record and the cuts differ."""
    one = export(damaged(meters_per_file=1_000), "nem12", tmp_path / "one")

    def records(files: list[Path]) -> list[bytes]:
        return [line for path in files for line in path.read_bytes().splitlines() if line[:3] not in {b"100", b"900"}]

    assert records(_files(one)) == records(_files(made))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"interval": 10}, "`interval` 10: NEM12 has readings every 300, 900, 1800 seconds"),
        ({"interval": 3600}, "`interval` 3600: NEM12 has readings every 300, 900, 1800 seconds"),
        ({"end": "2024-01-01"}, "`end` 2024-01-01: no day of NEM12 lies whole in the dataset"),
        ({"columns": "mac,timestamp,voltage_v"}, "`columns` mac,timestamp,voltage_v: have no energy to send"),
    ],
)
def test_what_cannot_be_sent_is_refused(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue) as error:
        export(damaged(**changes), "nem12", tmp_path / "new")
    assert message in str(error.value)
    assert not (tmp_path / "new").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(InvalidValue, match="is not empty"):
        export(SPEC, "nem12", tmp_path)
    with pytest.raises(InvalidValue, match="File exists"):
        export(SPEC, "nem12", tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "kept"


def test_an_interrupted_export_leaves_whole_files_only(tmp_path: Path) -> None:
    class After(Event):
        asked = 0

        def is_set(self) -> bool:
            self.asked += 1
            return self.asked > 30

    with pytest.raises(Interrupted):
        export(SPEC, "nem12", tmp_path, stop=After())
    whole = [path for path in tmp_path.iterdir() if path.suffix == ".csv"]
    assert whole
    assert all(path.read_bytes().endswith(b"900\n") for path in whole)


def test_a_reading_is_of_the_interval_it_was_measured_in_whatever_the_clock_says(tmp_path: Path) -> None:
    spec = damaged(anomalies="clock_reset,clock_skew", meters=6, columns="mac,timestamp,consumption_wh,status,seq")
    export(spec, "nem12", tmp_path)
    shown, reasons = 0, set()
    found = {
        (each.nmi, each.interval_start): each
        for path in _files_of(tmp_path)
        for each in aemo_mdff_reader.parse(str(path))
    }
    macs = _meters(spec)
    for row in wattif.read(spec, meters=range(6), numbers="scaled").read_all().to_pylist():
        measured = datetime(2024, 1, 1) + row["seq"] * timedelta(minutes=15)
        meter = macs.index(row["mac"])
        each = found.get((f"WF{meter:08d}", measured + MARKET))
        if each is not None:
            assert round(each.value * 1_000_000) == row["consumption_wh"]
            shown += row["timestamp"].replace(tzinfo=None) != measured
            reasons.add((row["status"], each.reason_code))
    assert shown > 100
    assert {(0, None), (int(Status.CLOCK_INVALID), 89)} <= reasons


def _meters(spec: Spec) -> list[str]:
    macs: list[str] = wattif.read(spec, "meters", columns=["mac"]).read_all()["mac"].to_pylist()
    return macs


def test_a_meter_without_anomalies_is_actual_throughout(tmp_path: Path) -> None:
    spec = Spec(start="2024-04-05", end="2024-04-08", meters=2, interval=1800, city="sydney")
    (path,) = _files(export(spec, "nem12", tmp_path))
    with path.open(encoding="ascii", newline="") as file:
        days = [record for record in csv.reader(file) if record[0] == "300"]
    assert {(len(day), day[50]) for day in days} == {(55, "A")}  # 7 April, too, when Sydney's clocks go back
    assert Status.VOLTAGE.meaning not in path.read_text()
