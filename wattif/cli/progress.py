"""The progress of a run as people see it: two bars on a terminal, else a line every ten seconds."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType

from tqdm import tqdm

from wattif.cli.announce import CompilingLines
from wattif.engine.events import (
    BatchLanded,
    BatchSkipped,
    BatchWaits,
    Compiling,
    Event,
    FileStored,
    LandingsPlanned,
    RowsMade,
    RunPlanned,
    TotalAdjusted,
)

_REFRESH_S = 0.5
_LINE_EVERY_S = 10.0


class ProgressBars:
    """Shows the events of a run on standard error: a context manager, and what the run calls with each event."""

    def __init__(self) -> None:
        self.rows = self.bytes = 0
        self.total_rows = self.total_bytes = 0
        self.latest_s = 0.0  # how late the latest landing was
        self._last_landing: float | None = None  # when the schedule ends, by the monotonic clock
        self._waiting: dict[tuple[str, str, int], float] = {}  # when each batch lands, by the same
        self._began = time.monotonic()  # of the first event
        self._tell_compiling = CompilingLines()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def __call__(self, event: Event) -> None:
        """Take notice of *event*."""
        match event:
            case RunPlanned():
                self._began = time.monotonic()
                self.total_rows, self.total_bytes = event.rows, event.bytes
                self._thread.start()
            case LandingsPlanned():
                self._last_landing = time.monotonic() + event.last_s
            case BatchWaits():
                self._waiting[event.table, event.partition, event.index] = time.monotonic() + event.wait_s
            case BatchLanded():
                self._waiting.pop((event.table, event.partition, event.index), None)
                self.latest_s = max(self.latest_s, event.late_s)
            case RowsMade():
                self.rows += event.rows
            case FileStored():
                self.bytes += event.bytes
            case TotalAdjusted():
                self._adjust_total(event.rows, event.bytes)
            case Compiling():
                self._tell_compiling(event.kernel)
            case BatchSkipped():
                self._adjust_total(-event.rows, -event.bytes)

    def _adjust_total(self, rows: int, size: int) -> None:
        self.total_rows += rows
        self.total_bytes += size

    def __enter__(self) -> ProgressBars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()

    def _show(self) -> None:
        if sys.stderr.isatty():
            self._show_bars()
        else:
            while not self._done.wait(_LINE_EVERY_S):
                print(self.line(), file=sys.stderr, flush=True)

    def _show_bars(self) -> None:
        with (
            tqdm(desc="readings", total=self.total_rows, unit="", unit_scale=True, smoothing=0.1) as rows,
            tqdm(
                desc="in lake ", total=self.total_bytes, unit="B", unit_scale=True, unit_divisor=1000, smoothing=0.1
            ) as size,
        ):
            last = False
            while not last:
                last = self._done.wait(_REFRESH_S)
                rows.total, size.total = self.total_rows, self.total_bytes
                rows.update(self.rows - rows.n)
                size.set_postfix_str(self.schedule(), refresh=False)
                size.update(self.bytes - size.n)

    def line(self) -> str:
        """Where the run is, in one line."""
        seconds = max(time.monotonic() - self._began, 1e-9)
        share = self.bytes / max(self.total_bytes, 1)
        left = f"{seconds * (1 - share) / share:,.0f} s left" if self.bytes else "time left unknown"
        if self._last_landing is not None:
            left = self.schedule()
        return (
            f"{self.rows:,} of {self.total_rows:,} readings ({self.rows / seconds / 1e6:.1f} M/s),"
            f" {self.bytes / 1e6:,.0f} of {self.total_bytes / 1e6:,.0f} MB in the lake"
            f" ({self.bytes / seconds / 1e6:,.0f} MB/s), {left}"
        )

    def schedule(self) -> str:
        """What waits for its time by the plan of arrival; empty without one."""
        if self._last_landing is None:
            return ""
        now = time.monotonic()
        ahead = [at - now for at in list(self._waiting.values()) if at > now]
        waits = f"{len(ahead):,} batches wait, the next for {min(ahead):,.0f} s; " if ahead else ""
        left_s = max(self._last_landing - now, 0)
        return f"{waits}latest by {self.latest_s:,.1f} s; schedule ends in {left_s:,.0f} s"
