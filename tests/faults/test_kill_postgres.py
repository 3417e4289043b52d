"""Loads into PostgreSQL that are killed, cut off, or two at once: afterwards each reading is there once.

    python -m tests.faults.test_kill_postgres KILLS [SEED]

kills so many loads at moments drawn from the seed, each of which begins where the last one left off.
"""

from __future__ import annotations

import contextlib
import random
import secrets
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest

from tests.asking import Asked, Asking, generate
from tests.forking import ROOT, Forking
from tests.postgres import Database, running_server
from tests.processes import environment
from tests.warehouses import load
from wattif.errors import WarehouseError

DAYS, ROWS_A_DAY = 6, 10 * 288
ONCE = [(DAYS, DAYS, DAYS * ROWS_A_DAY, DAYS * ROWS_A_DAY)]


def _counted(database: Database) -> list[tuple[Any, ...]]:
    """Days by their records, days by their readings, readings, and different readings."""
    return database.rows(
        "SELECT (SELECT count(*) FROM wattif.wattif_loads), count(DISTINCT dt), count(*),"
        " count(DISTINCT (mac, timestamp)) FROM wattif.smart_meter_readings"
    )


def _is_whole(database: Database) -> bool:
    """Whether each day that has a record is there to the last reading, and no other has any."""
    found = database.rows(
        "SELECT count(*) FROM (SELECT dt, count(*) AS rows FROM wattif.smart_meter_readings GROUP BY dt) AS there"
        " FULL JOIN wattif.wattif_loads AS recorded USING (dt) WHERE there.rows IS DISTINCT FROM recorded.rows"
    )
    return found == [(0,)]


def _content(database: Database) -> list[tuple[Any, ...]]:
    """How many readings there are, and the sum of what can be seen of each."""
    seen = "sum(hashtextextended(readings::text, 0)::numeric)"
    return database.rows(f"SELECT count(*), {seen} FROM wattif.smart_meter_readings AS readings")


def _empty(database: Database) -> None:
    database.rows("TRUNCATE wattif.wattif_loads")
    database.rows("TRUNCATE wattif.smart_meter_readings")


def _go_through(database: Database, lake: Path, forking: Forking, folder: Path, kills: int, seed: int) -> int:
    """Kill so many loads at random moments; how many of them left some of the days loaded, but not all."""
    chance, partial = random.Random(seed), 0
    words = ["-m", "wattif", "load", "--lake", str(lake), "--warehouse", "postgres", "--database-url", database.url()]
    known: Mapping[str, str] = environment(folder, PYTHONPATH=str(ROOT))
    began = time.monotonic()
    with forking.start(words, folder, known) as program:
        assert program.wait() == 0
    longest_s, expected = time.monotonic() - began, _content(database)
    _empty(database)
    for _ in range(kills):
        with forking.start(words, folder, known) as program:
            time.sleep(chance.uniform(0.2, 1.0) * longest_s)
            program.kill()
            program.wait()
        assert _is_whole(database)
        there = database.rows("SELECT count(*) FROM wattif.wattif_loads")[0][0]
        partial += 0 < there < DAYS
        if there == DAYS:  # from the beginning, so that there is more to kill
            assert _content(database) == expected
            _empty(database)
    load(lake=lake, **database.options())
    assert _counted(database) == ONCE
    assert _content(database) == expected
    return partial


@pytest.fixture
def lake(settings: Asking) -> Path:
    asked = settings(end=f"2024-01-0{DAYS}")
    generate(asked, Event())
    return asked.lake


def test_killed_at_any_moment(lake: Path, database: Database, forking: Forking, tmp_path: Path) -> None:
    _go_through(database, lake, forking, tmp_path, 4, seed=4)


