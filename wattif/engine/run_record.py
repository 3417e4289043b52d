"""What a run says of itself in `_wattif/runs/`: at its begin, every half minute, and at its end."""

from __future__ import annotations

import logging
import os
import platform
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import orjson

from wattif.engine.figures import Figures
from wattif.engine.lateness import lateness_of
from wattif.engine.run_options import RunOptions
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.runs import COMPLETE, RUNNING
from wattif.spec import Spec
from wattif.uploader.store import Store
from wattif.version import __version__

_log = logging.getLogger("wattif.engine")
_EVERY_S = 30.0


class RunRecord:
    """The record of one run; a context manager that keeps it up to date while the run is under way.

    A run that ends as it should calls `complete`; what no run has touched for long was killed.
    """

    def __init__(self, store: Store, spec: Spec, options: RunOptions, fingerprint: str, figures: Figures) -> None:
        """*figures* change while the run is under way."""
        began = datetime.now(UTC)
        self._store = store
        self._figures = figures
        shard = f"-{options.share.name}" if options.shard else ""
        self.name = f"{layout.RUNS}{began:%Y%m%dT%H%M%S.%fZ}-{os.getpid()}{shard}.json"
        self._content: dict[str, object] = {
            "began": began.isoformat(timespec="milliseconds"),
            "wattif": __version__,
            "python": platform.python_version(),
            "host": platform.node(),
            "process": os.getpid(),
            "machine": platform.machine(),
            "processors": os.cpu_count(),
            "fingerprint": fingerprint,
            "spec": spec.model_dump(mode="json"),
            "run": options.model_dump(mode="json"),
        }
        self._ended = threading.Event()
        self._writer = threading.Thread(target=self._keep, name="run-record", daemon=True)

    def __enter__(self) -> RunRecord:
        self._write(RUNNING)
        self._writer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()

    def complete(self) -> None:
        """The run has ended as it should."""
        self._ended.set()
        self._writer.join()
        self._write(COMPLETE)

    def _keep(self) -> None:
        while not self._ended.wait(_EVERY_S):
            try:
                self._write(RUNNING)
            except LakeError as error:  # the run finds out by itself, and says what is to be done
                _log.warning("%s", error)

    def _write(self, state: str) -> None:
        heard = datetime.now(UTC).isoformat(timespec="milliseconds")
        content = {**self._content, "state": state, "heard": heard, **_words(self._figures)}
        self._store.put_bytes(self.name, orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _words(figures: Figures) -> dict[str, Any]:
    """*figures* as plain values; of the landings, as many as there may be, a few numbers."""
    values = asdict(figures)
    late = lateness_of(values.pop("late_s"))
    return values if late is None else {**values, "lateness": asdict(late)}
