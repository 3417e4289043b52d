"""Readings as DuckDB sees them: exact decimals out of the bytes of files; and what arrives when things go wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import orjson
from numpy.typing import NDArray

import wattif
from tests.asking import Asked
from tests.lakes import file_bytes
from wattif.engine.plan import Plan
from wattif.faults.plan import RowFault
from wattif.faults.rates import FaultRates
from wattif.tables.unit import Unit

ALL_COLUMNS = (
    "mac,timestamp,consumption_wh,power_w,voltage_v,current_a,power_factor,frequency_hz,register_kwh,status,"
    "city_id,export_wh,export_register_kwh,seq"
)

TYPES = {
    "mac": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "consumption_wh": "DECIMAL(18,3)",
    "power_w": "DECIMAL(18,0)",
    "voltage_v": "DECIMAL(18,1)",
    "current_a": "DECIMAL(18,2)",
    "power_factor": "DECIMAL(18,3)",
    "frequency_hz": "DECIMAL(18,3)",
    "register_kwh": "DECIMAL(18,3)",
    "status": "DECIMAL(18,0)",
    "city_id": "VARCHAR",
    "export_wh": "DECIMAL(18,3)",
    "export_register_kwh": "DECIMAL(18,3)",
    "seq": "DECIMAL(18,0)",
    "dt": "DATE",
}


def load(connection: duckdb.DuckDBPyConnection, table: str, folder: Path, lines: Iterable[tuple[date, bytes]]) -> None:
    """A table of rows, each with the day in the path of its object."""
    folder.mkdir(parents=True)
    by_day: dict[date, list[bytes]] = {}
    for day, line in lines:
        by_day.setdefault(day, []).append(line)
    for day, rows in by_day.items():
        (folder / f"dt={day}").mkdir()
        (folder / f"dt={day}" / "rows.json").write_bytes(b"".join(rows))
    names = list(orjson.loads(next(iter(by_day.values()))[0]))
    columns = ", ".join(f"{name}: '{TYPES[name]}'" for name in names)
    connection.execute(
        f"CREATE TABLE {table} AS FROM read_json('{folder}/dt=*/*.json', hive_partitioning = true,"
        f" hive_types = {{dt: DATE}}, columns = {{{columns}}}, format = 'newline_delimited')"
    )


def clean_lines(asked: Asked) -> Iterator[tuple[date, bytes]]:
    """Each row as the meters send it, with the day in the path of its object."""
    for name, content in file_bytes(asked).items():
        yield from ((date.fromisoformat(name[3:13]), line) for line in content.splitlines(keepends=True))


class PatternPlan:
    """Faults at places that a test knows by heart, dense enough that each kind occurs; `deliver` takes rows one by one.

    The rows must have the column seq.
    """

    rates = FaultRates()  # how late rows are does not matter here

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._readings = 86_400 // asked.interval

    def rows(self, meter: int, day: date) -> NDArray[np.uint8]:
        codes = np.zeros(self._readings, np.uint8)
        codes[5 + meter :: 37] = RowFault.DROP
        codes[7 + meter :: 41] = RowFault.DUPLICATE
        codes[3 + meter :: 43] = RowFault.LATE
        codes[2 + meter :: 47] = RowFault.OUT_OF_ORDER
        codes[1 + meter :: 53] = RowFault.CORRUPT
        codes[-1] = RowFault.LATE if meter % 2 else RowFault.DUPLICATE
        if meter == 5:
            codes[:] = RowFault.DROP  # the last meter of its file
        return codes

    def withheld(self, unit: Unit) -> bool:
        return unit.first == 6 and unit.day.day % 2 == 0

    def partial(self, unit: Unit) -> bool:
        return unit.day.day % 3 != 0

    def twice(self, unit: Unit) -> bool:
        batch = unit.first // (self._asked.meters_per_file * self._asked.batch_files)
        return batch == 1 and unit.day.day == 31

    def details(self, meters: NDArray[np.int64], day: date, readings: NDArray[np.int64]) -> NDArray[np.uint64]:
        return (meters + day.day + readings).astype(np.uint64)

    def deliver(self) -> Iterator[tuple[date, bytes]]:
        """All whole lines that arrive, with the day in the path of their object."""
        content = file_bytes(self._asked)
        macs = wattif.read(self._asked.spec, "meters").read_all()["mac"].to_pylist()
        for batch in Plan.of(self._asked).batches():
            for unit in batch.units:
                if not self.withheld(unit):
                    name = f"dt={unit.day}/readings-{unit.first:08d}-{unit.last:08d}.json"
                    arrived = self._arrive(unit, content[name].splitlines(keepends=True), macs)
                    yield from ((unit.day, line) for line in arrived * (2 if self.twice(unit) else 1))

    def _arrive(self, unit: Unit, lines: list[bytes], macs: list[str]) -> list[bytes]:
        first_seq = (unit.day - self._asked.epoch).days * self._readings
        codes: dict[str, list[int]] = {}  # of each meter of the file
        main: list[list[bytes]] = []  # what stands for each row that is in the file, whole lines only
        late: list[bytes] = []
        for line in lines:
            row = orjson.loads(line)
            mac = row["mac"]
            if mac not in codes:
                codes[mac] = self.rows(macs.index(mac), unit.day).tolist()
            match RowFault(codes[mac][row["seq"] - first_seq]):
                case RowFault.DROP:
                    pass
                case RowFault.DUPLICATE:
                    main.append([line, line])
                case RowFault.LATE:
                    late.append(line)
                case RowFault.CORRUPT:
                    main.append([])
                case _:
                    main.append([line])
        if self.partial(unit) and main:
            main[-1] = []  # cut, and nothing else happens to it
        return [line for row in main for line in row] + late
