"""What a run tells while it goes on, and what a person sees of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TypeVar

import pytest

from tests.asking import Asking, generate
from tests.undo_faults import read_objects
from wattif.cli.progress import ProgressBars
from wattif.engine import events
from wattif.errors import LakeError
from wattif.uploader.local import LocalStore
from wattif.uploader.retrying import RetryPolicy
from wattif.uploader.store import Guard, SealedFile, StoredObject, Unavailable

_Kind = TypeVar("_Kind")


class Listening:
    """Keeps all events, and notices when two come at once."""

    def __init__(self) -> None:
        self.events: list[events.Event] = []
        self._busy = threading.Lock()

    def __call__(self, event: events.Event) -> None:
        assert self._busy.acquire(blocking=False)
        self.events.append(event)
        self._busy.release()

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.mark.parametrize("faults", ["none", "late=0.1,duplicate=0.1,drop=0.05,file_missing=0.2,batch_twice=0.4"])
def test_events_add_up_to_what_lies_in_the_lake(settings: Asking, faults: str) -> None:
    asked = settings(meters=30, faults=faults, write_workers=4)
    heard = Listening()
    figures = generate(asked, Event(), progress=heard)
    stored = read_objects(asked.lake)
    rows = sum(content.count(b"\n") for content in stored.values())
    size = sum(map(len, stored.values()))
    (planned,) = heard.of(events.RunPlanned)
    assert heard.events[0] == planned
    committed = heard.of(events.BatchCommitted)
    assert len(committed) == planned.batches == figures.batches
    adjusted = heard.of(events.TotalAdjusted)
    for counted in (
        sum(event.rows for event in heard.of(events.RowsMade)),
        sum(event.rows for event in committed),
        planned.rows + sum(event.rows for event in adjusted),
    ):
        assert counted == rows
    for counted in (
        sum(event.bytes for event in heard.of(events.FileStored)),
        sum(event.bytes for event in committed),
        planned.bytes + sum(event.bytes for event in adjusted),
    ):
        assert counted == size
    assert {(event.table, event.partition) for event in committed} == {
        ("readings", f"2024-01-0{day}") for day in (1, 2)
    }
    again = Listening()
    generate(asked, Event(), progress=again)
    assert len(again.of(events.BatchSkipped)) == planned.batches
    assert sum(event.rows for event in again.of(events.BatchSkipped)) == planned.rows
    assert not again.of(events.RowsMade)


def test_a_store_that_does_not_answer_is_told(settings: Asking, tmp_path: Path) -> None:
    class Shaky(LocalStore):
        failures = 3

        def put_files(self, files: Sequence[SealedFile], guard: Guard | None = None) -> list[StoredObject | LakeError]:
            if self.failures:
                self.failures -= 1
                raise Unavailable("busy")
            return super().put_files(files, guard)

    heard = Listening()
    policy = RetryPolicy(first_wait_s=0.01)
    generate(settings(), Event(), Shaky(settings().lake), policy, progress=heard)
    assert len(heard.of(events.Retrying)) == 3


def test_what_a_listener_raises_ends_the_run(settings: Asking) -> None:
    def full(event: events.Event) -> None:
        if isinstance(event, events.BatchCommitted):
            raise ValueError("the listener is full")

    with pytest.raises(ValueError, match="the listener is full"):
        generate(settings(), Event(), progress=full)


def test_bars_show_what_is_left() -> None:
    batch = events.BatchSkipped(table="readings", partition="2024-01-01", index=0, rows=250_000, bytes=50_000_000)
    with ProgressBars() as bars:
        for event in (
            events.RunPlanned(rows=1_000_000, bytes=200_000_000, batches=4),
            batch,
            events.RowsMade(rows=300_000),
            events.RowsMade(rows=-100_000),
            events.TotalAdjusted(rows=-1_000, bytes=-1_000_000),
            events.FileStored(bytes=30_000_000),
            replace(batch, index=1),
        ):
            bars(event)
    assert "200,000 of 499,000 readings" in bars.line()
    assert ", 30 of 99 MB in the lake" in bars.line()


def test_bars_are_drawn_on_standard_error(settings: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBars() as bars:
        generate(settings(), Event(), progress=bars)
    assert bars.rows == bars.total_rows > 0
    assert bars.bytes == bars.total_bytes > 0
    assert capsys.readouterr().out == ""
