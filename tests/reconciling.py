"""What tests of reconciliation share: a small lake, and the report of it as a machine reads it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import orjson

from wattif.answers.reconcile.run import reconcile
from wattif.answers.reconcile.settings import ReconcileSettings
from wattif.engine.run import generate
from wattif.lake.place import stored_options
from wattif.options import read_settings
from wattif.settings import GenerateSettings

SMALL: Mapping[str, Any] = {
    "start": "2024-01-01", "end": "2024-01-02", "meters": 10, "interval": 300, "meters_per_file": 3, "batch_files": 2,
    "quiet": True,
}  # fmt: skip


def make_lake(folder: Path, **changes: Any) -> Path:
    """A lake of 2 days, 10 meters in files of 3, batches of 2 files, a reading every 5 minutes."""
    staging = folder / "staging"
    staging.mkdir(parents=True)
    generate(GenerateSettings(**{**SMALL, "lake": folder / "lake", "staging_dir": staging, **changes}), Event())
    return folder / "lake"


@dataclass(frozen=True)
class Report:
    """What `reconcile` said."""

    explained: bool
    summary: dict[str, Any]
    differences: list[dict[str, Any]]

    def told(self, *names: str) -> list[tuple[Any, ...]]:
        """The named values of every difference, each combination once, in order."""
        return sorted({tuple(each[name] for name in names) for each in self.differences}, key=str)


def report_of(*arguments: str) -> Report:
    """`wattif reconcile` with *arguments*, as a library."""
    out = io.StringIO()
    settings = read_settings(ReconcileSettings, [*arguments, "--json"], "wattif reconcile", stored_options)
    explained = reconcile(settings, out, Event())
    document = orjson.loads(out.getvalue())
    assert document["summary"]["differences"] == len(document["differences"])
    assert explained == (not document["differences"])
    return Report(explained, document["summary"], document["differences"])
