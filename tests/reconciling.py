"""What tests of reconciliation share: a small lake, and the report of it as a machine reads it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import orjson

from tests.asking import Asked, generate
from wattif.answers.reconcile import run
from wattif.answers.reconcile.comparison import Comparison
from wattif.cli.options import read_options
from wattif.cli.reconcile import ReconcileOptions
from wattif.cli.stored import stored_options
from wattif.spec import Spec

SMALL: Mapping[str, Any] = {
    "start": "2024-01-01",
    "end": "2024-01-02",
    "meters": 10,
    "interval": 300,
    "meters_per_file": 3,
    "batch_files": 2,
}


def make_lake(folder: Path, **changes: Any) -> Path:
    """A lake of 2 days, 10 meters in files of 3, batches of 2 files, a reading every 5 minutes."""
    staging = folder / "staging"
    staging.mkdir(parents=True)
    generate(Asked(**{**SMALL, "lake": folder / "lake", "staging_dir": staging, **changes}), Event())
    return folder / "lake"


def reconcile(*arguments: str) -> tuple[bool, dict[str, Any]]:
    """`wattif reconcile` with *arguments*, as a library: whether all is explained, and the report."""
    options = read_options(ReconcileOptions, [*arguments, "--json"], "wattif reconcile", stored=stored_options)
    out = io.StringIO()
    explained = run.reconcile(
        options.part(Spec),
        options.url,
        options.part(Comparison),
        out,
        place=options.warehouse_place,
        as_json=True,
    )
    return explained, orjson.loads(out.getvalue())


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
    explained, document = reconcile(*arguments)
    assert document["summary"]["differences"] == len(document["differences"])
    assert explained == (not document["differences"])
    return Report(explained, document["summary"], document["differences"])
