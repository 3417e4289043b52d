"""Archives and restores of days that are killed: afterwards each day is in the database or in the archive, once.

    python -m tests.faults.test_kill_archive KILLS [SEED]

kills so many of them at moments drawn from the seed.
"""

from __future__ import annotations

import random
import secrets
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from threading import Event

import duckdb
import pyarrow.parquet as pq

from tests.asking import Asked, Asking, generate
from tests.forking import ROOT, Forking
from tests.postgres import Database, running_server
from tests.processes import environment
from tests.warehouses import load

DAYS = [date(2024, 1, day) for day in range(1, 5)]
METERS, INTERVAL_S = 10, 300
ROWS_A_DAY = METERS * 86_400 // INTERVAL_S
CHECK = "SELECT dt, count(*), sum(consumption_wh)::text, sum(register_kwh)::text FROM {} GROUP BY dt"


class _Archive:
    """A loaded database, and commands that may be killed."""

    def __init__(self, database: Database, lake: Path, forking: Forking, folder: Path) -> None:
        self._database, self._forking, self._folder = database, forking, folder
        self._known = environment(folder, PYTHONPATH=str(ROOT))
        self._to = folder / "old"
        load(lake=lake, warehouse="postgres", database_url=database.url())
        self.expected = self._lying()
        assert [(day, rows) for day, rows, *_ in self.expected] == [(day, ROWS_A_DAY) for day in DAYS]

    def archive(self, kill_after_s: float | None = None) -> float:
        """Move all days; how long it took."""
        return self._run(["archive", "--older-than", "0d", "--to", str(self._to)], kill_after_s)

    def restore(self, day: date, kill_after_s: float | None = None) -> float:
        """Bring a day back; how long it took."""
        return self._run(["restore", "--day", str(day)], kill_after_s)

    def archived(self) -> list[date]:
        """The days that are recorded."""
        return [day for (day,) in self._database.rows("SELECT dt FROM wattif.wattif_archives ORDER BY dt")]

    def check(self) -> None:
        """Each day is there once, in one of the two, as it was."""
        assert self._lying() == self.expected

    def _lying(self) -> list[tuple[object, ...]]:
        found = self._database.rows(CHECK.format("wattif.smart_meter_readings"))
        objects = self._database.rows("SELECT place || '/' || object, bytes, rows FROM wattif.wattif_archives")
        for path, size, rows in objects:
            assert (Path(path).stat().st_size, pq.read_metadata(path).num_rows) == (size, rows)
            found += duckdb.execute(CHECK.format(f"'{path}'")).fetchall()
        return sorted(found)

    def _run(self, words: list[str], kill_after_s: float | None) -> float:
        began = time.monotonic()
        command = ["-m", "wattif", words[0], "--database-url", self._database.url(), *words[1:]]
        with self._forking.start(command, self._folder, self._known) as program:
            if kill_after_s is not None:
                time.sleep(kill_after_s)
                program.kill()
            code = program.wait()
        assert kill_after_s is not None or code == 0
        return time.monotonic() - began


def _go_through(archive: _Archive, kills: int, seed: int) -> int:
    """Kill so many commands; how many of them were killed with some days here and some there."""
    chance, mixed = random.Random(seed), 0
    longest_s, shortest_s = archive.archive(), archive.restore(DAYS[0])
    for _ in range(kills):
        days = archive.archived()
        if days and (len(days) == len(DAYS) or chance.random() < 0.5):
            archive.restore(chance.choice(days), chance.uniform(0.5, 1.3) * shortest_s)
        else:
            archive.archive(chance.uniform(0.4, 1.2) * longest_s)
        archive.check()
        mixed += 0 < len(archive.archived()) < len(DAYS)
    archive.archive()
    assert archive.archived() == DAYS
    archive.check()
    for day in DAYS:
        archive.restore(day)
    assert archive.archived() == []
    archive.check()
    return mixed


def test_killed_at_any_moment(settings: Asking, database: Database, forking: Forking, tmp_path: Path) -> None:
    asked = settings(end=str(DAYS[-1]), meters=METERS, interval=INTERVAL_S)
    generate(asked, Event())
    _go_through(_Archive(database, asked.lake, forking, tmp_path), 3, seed=3)


def _main(kills: int, seed: int) -> None:
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="wattif-") as home, running_server() as server:
        folder = Path(home)
        (folder / "staging").mkdir()
        values = {"start": DAYS[0], "end": DAYS[-1], "meters": METERS, "interval": INTERVAL_S}
        asked = Asked.model_validate({**values, "lake": folder / "lake", "staging_dir": folder / "staging"})
        generate(asked, Event())
        forking = Forking(folder)
        try:
            mixed = _go_through(_Archive(server.create_database(), folder / "lake", forking, folder), kills, seed)
        finally:
            forking.close()
    print(f"{kills} commands killed, {mixed} of them with days on both sides: each day is there once, as it was")


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(2**32))
