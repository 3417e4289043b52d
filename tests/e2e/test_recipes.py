"""A table and a format of one's own: each a few lines in this file, and every verb knows them."""

from __future__ import annotations

import shutil
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

import wattif
from tests.asking import Asked, Asking, generate
from tests.lakes import objects
from tests.undo_faults import read_labels
from wattif import encode
from wattif.answers.reconcile.comparison import Comparison
from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.run import compare
from wattif.encode.encoder import Encoder
from wattif.engine import events
from wattif.errors import Interrupted, InvalidValue
from wattif.model.fleet import mac_text
from wattif.model.scenario import Scenario
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.tables.block import Block, Rows, TakenRows
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

# A format: how rows become bytes. ----------------------------------------------------------------------------------


class TsvEncoder(Encoder):
    """Tab-separated values, numbers without needless zeros, a line of names at the top."""

    name, extension, content_type, is_text = "tsv", ".tsv", "text/tab-separated-values", True

    @property
    def row_room(self) -> int:
        return sum(len(column.name) + 30 for column in self.schema.columns) + 30

    def start(self) -> bytes:
        added = [self.schema.added[0]] if self.schema.added else []
        return "\t".join([*map(self.schema.written_name, self.schema.columns), *added]).encode() + b"\n"

    def encode(self, block: Block | TakenRows, rows: Rows | None = None) -> bytes:
        columns = [self._texts(column, block.values(column.name, rows)) for column in self.schema.columns]
        if self.schema.added:
            columns.append([self.schema.added[1]] * len(columns[0]))
        return "".join("\t".join(row) + "\n" for row in zip(*columns, strict=True)).encode()

    def _texts(self, column: Column, values: np.ndarray[Any, Any]) -> list[str]:
        if column.kind == "mac":
            return [text.decode() for text in mac_text(values)]
        if column.kind == "timestamp":
            return [f"{text}Z" for text in values.astype("datetime64[s]")]
        scale = 10**column.decimals
        return [f"{value / scale:.{column.decimals}f}" for value in values] if scale > 1 else list(map(str, values))


# ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def tsv() -> Iterator[None]:
    encode.register(TsvEncoder)
    yield
    encode.unregister(TsvEncoder.name)


@pytest.fixture
def doors() -> Iterator[None]:
    catalog.register(DOORS)
    yield
    catalog.unregister(DOORS.name)


def _differences(asked: Asked, *, deep: bool = False) -> list[Difference]:
    """What `reconcile` says of the lake of what is *asked* for."""
    found = _Differences()
    compare(asked.spec, asked.place, Comparison(deep=deep), outputs=[found])
    return found.all


class _Differences:
    def __init__(self) -> None:
        self.all: list[Difference] = []

    def add(self, difference: Difference) -> None:
        self.all.append(difference)


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
    assert _differences(asked) == _differences(asked, deep=True) == []
    status = wattif.open(asked.lake).status()
    assert (status.complete, status.days_complete, status.batches) == (True, 2, 2 * 4 + 2 * 4)
    [first, second, third, *_] = sorted((asked.lake / "doors").rglob("*.json"))
    first.write_bytes(first.read_bytes().replace(b'"opened":3', b'"opened":8', 1))
    second.unlink()
    shutil.copy(third, third.with_name("doors-00000099-00000099.json"))
    found = {Path(each.place).name: each.verdict for each in _differences(asked)}
    assert found == {first.name: "altered", second.name: "missing", "doors-00000099-00000099.json": "doubled"}
    [row] = [each for each in _differences(asked, deep=True) if Path(each.place).name == first.name]
    assert (row.verdict, row.column, row.expected, row.found) == ("altered", "opened", "3", "8")


@pytest.mark.usefixtures("doors")
def test_overwriting_removes_a_table_of_ones_own(settings: Asking) -> None:
    generate(settings(interval=900), Event())
    generate(settings(interval=900, meters=3, seed=7, overwrite=True), Event())
    names = {path.name for path in settings().lake.glob("doors/*/*")}
    assert names == {"doors-00000000-00000002.json"}


