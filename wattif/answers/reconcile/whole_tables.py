"""Tables of the lake that are made whole, row by row against what they must be: they are functions of the spec."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from math import isnan
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from wattif.answers.reconcile.differences import Difference, Verdict, difference_of_object
from wattif.model.anomalies import Event
from wattif.model.scenario import Scenario
from wattif.spec import Spec
from wattif.tables import anomaly_labels, catalog
from wattif.tables.arrow import ROWS_PER_GROUP, arrow_schema, arrow_table, partition_objects
from wattif.tables.table import LakeTable
from wattif.tables.unit import Unit
from wattif.uploader.store import Store

_Row = dict[str, Any]
_Key = tuple[Any, ...]


def read_object(store: Store, name: str) -> bytes | None:
    """The content of an object; None when there is none, also where a folder has its name."""
    file = store.open_object(name)
    if file is None:
        return None
    with file:
        return file.read()


class WholeTables:
    """The tables of the dataset that *spec* describes, beside those that are made in units."""

    def __init__(self, spec: Spec, scenario: Scenario, events: Sequence[Event]) -> None:
        """*events*: what goes wrong at the meters, by meter, whether *scenario* has measured it or not."""
        self._spec = spec
        self._scenario = scenario
        self._labelled: dict[str, list[Event]] = defaultdict(list)  # by partition of the labels
        for event in (event for event in events if event.meter < spec.meters):
            self._labelled[anomaly_labels.partition_of(event)].append(event)

    def names(self) -> Sequence[str]:
        """Their objects; of the labels of anomalies, those of the days on which an event begins."""
        return [
            name
            for table in catalog.lake_tables_of(self._spec, "whole")
            for partition in table.partitions(self._spec)
            if partition in self._labelled or not table.absent_when_empty
            for name in table.object_names(partition)
        ]

    def meter_labels(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of the labels of what goes wrong at the meters; only known when events are measured."""
        for partition in sorted(self._labelled):
            yield from partition_objects(anomaly_labels.TABLE, self._scenario, self._spec.meters, partition).items()

    def strange_labels(self, existing: Collection[str]) -> Iterator[Difference]:
        """Labels of anomalies that no event of the dataset has."""
        own = {name for partition in self._labelled for name in anomaly_labels.TABLE.object_names(partition)}
        for name in sorted(existing):
            if name.startswith(anomaly_labels.TABLE.prefix) and name not in own:
                yield difference_of_object(name, "extra", 0, None, "labels of nothing that happened")

    def altered_labels(self, store: Store, existing: Collection[str]) -> Iterator[Difference]:
        """How the labels of anomalies, if *existing*, differ in what is known before events are measured."""
        for partition, events in sorted(self._labelled.items()):
            name = anomaly_labels.TABLE.object_name(partition, ending="parquet")
            if name in existing:
                yield from self._altered_partition(store, name, events)

    def _altered_partition(self, store: Store, name: str, events: Sequence[Event]) -> Iterator[Difference]:
        table = anomaly_labels.TABLE
        found = _parquet(read_object(store, name) or b"")
        if found is None or found.schema != arrow_schema(table.columns):
            told = "no Parquet file" if found is None else _columns(found.schema)
            yield difference_of_object(
                name, "altered", len(events), _columns(arrow_schema(table.columns)), told, column="columns"
            )
            return
        drawn = anomaly_labels.drawn_columns(self._scenario, events)
        expected = arrow_table([each for each in table.columns if each.name in drawn], drawn)
        if not expected.equals(found.select(expected.column_names)):
            yield from _compare_rows(name, table.key, expected.to_pylist(), found.to_pylist())

    def altered(self, store: Store, existing: Collection[str]) -> Iterator[Difference]:
        """How the tables of which the objects are *existing* differ from what they must be.

        All but the labels of anomalies, which are known only when events are measured.
        """
        for table in catalog.lake_tables_of(self._spec, "whole"):
            if table.absent_when_empty or "parquet" not in table.endings:
                continue
            for partition in table.partitions(self._spec):
                if table.object_name(partition, ending="parquet") in existing:
                    yield from compare_partition(store, self._spec, self._scenario, table, partition)


def compare_partition(
    store: Store, spec: Spec, scenario: Scenario, table: LakeTable, partition: str
) -> Iterator[Difference]:
    """How the Parquet object of a partition, which a listing names, differs from what it must be."""
    name = table.object_name(partition, ending="parquet")
    content = read_object(store, name)
    count = table.entities(spec, partition)
    if content is None:
        yield difference_of_object(name, "missing", count, "a Parquet file", None)
        return
    found = _parquet(content)
    if found is None:
        yield difference_of_object(
            name, "altered", count, "a Parquet file", f"{len(content)} bytes that are none", column="bytes"
        )
        return
    first = 0
    same = True
    for start in range(0, count, ROWS_PER_GROUP):
        unit = Unit(table.name, partition, start, min(ROWS_PER_GROUP, count - start))
        expected = arrow_table(table.columns, table.columns_of(scenario, unit))
        if start == 0 and expected.schema != found.schema:
            yield difference_of_object(
                name, "altered", count, _columns(expected.schema), _columns(found.schema), column="columns"
            )
            return
        same = same and expected.equals(found.slice(first, expected.num_rows))
        first += expected.num_rows
    if not same or first != found.num_rows:
        whole = arrow_table(table.columns, table.columns_of(scenario, Unit(table.name, partition, 0, count)))
        yield from _compare_rows(name, table.key, whole.to_pylist(), found.to_pylist())


def _compare_rows(name: str, key: tuple[str, ...], expected: list[_Row], found: list[_Row]) -> Iterator[Difference]:
    """Rows are matched by their keys."""

    def key_of(row: _Row) -> _Key:
        return tuple(row[column] for column in key)

    wanted = {key_of(row): row for row in expected}
    firsts: dict[tuple[Verdict, str | None], tuple[object, object]] = {}
    rows: Counter[tuple[Verdict, str | None]] = Counter()

    def tell(verdict: Verdict, column: str | None, one: object, other: object) -> None:
        firsts.setdefault((verdict, column), (one, other))
        rows[verdict, column] += 1

    seen: dict[_Key, int] = defaultdict(int)
    for row in found:
        of_key = key_of(row)
        seen[of_key] += 1
        if of_key not in wanted:
            tell("extra", None, None, row)
        elif seen[of_key] > 1:
            tell("doubled", None, wanted[of_key], row)
        else:
            for column, value in wanted[of_key].items():
                if not _is_same(value, row[column]):
                    tell("altered", column, value, row[column])
    for of_key, row in wanted.items():
        if not seen[of_key]:
            tell("missing", None, row, None)
    if not rows:
        tell("disordered", None, None, None)
    for (verdict, field), (one, other) in firsts.items():
        yield difference_of_object(name, verdict, rows[verdict, field], _text(one), _text(other), column=field)


def _is_same(one: object, other: object) -> bool:
    return one == other or (isinstance(one, float) and isinstance(other, float) and isnan(one) and isnan(other))


def _text(value: object) -> str | None:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return None if value is None else str(value)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)


def _parquet(content: bytes) -> pa.Table | None:
    """The table in a Parquet file; None when it is none."""
    try:
        return pq.ParquetFile(pa.BufferReader(content)).read()  # `read_table` imports all of pandas
    except (pa.ArrowException, OSError):
        return None
