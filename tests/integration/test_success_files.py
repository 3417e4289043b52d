"""`_SUCCESS`: an empty object in each day once all of it is committed, and what `reconcile` says of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from tests.asking import Asked, Asking, generate
from tests.reconciling import make_lake, report_of
from wattif.cli.main import exit_code
from wattif.engine import events
from wattif.errors import Interrupted
from wattif.uploader.local import LocalStore
from wattif.uploader.store import Guard

MARKS = ["dt=2024-01-01/_SUCCESS", "dt=2024-01-02/_SUCCESS"]
both_ways = pytest.mark.parametrize("deep", [[], ["--deep"]], ids=["quick", "deep"])


def _marks(lake: Path) -> list[str]:
    return sorted(path.relative_to(lake).as_posix() for path in lake.rglob("_SUCCESS"))


class _Watched(LocalStore):
    """Remembers what the lake held when a day was marked, and in which order objects were removed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, overwrite=True)
        self.at_marks: list[tuple[str, int]] = []
        self.removed: list[str] = []

    def put_bytes(self, name: str, content: bytes, guard: Guard | None = None) -> None:
        if name.endswith("_SUCCESS"):
            day = name.partition("/")[0]
            self.at_marks.append((name, len(list(self.list(f"_wattif/manifest/{day}/")))))
        super().put_bytes(name, content, guard)

    def delete(self, names: Sequence[str], guard: Guard | None = None) -> None:
        self.removed += names
        super().delete(names, guard)


def _run(asked: Asked, *, after: int | None = None) -> None:
    """Generate; with *after*, stop when so many batches are committed."""
    stop = Event()
    committed: list[events.Event] = []

    def listen(event: events.Event) -> None:
        if isinstance(event, events.BatchCommitted):
            committed.append(event)
            if len(committed) == after:
                stop.set()

    generate(asked, stop, progress=listen)


def test_a_day_is_marked_after_its_last_manifest(settings: Asking) -> None:
    asked = settings(success_files=True)
    store = _Watched(asked.lake)
    generate(asked, store=store)
    assert sorted(store.at_marks) == [(name, 2) for name in MARKS]  # two batches a day
    assert [(asked.lake / name).read_bytes() for name in MARKS] == [b"", b""]


def test_without_the_option_no_day_is_marked(settings: Asking) -> None:
    generate(settings())
    assert _marks(settings().lake) == []


def test_a_resumed_run_marks_what_an_earlier_one_committed_and_touches_no_mark(settings: Asking) -> None:
    asked = settings(success_files=True)
    with pytest.raises(Interrupted):
        _run(settings(), after=3)
    _run(asked)
    assert _marks(asked.lake) == MARKS
    times = [(asked.lake / name).stat().st_mtime_ns for name in MARKS]
    _run(asked)
    assert [(asked.lake / name).stat().st_mtime_ns for name in MARKS] == times


def test_overwriting_removes_the_marks_first(settings: Asking) -> None:
    asked = settings(success_files=True)
    generate(asked)
    store = _Watched(asked.lake)
    generate(settings(seed=7, overwrite=True), store=store)
    assert store.removed[:2] == MARKS
    assert _marks(asked.lake) == []


@both_ways
def test_reconcile_knows_the_marks(tmp_path: Path, deep: list[str]) -> None:
    lake = make_lake(tmp_path, success_files=True)
    place = ["--lake", str(lake), *deep]
    assert report_of(*place).differences == []
    (lake / MARKS[0]).write_bytes(b"done")
    (lake / MARKS[1]).unlink()
    told = report_of(*place).told("place", "verdict")
    assert told == [(MARKS[0], "altered"), (MARKS[1], "missing")]


@both_ways
def test_a_mark_of_a_day_that_lacks_a_batch_is_named(tmp_path: Path, deep: list[str]) -> None:
    lake = make_lake(tmp_path)
    (lake / MARKS[0]).touch()
    assert report_of("--lake", str(lake), *deep).differences == []  # somebody else may mark what is complete
    (lake / "_wattif/manifest/dt=2024-01-01/000001.ndjson").unlink()
    told = report_of("--lake", str(lake), *deep).told("place", "verdict")
    assert (MARKS[0], "extra") in told


def test_marks_are_no_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = make_lake(tmp_path, success_files=True)
    database = str(tmp_path / "w.duckdb")
    assert exit_code(["load", "--lake", str(lake), "--database", database]) == 0
    assert "5,760" in capsys.readouterr().out
