"""What a data frame asks for: a table, of a dataset or of incidents, and which of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wattif.errors import InvalidValue, choose_from
from wattif.incidents.rows import all_rows
from wattif.spark.dataset import OfDataset
from wattif.spark.incidents import OfIncidents
from wattif.spark.made import Made
from wattif.tables import catalog
from wattif.tables.readings import READINGS


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A table, and the names of the columns that are wanted."""

    made: Made
    names: tuple[str, ...]

    @classmethod
    def of(cls, options: Mapping[str, str], wanted: Mapping[str, str] | None = None) -> Asked:
        """What *options* ask for, with *wanted* columns, types by name; None: with all that the table has.

        `UsageError` when the data, the table, or a column of that type cannot be.
        """
        table = options.get("table", READINGS)
        made = _kind_of(table).of(options)
        there = made.types
        for name, kind in (wanted or {}).items():
            if name not in there:
                raise InvalidValue("schema", name, f"{table} has no such column{choose_from(name, there)}")
            if kind.upper() != there[name]:
                raise InvalidValue("schema", f"{name} {kind.upper()}", f"has the type {there[name]} in {table}")
        return cls(made=made, names=tuple(wanted or there))

    @property
    def types(self) -> dict[str, str]:
        """Spark's types of the columns, by name, in order."""
        there = self.made.types
        return {name: there[name] for name in self.names}


def _kind_of(table: str) -> type[Made]:
    """What the *table* is of: `InvalidValue` when it is of nothing."""
    if table in all_rows():
        return OfIncidents
    of_datasets = [each.name for each in catalog.lake_tables()]
    if table not in of_datasets:
        raise InvalidValue("table", table, f"there is none{choose_from(table, [*of_datasets, *all_rows()])}")
    return OfDataset