FAULTS = "duplicate=0.05,late=0.05:1h,drop=0.05,out_of_order=0.05,partial_line=0.5,file_missing=0.2,batch_twice=0.5"


def _rows(connection: duckdb.DuckDBPyConnection, read: str) -> list[tuple[Any, ...]]:
    columns = (
        "mac, timestamp::TIMESTAMP AS t, consumption_wh::DECIMAL(18, 3), power_w::BIGINT, register_kwh::DECIMAL(18, 3)"
    )
    return connection.execute(f"SELECT {columns} FROM {read} ORDER BY ALL").fetchall()


@pytest.mark.usefixtures("tsv", "doors")
def test_a_format_of_ones_own(settings: Asking, tmp_path: Path) -> None:
    """Both tables in both formats say the same."""
    asked = settings(format="tsv", anomaly_rate=0.5, interval=900)
    _resumed(asked)
    other = settings(lake=tmp_path / "ndjson", anomaly_rate=0.5, interval=900)
    generate(other)
    connection = duckdb.connect()
    names = [
        path.relative_to(lake).with_suffix("") for lake in (asked.lake, other.lake) for path in lake.glob("dt=*/*")
    ]
    assert len(names) == 2 * len(set(names)) > 0
    in_tsv = _rows(connection, f"read_csv('{asked.lake}/dt=*/*.tsv', all_varchar = true)")
    assert in_tsv == _rows(connection, f"read_json('{other.lake}/dt=*/*.json')")
    assert _differences(asked) == _differences(asked, deep=True) == []
    changed = next(asked.lake.glob("dt=*/*.tsv"))
    changed.write_bytes(changed.read_bytes().replace(b"00Z\t", b"01Z\t", 1))
    assert [each.verdict for each in _differences(asked, deep=True)] == ["altered"]
    assert [(each.verdict, each.column) for each in _differences(asked)] == [("altered", "crc32c")]
    changed.write_bytes(changed.read_bytes().replace(b"01Z\t", b"00Z\t", 1))
    doors_of = "SELECT door, hour::TIMESTAMP, opened FROM"
    assert (
        connection.execute(f"{doors_of} read_csv('{asked.lake}/doors/dt=*/*.tsv') ORDER BY ALL").fetchall()
        == connection.execute(f"{doors_of} read_json('{other.lake}/doors/dt=*/*.json') ORDER BY ALL").fetchall()
    )


@pytest.mark.usefixtures("tsv")
@pytest.mark.parametrize("drift", ["", ",schema_drift=2024-01-02", ",schema_drift=2024-01-02:renamed"])
def test_faults_of_rows_and_damage_of_text_in_a_format_of_ones_own(
    settings: Asking, tmp_path: Path, drift: str
) -> None:
    """The same rows meet the same faults in every format, and each label tells the lines that arrive."""
    asked = settings(format="tsv", faults=f"{FAULTS},corrupt=0.05{drift}", interval=900)
    generate(asked)
    other = settings(lake=tmp_path / "ndjson", faults=f"{FAULTS},corrupt=0.05{drift}", interval=900)
    generate(other)
    assert _differences(asked) == _differences(asked, deep=True) == []
    labels, others = read_labels(asked.lake), read_labels(other.lake)
    places = ("kind", "row", "mac", "timestamp", "delivered_row", "delay_s")
    told, other_told = ([tuple(label[name] for name in places) for label in each] for each in (labels, others))
    assert told == other_told
    assert {label["kind"] for label in labels} >= {"late", "corrupt", "partial_line"}
    stored = {path.relative_to(asked.lake).as_posix(): path.read_bytes() for path in asked.lake.glob("dt=*/*")}
    for label in labels:
        if label["delivered"] is not None:
            lines = stored[label["delivered_in"]].decode().splitlines()
            assert lines[1 + label["delivered_row"]] == label["delivered"]


def test_an_unknown_format_is_refused(settings: Asking) -> None:
    with pytest.raises(InvalidValue, match=r"`format` ndjsn: unknown format.*ndjson"):
        generate(settings(format="ndjsn"))
