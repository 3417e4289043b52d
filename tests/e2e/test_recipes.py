"""A table and a format of one's own: each a few lines in this file, and every verb knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import numpy as np
import orjson
import pytest

from tests.asking import Asked, Asking, generate
from tests.lakes import objects
from wattif.engine import events
from wattif.errors import Interrupted
from wattif.model.scenario import Scenario
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.tables.column import Column
from wattif.tables.table import LakeTable, RowCount
from wattif.tables.unit import Unit

# A table: what one row of it is, who has how many of them, and how they are made. ------------------------------------


@dataclass(frozen=True, kw_only=True)
class Doors(LakeTable):
    """How often the door of each transformer was opened, hour by hour."""

    def partitions(self, spec: Spec) -> Iterator[str]:
        return ((spec.start + timedelta(days=n)).isoformat() for n in range((spec.end - spec.start).days + 1))

    def entities(self, spec: Spec, partition: str) -> int:
        return spec.meters

    def rows(self, spec: Spec, partition: str) -> RowCount:
        return RowCount(rows=24 * spec.meters, exact=True)

    def columns_of(self, scenario: Scenario, unit: Unit) -> Mapping[str, np.ndarray[Any, Any]]:
        door, hour = np.divmod(np.arange(24 * unit.count), 24)
        midnight = np.datetime64(unit.day, "s")
        opened = (door + unit.first + hour * unit.day.day + scenario.world.seed) % 7
        return {"door": door + unit.first, "hour": midnight + hour * np.timedelta64(3600, "s"), "opened": opened}


DOORS = Doors(
    name="doors",
    description="how often the doors of transformers were opened",
    columns=(
        Column("door", "number", "number of the door", maximum=99_999_999),
        Column("hour", "timestamp", "the hour", unit="UTC"),
        Column("opened", "number", "how often it was opened", maximum=9),
    ),
    key=("door", "hour"),
    partition="a UTC day",
    path="doors/dt={partition}/doors-{first:08d}-{last:08d}",
    endings=("json",),
    made="stream",
)

# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def doors() -> Iterator[None]:
    catalog.register(DOORS)
    yield
    catalog.unregister(DOORS.name)


def _interrupted_after(batches: int, stop: Event) -> Callable[[events.Event], None]:
    """A listener that stops the run when so many batches are committed."""
    seen: list[events.Event] = []

    def listen(event: events.Event) -> None:
        if isinstance(event, events.BatchCommitted):
            seen.append(event)
            if len(seen) == batches:
                stop.set()

    return listen


def _resumed(asked: Asked) -> None:
    """Generate what is *asked* for, interrupted in the middle and begun again."""
    stop = Event()
    with pytest.raises(Interrupted):
        generate(asked, stop, progress=_interrupted_after(3, stop))
    skipped: list[events.Event] = []
    generate(asked, Event(), progress=skipped.append)
    assert [event for event in skipped if isinstance(event, events.BatchSkipped)]


@pytest.mark.usefixtures("doors")
def test_a_table_of_ones_own(settings: Asking, tmp_path: Path) -> None:
    asked = settings(meters=30, interval=900, meters_per_file=4, batch_files=2, faults="late=0.1,batch_twice=0.3")
    _resumed(asked)
    undisturbed = settings(**asked.model_dump(exclude={"lake"}), lake=tmp_path / "undisturbed")
    generate(undisturbed, Event())
    assert objects(asked.lake) == objects(undisturbed.lake)
    read = f"read_json('{asked.lake}/doors/dt=*/*.json', hive_partitioning = true)"
    figures = duckdb.connect().execute(f"SELECT count(*), count(DISTINCT (door, hour)), sum(opened) FROM {read}")
    opened = [(door + hour * day + 42) % 7 for door in range(30) for hour in range(24) for day in (1, 2)]
    assert figures.fetchone() == (30 * 24 * 2, 30 * 24 * 2, sum(opened))
    manifests = sorted((asked.lake / "_wattif/manifest/doors").rglob("*.ndjson"))
    assert len(manifests) == 2 * 4
    entries = [orjson.loads(line) for path in manifests for line in path.read_bytes().splitlines()]
    assert {entry["name"] for entry in entries} == {
        path.relative_to(asked.lake).as_posix() for path in (asked.lake / "doors").rglob("*.json")
    }
    assert not list((asked.staging_dir or tmp_path).rglob("doors*"))


@pytest.mark.usefixtures("doors")
def test_overwriting_removes_a_table_of_ones_own(settings: Asking) -> None:
    generate(settings(interval=900), Event())
    generate(settings(interval=900, meters=3, seed=7, overwrite=True), Event())
    names = {path.name for path in settings().lake.glob("doors/*/*")}
    assert names == {"doors-00000000-00000002.json"}
