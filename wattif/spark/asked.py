"""What the options of a data frame ask for: a dataset's fields, or a lake that has them, and a table of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from wattif.engine.plan import Plan
from wattif.errors import InvalidValue, UsageError, choose_from
from wattif.face.reading import rows_of
from wattif.face.rows import Rows, is_in_units
from wattif.lake.open import open_store
from wattif.lake.stored import same_spec
from wattif.model.anomaly_kinds import weights_of
from wattif.model.scenario import world_of
from wattif.spec import Spec
from wattif.spec.reasons import reason_of
from wattif.tables.ddl.spark import DAY, types_of
from wattif.tables.expected import VIEWS
from wattif.tables.readings import READINGS

_OWN = {"table": READINGS, "view": VIEWS[0], "lake": ""}  # options that are no fields of a spec, and their defaults


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A table of a dataset, and which of its columns."""

    spec: Spec
    table: str
    view: str
    names: tuple[str, ...]  # of columns; that of the day may be one

    @classmethod
    def of(cls, options: Mapping[str, str], wanted: Mapping[str, str] | None = None) -> Asked:
        """What *options* ask for, with *wanted* columns, types by name; None: with all that the table has.

        `UsageError` when the dataset, the table, or a column of that type cannot be.
        """
        own = {name: options.get(name, default) for name, default in _OWN.items()}
        fields = {name: value for name, value in options.items() if name not in _OWN}
        spec = _spec_of_lake(own["lake"], fields) if own["lake"] else _spec_of(fields)
        there = cls(spec=spec, table=own["table"], view=own["view"], names=())._types()
        for name, kind in (wanted or {}).items():
            if name not in there:
                raise InvalidValue("schema", name, f"{own['table']} has no such column{choose_from(name, there)}")
            if kind.upper() != there[name]:
                raise InvalidValue("schema", f"{name} {kind.upper()}", f"has the type {there[name]} in {own['table']}")
        return cls(spec=spec, table=own["table"], view=own["view"], names=tuple(wanted or there))

    @property
    def has_days(self) -> bool:
        """Whether there is a partition for each day, and a column that tells it."""
        return _has_days(self._all())

    @property
    def types(self) -> dict[str, str]:
        """Spark's types of the columns, by name, in order."""
        there = self._types()
        return {name: there[name] for name in self.names}

    def rows(self) -> Rows:
        """The rows with exact decimals, but for the day; with a column at least, because that counts them."""
        columns = [name for name in self.names if name != DAY] or [self._all().columns[0].name]
        return rows_of(self.spec, self.table, columns=columns, numbers="decimal", view=self.view)

    def _all(self) -> Rows:
        return rows_of(self.spec, self.table, numbers="decimal", view=self.view)

    def _types(self) -> dict[str, str]:
        rows = self._all()
        return types_of(rows.columns, is_partitioned=_has_days(rows))


def _has_days(rows: Rows) -> bool:
    return is_in_units(rows.table) and rows.table.made == "stream"


def _spec_of(fields: Mapping[str, str]) -> Spec:
    for name, value in fields.items():
        if name not in Spec.model_fields:
            raise InvalidValue(name, value, f"unknown option{choose_from(name, [*Spec.model_fields, *_OWN])}")
    try:
        spec = Spec.model_validate(fields)
    except ValidationError as error:
        raise UsageError("; ".join(map(_complaint, error.errors()))) from None
    world_of(spec), weights_of(spec), Plan.of(spec)  # what only registries know, too, before any task begins
    return spec


def _spec_of_lake(lake: str, fields: Mapping[str, str]) -> Spec:
    for name, value in fields.items():
        reason = f"the dataset in {lake} says it; leave it out: beside `lake` there may be {', '.join(_OWN)}"
        raise InvalidValue(name, value, reason)
    return same_spec(open_store(lake))


def _complaint(detail: Any) -> str:
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, InvalidValue):
        return str(cause)
    name = detail["loc"][0]
    if detail["type"] == "missing":
        return f"`{name}` is missing"
    return f"`{name}` {detail['input']}: {reason_of(detail)}"
