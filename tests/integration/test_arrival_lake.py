"""Lakes that grow by a plan: the same bytes, at their times, however slow the store is and whatever is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Event

import orjson
import pytest

from tests import processes
from tests.asking import Asked, Asking, generate
from tests.fakes.gcs_server import GcsServer
from tests.lakes import objects, tells_of_a_run
from wattif.answers.status import status_of
from wattif.cli.main import exit_code
from wattif.cli.progress import ProgressBars
from wattif.engine import events
from wattif.engine.arrival_plan import plan_of
from wattif.engine.engines import dask
from wattif.engine.plan import staging_needed
from wattif.engine.run_options import RunOptions
from wattif.engine.streams import plans_of
from wattif.errors import Interrupted, LakeError
from wattif.lake import layout
from wattif.uploader.local import LocalStore
from wattif.uploader.store import Guard, SealedFile, StoredObject

ROOT = Path(__file__).resolve().parent.parent.parent
FAST = "x172800"  # a day of the data in half a second
# Two batches a day: a quarter of an hour after the day has ended, and half a day later.
DUE_S = [hours * 3600 / 172_800 for hours in (0.25, 12.25, 24.25, 36.25)]


def _landings(lake: Path) -> list[dict[str, str]]:
    """What is recorded of each batch, in the order of days and batches."""
    return [orjson.loads(path.read_bytes()) for path in sorted((lake / layout.ARRIVALS).rglob("dt=*/*.json"))]


def _anchor(lake: Path) -> datetime:
    return datetime.fromisoformat(orjson.loads((lake / layout.ANCHOR).read_bytes())["wall"])


def _dues_s(lake: Path) -> list[float]:
    """When each batch was due, in seconds since the schedule began."""
    return [(datetime.fromisoformat(each["due"]) - _anchor(lake)).total_seconds() for each in _landings(lake)]


def _undisturbed(asked: Asked, folder: Path) -> dict[str, str]:
    changes = {"lake": folder, "arrive": None, "shard": None, "engine": None}
    generate(Asked(**{**asked.model_dump(), **changes}))
    return objects(folder)


def test_files_land_at_their_times_and_are_the_same(settings: Asking, tmp_path: Path) -> None:
    asked = settings(arrive=FAST)
    heard = list[events.Event]()
    figures = generate(asked, progress=heard.append)
    assert objects(asked.lake) == _undisturbed(asked, tmp_path / "alone")
    assert _dues_s(asked.lake) == pytest.approx(DUE_S, abs=0.002)  # times are written to the millisecond
    for landing in _landings(asked.lake):
        assert float(landing["late_s"]) >= 0
        passed = datetime.fromisoformat(landing["landed"]) - datetime.fromisoformat(landing["due"])
        assert float(landing["late_s"]) == pytest.approx(passed.total_seconds(), abs=0.002)
    assert sorted(figures.late_s) == sorted(float(landing["late_s"]) for landing in _landings(asked.lake))
    (planned,) = [event for event in heard if isinstance(event, events.LandingsPlanned)]
    assert planned.last_s - planned.first_s == pytest.approx(DUE_S[-1] - DUE_S[0])
    (record,) = (asked.lake / layout.RUNS).glob("*.json")
    assert orjson.loads(record.read_bytes())["lateness"]["max_s"] == max(figures.late_s)


def test_a_slow_store_is_late_and_moves_no_landing(settings: Asking) -> None:
    class Slow(LocalStore):
        def put_files(self, files: Sequence[SealedFile], guard: Guard | None = None) -> list[StoredObject | LakeError]:
            time.sleep(0.8)
            return super().put_files(files, guard)

    asked = settings(arrive=FAST)
    figures = generate(asked, store=Slow(asked.lake))
    assert min(figures.late_s) >= 0.8
    assert _dues_s(asked.lake) == pytest.approx(DUE_S, abs=0.002)
    assert figures.lateness is not None
    assert figures.lateness.landings == 4


class _Staged:
    """The most bytes that lay in staging at once, and whether anything waited there."""

    def __init__(self, row_width: int) -> None:
        self._row_width = row_width
        self._now = self.most = self.waited = 0

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.RowsMade):
            self._now += event.rows * self._row_width
            self.most = max(self.most, self._now)
        elif isinstance(event, events.FileStored):
            self._now -= event.bytes
        self.waited += isinstance(event, events.BatchWaits)


def test_what_is_made_ahead_stays_within_staging(settings: Asking, tmp_path: Path) -> None:
    """Batches of one file: the smallest limit holds two of them and a file for each worker."""
    plan = tmp_path / "plan.toml"
    plan.write_text(
        'speed = 345600\norigin = 2024-01-01\n[[arrive]]\nshare = 0.4\njitter = "2d"\n[[arrive]]\n'
        "[[outage]]\nshare = 0.3\nfrom = 2024-01-03\nto = 2024-01-05\n"
    )
    asked = settings(arrive=str(plan), meters_per_file=1, batch_files=1, end="2024-01-04", write_workers=1)
    (files,) = plans_of(asked.spec)
    limit, staged = staging_needed([files], 1), _Staged(files.row_width or 0)
    generate(asked.model_copy(update={"staging_limit": limit}), progress=staged)
    assert objects(asked.lake) == _undisturbed(asked, tmp_path / "alone")
    assert 0 < staged.most <= limit < files.size
    assert staged.waited


def test_a_run_that_waits_ends_at_once_when_it_is_stopped(settings: Asking, tmp_path: Path) -> None:
    asked, stop = settings(arrive="realtime"), Event()

    def stop_once_it_waits(event: events.Event) -> None:
        if isinstance(event, events.BatchWaits):
            stop.set()

    with pytest.raises(Interrupted):
        generate(asked, stop, progress=stop_once_it_waits)
    assert not _landings(asked.lake)
    assert not [thread for thread in threading.enumerate() if thread.name == "landings"]
    generate(asked.model_copy(update={"arrive": None}))
    assert objects(asked.lake) == _undisturbed(asked, tmp_path / "alone")


def test_shards_join_one_schedule(settings: Asking, tmp_path: Path) -> None:
    shards = [settings(arrive=FAST, shard=f"{index}/2") for index in (1, 2)]
    threads = [threading.Thread(target=generate, args=(shard,)) for shard in shards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _dues_s(shards[0].lake) == pytest.approx(DUE_S, abs=0.002)
    assert objects(shards[0].lake) == _undisturbed(shards[0], tmp_path / "alone")


def test_an_engines_shards_wait_at_once_and_read_no_file_of_ours(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('speed = 172800\n[[arrive]]\ndelay = "15m"\nspread = "24h"\n')
    options = RunOptions(arrive=str(plan), engine="dask")
    own, count = dask._of_shards(options, batches=40, threads=3, least=1)
    assert count == 3
    wanted = plan_of(str(plan))
    plan.unlink()
    assert plan_of(str(RunOptions(**own).arrive)) == wanted
    assert dask._of_shards(RunOptions(engine="dask"), batches=40, threads=3, least=16)[1] == 16


def test_into_a_bucket(settings: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = settings(arrive=FAST, bucket="lake", prefix="city")
    with GcsServer(buckets=["lake"]) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        figures = generate(asked)
        stored = {name.removeprefix("city/") for name in server.objects("lake")}
    assert len(figures.late_s) == 4
    assert layout.ANCHOR in stored
    expected = _undisturbed(asked.model_copy(update={"bucket": None, "prefix": ""}), tmp_path / "alone")
    assert {name for name in stored if not tells_of_a_run(name)} == set(expected)


def test_killed_it_goes_on_by_the_wall_clock(settings: Asking, tmp_path: Path) -> None:
    asked = settings(meters_per_file=1, batch_files=1)
    (tmp_path / "killed").mkdir()
    words = ["--start", "2024-01-01", "--end", "2024-01-02", "--meters", "10", "--interval", "300"]
    words += ["--meters-per-file", "1", "--batch-files", "1", "--lake", str(asked.lake)]
    words += ["--staging-dir", str(tmp_path / "killed"), "-q", "--arrive", "x86400"]
    command = [sys.executable, str(ROOT / "generator.py"), *words]
    with subprocess.Popen(command, cwd=tmp_path, env=processes.environment(tmp_path)) as process:
        while not any(asked.lake.rglob("dt=*/*.ndjson")):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    anchor, landed = _anchor(asked.lake), len(_landings(asked.lake))
    status = status_of(LocalStore(asked.lake))
    assert status.schedule is not None
    assert (0 if status.schedule.lateness is None else status.schedule.lateness.landings) == landed
    while time.time() < anchor.timestamp() + 1.0:  # half of it is overdue by then
        time.sleep(0.05)
    figures = generate(asked.model_copy(update={"arrive": "x86400"}))
    assert _anchor(asked.lake) == anchor
    assert objects(asked.lake) == _undisturbed(asked, tmp_path / "alone")
    assert figures.batches + figures.batches_skipped == 20
    assert len(_landings(asked.lake)) - landed == figures.batches
    dues = [(index * 2.4 + 0.25 + 24 * day) for day in (0, 1) for index in range(10)]
    pushes = [-(-due // 0.25) * 0.25 for due in dues]  # in hours; each waits for the next quarter
    found = {round(due, 2) for due in _dues_s(asked.lake)}
    assert found <= {round(hours * 3600 / 86_400, 2) for hours in pushes}


def test_status_and_the_summary_tell_of_it(settings: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    asked = settings(shard="1/2", arrive="realtime")
    stop = Event()
    with pytest.raises(Interrupted):
        generate(asked, stop, progress=lambda event: stop.set() if isinstance(event, events.BatchWaits) else None)
    assert exit_code(["status", "--lake", str(asked.lake), "--json"]) == 1
    status = orjson.loads(capsys.readouterr().out)
    schedule = status["schedule"]
    last = _anchor(asked.lake).timestamp() + 36.25 * 3600
    assert datetime.fromisoformat(schedule["last_due"]).timestamp() == pytest.approx(last, abs=1)
    assert (schedule["overdue"], schedule["unrecorded"]) == (0, 0)
    assert schedule["lateness"] is None
    record_of = {"due": "2026-01-01T00:00:00Z", "landed": "2026-01-01T00:00:00Z"}
    for batch, late_s in enumerate((1.5, 0.5, 7.0)):
        landing = asked.lake / layout.landing_name(asked.start, batch, "readings")
        landing.parent.mkdir(parents=True, exist_ok=True)
        landing.write_bytes(orjson.dumps({**record_of, "late_s": late_s}))
    (record,) = (asked.lake / layout.RUNS).glob("*.json")
    content = orjson.loads(record.read_bytes())
    lateness = {"landings": 3, "p50_s": 0.25, "p99_s": 2.0, "max_s": 2.0}
    record.write_bytes(orjson.dumps({**content, "lateness": lateness}))
    assert exit_code(["status", "--lake", str(asked.lake)]) == 1
    said = capsys.readouterr().out
    assert "0 batches overdue; due: next " in said
    assert "by realtime: 3 landings, late by 0.250 s (p50), 2.000 s (p99), 2.000 s (max)" in said
    assert "all runs: 3 landings, late by 1.500 s (p50), 7.000 s (p99), 7.000 s (max)" in said
    assert "by the schedule: 130," in said  # 36.25 hours are 130,500 s
    landing.write_bytes(b"{")
    assert exit_code(["status", "--lake", str(asked.lake)]) == 3
    assert f"{layout.landing_name(asked.start, 2, 'readings')} cannot be read" in capsys.readouterr().err


def test_batches_of_other_runs_are_not_called_on_time(settings: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    asked = settings(shard="1/2")
    generate(asked)
    generate(asked.model_copy(update={"shard": "2/2", "arrive": FAST}))
    exit_code(["status", "--lake", str(asked.lake)])
    assert "2 batches landed unrecorded: of a run without --arrive" in capsys.readouterr().out


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.toml").write_text('speed = 60\n[[arrive]]\ndelai = "1h"\n')
    words = ["generate", "--start", "2024-01-01", "--end", "2024-01-02", "--meters", "10", "--interval", "300"]
    words += ["--lake", str(tmp_path / "lake"), "--arrive"]
    assert exit_code([*words, f"{tmp_path}/plan.toml"]) == 2
    error = capsys.readouterr().err
    assert f"--arrive {tmp_path}/plan.toml: arrive.1.delai: unknown key; did you mean delay?" in error
    assert exit_code([*words, "x3600", "--dry-run"]) == 0
    assert "arrival:   first files 0:00:00 after the run begins, last 0:00:24 (x3600)" in capsys.readouterr().out
    assert exit_code([*words, FAST]) == 0
    assert "arrival: 2 landings, late by " in capsys.readouterr().out
    assert exit_code([*words, "x61"]) == 2
    assert "--arrive x61: " in capsys.readouterr().err


def test_the_progress_shows_what_waits() -> None:
    with ProgressBars() as bars:
        bars(events.RunPlanned(rows=10, bytes=10, batches=2))
        bars(events.LandingsPlanned(first_s=0.0, last_s=5000.2))
        bars(events.BatchWaits(table="readings", partition="2024-01-01", index=0, wait_s=300.2))
        bars(events.BatchWaits(table="readings", partition="2024-01-01", index=1, wait_s=900.2))
        assert "2 batches wait, the next for 300 s; latest by 0.0 s; schedule ends in 5,000 s" in bars.line()
        bars(events.BatchLanded(table="readings", partition="2024-01-01", index=0, late_s=2.5))
        assert "1 batches wait, the next for 900 s; latest by 2.5 s" in bars.line()
