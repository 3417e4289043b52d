"""What a person sees while a run goes on: two bars on a terminal, else a line every ten seconds."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType

from tqdm import tqdm

_REFRESH_S = 0.5
_LINE_EVERY_S = 10.0


class Progress:
    """Counts readings produced and bytes that arrived; threads may share it. A context manager that shows both."""

    def __init__(self, readings: int, size: int, *, quiet: bool) -> None:
        self.readings = 0
        self.bytes = 0
        self._readings_total = readings
        self._bytes_total = size
        self._quiet = quiet
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)
        self._began = time.monotonic()

    def add_readings(self, count: int) -> None:
        """*count* more readings were produced; negative when an unfinished file was given up."""
        with self._lock:
            self.readings += count

    def add_bytes(self, count: int) -> None:
        """*count* more bytes arrived in the lake."""
        with self._lock:
            self.bytes += count

    def skip(self, readings: int, size: int) -> None:
        """So much of the total is there already."""
        with self._lock:
            self._readings_total -= readings
            self._bytes_total -= size

    def __enter__(self) -> Progress:
        if not self._quiet:
            self._thread.start()
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
                print(self._line(), file=sys.stderr, flush=True)

    def _show_bars(self) -> None:
        with (
            tqdm(desc="readings", total=self._readings_total, unit="", unit_scale=True, smoothing=0.1) as readings,
            tqdm(
                desc="in lake ", total=self._bytes_total, unit="B", unit_scale=True, unit_divisor=1000, smoothing=0.1
            ) as size,
        ):
            last = False
            while not last:
                last = self._done.wait(_REFRESH_S)
                readings.total, size.total = self._readings_total, self._bytes_total
                readings.update(self.readings - readings.n)
                size.update(self.bytes - size.n)

    def _line(self) -> str:
        seconds = max(time.monotonic() - self._began, 1e-9)
        share = self.bytes / max(self._bytes_total, 1)
        left = f"{seconds * (1 - share) / share:,.0f} s left" if self.bytes else "time left unknown"
        return (
            f"{self.readings:,} of {self._readings_total:,} readings ({self.readings / seconds / 1e6:.1f} M/s),"
            f" {self.bytes / 1e6:,.0f} of {self._bytes_total / 1e6:,.0f} MB in the lake"
            f" ({self.bytes / seconds / 1e6:,.0f} MB/s), {left}"
        )
