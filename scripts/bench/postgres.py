"""How fast are readings copied into PostgreSQL, and rolled up there? Beside `psql \\copy` and DuckDB.

python -m scripts.bench.postgres DATABASE_URL [--meters N] [--interval S] [--rounds N] [--folder DIR]

DATABASE_URL names an empty database. A day of readings is copied from Arrow columns, and by psql from a file of CSV
that is made before; where adbc-driver-postgresql is installed, by ADBC from the same columns, too. Turn about, the best
of each is told, with the processor time of client and server together. Then the day is loaded and rolled up in both
warehouses, archived, and restored. --rounds 0 leaves out the copies.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.dataset as files
from pyarrow import csv
from pydantic import SecretStr

from wattif.archive.archive import archive
from wattif.archive.restore import restore
from wattif.engine.run import generate
from wattif.engine.run_options import RunOptions
from wattif.spec import Spec
from wattif.tables.ddl.postgres import column_type
from wattif.tables.readings import fields_of
from wattif.warehouse.load import load
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.postgres import binary_rows
from wattif.warehouse.rollup import rollup

_ROWS = 16_384


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database_url")
    parser.add_argument("--meters", type=int, default=2_000)
    parser.add_argument("--interval", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        lake, staging = Path(folder) / "lake", Path(folder) / "staging"
        staging.mkdir()
        spec = Spec(
            start="2024-01-01", end="2024-01-01", meters=options.meters, interval=options.interval, format="parquet"
        )
        generate(spec, lake, RunOptions(staging_dir=staging))
        if options.rounds:
            _copies(spec, lake, Path(folder) / "readings.csv", options.database_url, options.rounds)
        places = {
            "DuckDB": WarehousePlace(database=Path(folder) / "wattif.duckdb"),
            "PostgreSQL": WarehousePlace(warehouse="postgres", database_url=SecretStr(options.database_url)),
        }
        for name, place in places.items():
            print(f"load into {name}: {_timed(partial(load, lake, place)):.1f} s")
        for name, place in places.items():
            print(f"rollup in {name}: {_timed(partial(rollup, place)):.1f} s")
        there, old = places["PostgreSQL"], str(Path(folder) / "old")
        print(f"archive: {_timed(partial(archive, there, old, spec.end + timedelta(days=1))):.1f} s")
        print(f"restore: {_timed(partial(restore, there, spec.end)):.1f} s")


def _copies(spec: Spec, lake: Path, file: Path, url: str, rounds: int) -> None:
    """Into an ordinary table, which is empty each time."""
    rows = files.dataset(sorted(lake.glob("dt=*/*.parquet"))).to_table().combine_chunks()
    rows = rows.cast(pa.schema([pa.field(column.name, column.arrow_type) for column in fields_of(spec)]))
    csv.write_csv(rows, file)
    declared = ", ".join(f'"{column.name}" {column_type(column)}' for column in fields_of(spec))

    def ours() -> None:
        statement = b"COPY copied FROM STDIN (FORMAT BINARY)"
        with psycopg.connect(url) as connection, connection.cursor().copy(statement) as copy:
            copy.write(binary_rows.HEADER)
            for batch in rows.to_batches(_ROWS):
                copy.write(binary_rows.binary_rows(batch))
            copy.write(binary_rows.TRAILER)

    def psql() -> None:
        command = f"\\copy copied FROM '{file}' WITH (FORMAT csv, HEADER)"
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", command, url], check=True)

    def adbc() -> None:
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(url) as connection, connection.cursor() as cursor:
            cursor.adbc_ingest("copied", rows, mode="append")
            connection.commit()

    ways = [("binary COPY from Arrow", ours), ("psql \\copy of CSV", psql)]
    if find_spec("adbc_driver_postgresql") is not None:
        ways.append(("ADBC from Arrow", adbc))
    best: dict[str, tuple[float, float]] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        server = _parent_of(connection.info.backend_pid)
        for _ in range(rounds):
            for name, copy in ways:
                connection.execute("DROP TABLE IF EXISTS copied")
                connection.execute(f"CREATE TABLE copied ({declared})".encode())
                before = _processor_s(server)
                wall_s = _timed(copy)
                best[name] = min(best.get(name, (1e9, 0.0)), (wall_s, _processor_s(server) - before))
                ((found,),) = connection.execute("SELECT count(*) FROM copied").fetchall()
                assert found == rows.num_rows
        connection.execute("DROP TABLE copied")
    for name, (wall_s, processor_s) in best.items():
        speed = f"{rows.num_rows / wall_s / 1000:,.0f} thousand/s"
        print(f"{name}: {rows.num_rows:,} rows in {wall_s:.1f} s, {speed}; {processor_s:.2f} s of processors")


def _parent_of(process: int) -> int:
    return int(_stat(process)[1])


def _processor_s(server: int) -> float:
    """Processor time of this process, its children, and those of the *server* that have ended."""
    time.sleep(0.2)  # until the server has noticed the end
    children = _stat(server)[13:15]
    return sum(os.times()[:4]) + sum(map(int, children)) / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, see proc(5)."""
    return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