def test_the_server_ends_the_connection(lake: Path, database: Database) -> None:
    """While the copy of a day is under way: the day is not there, and the next load brings it."""
    load(lake=lake, end="2024-01-02", **database.options())
    with psycopg.connect(database.url()) as other:
        other.execute("LOCK TABLE wattif.smart_meter_bad_records IN ACCESS EXCLUSIVE MODE")
        failed: list[BaseException] = []

        def try_it() -> None:
            try:
                load(lake=lake, **database.options())
            except WarehouseError as error:
                failed.append(error)

        thread = threading.Thread(target=try_it)
        thread.start()
        waiting = f"FROM pg_stat_activity WHERE datname = '{database.name}' AND wait_event_type = 'Lock'"
        while database.rows(f"SELECT count(*) {waiting}") != [(1,)]:
            time.sleep(0.02)
        database.rows(f"SELECT pg_terminate_backend(pid) {waiting}")
        thread.join()
    assert "complete days stay: run the same command again" in str(failed[0])
    assert _is_whole(database)
    assert database.rows("SELECT count(*) FROM wattif.wattif_loads") == [(2,)]
    assert load(lake=lake, **database.options()).days_loaded == DAYS - 2
    assert _counted(database) == ONCE


def test_two_loads_at_once(lake: Path, database: Database) -> None:
    failed: list[BaseException] = []

    def try_it() -> None:
        try:
            load(lake=lake, **database.options())
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=try_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed
    assert _counted(database) == ONCE


@contextlib.contextmanager
def _relay(database: Database, most_bytes: int) -> Iterator[str]:
    """The database's address over a network that is cut after so many bytes to the server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def carry() -> None:
            near, _ = listening.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(f"{database.server.folder}/.s.PGSQL.{database.server.port}")
            left = most_bytes
            with near, far:
                while left > 0:
                    for ready in select.select([near, far], [], [])[0]:
                        content = ready.recv(65_536)
                        left -= len(content) if ready is near else 0
                        (far if ready is near else near).sendall(content)
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, no farewell

        thread = threading.Thread(target=carry)
        thread.start()
        yield f"postgresql://postgres@127.0.0.1:{listening.getsockname()[1]}/{database.name}?sslmode=disable"
        thread.join()


def test_the_network_is_cut(lake: Path, database: Database) -> None:
    load(lake=lake, end="2024-01-02", **database.options())
    with _relay(database, 400_000) as url, pytest.raises(WarehouseError, match="the connection was lost"):
        load(lake=lake, warehouse="postgres", database_url=url)
    assert _is_whole(database)
    load(lake=lake, **database.options())
    assert _counted(database) == ONCE


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """A disk of two megabytes at *folder*."""
    folder.mkdir()
    try:
        options = f"size=2m,uid={folder.parent.stat().st_uid},mode=700"
        mounted = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(mounted, capture_output=True, check=False).returncode:
            pytest.skip("a small disk cannot be mounted here")
        try:
            yield
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    finally:
        folder.rmdir()  # the server's own folder must be empty at the end


def test_the_disk_of_the_server_is_full(lake: Path, database: Database) -> None:
    """The day that has no room is not there, and comes once there is some."""
    load(lake=lake, end="2024-01-01", **database.options())
    folder = database.server.folder / database.name
    with _small_disk(folder):
        database.rows(f"CREATE TABLESPACE {database.name} LOCATION '{folder}'")
        database.rows(f"ALTER DATABASE {database.name} SET default_tablespace = {database.name}")
        with pytest.raises(WarehouseError, match="No space left on device; nothing of this day was kept: free some"):
            load(lake=lake, **database.options())
        assert _is_whole(database)
        ((days,),) = database.rows("SELECT count(*) FROM wattif.wattif_loads")
        assert 1 < days < DAYS
        subprocess.run(["mount", "-o", "remount,size=32m", str(folder)], check=True)
        assert load(lake=lake, **database.options()).days_loaded == DAYS - days
        assert _counted(database) == ONCE
        database.drop()
        Database(database.server, "postgres").rows(f"DROP TABLESPACE {database.name}")


def _main(kills: int, seed: int) -> None:
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="wattif-") as home, running_server() as server:
        folder = Path(home)
        (folder / "staging").mkdir()
        values = {"start": "2024-01-01", "end": f"2024-01-0{DAYS}", "meters": 10, "interval": 300}
        asked = Asked.model_validate({**values, "lake": folder / "lake", "staging_dir": folder / "staging"})
        generate(asked, Event())
        forking = Forking(folder)
        try:
            partial = _go_through(server.create_database(), folder / "lake", forking, folder, kills, seed)
        finally:
            forking.close()
    print(f"{kills} loads killed, {partial} of them between the first day and the last")
    print("afterwards the table is that of a load in one go")


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(2**32))
