"""The readings of the meters, a UTC day a partition. What a meter measures is declared in `wattif.model.quantities`.

{"mac":"02:1A:7F:00:3B:C9","timestamp":"2024-01-01T19:26:40Z","consumption_wh":   8.743,"power_w":  3147,
 "voltage_v":230.1,"current_a":   9.85,"power_factor":0.998,"frequency_hz":50.018,"register_kwh":   23464.571,
 "status":  0}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from wattif.errors import InvalidValue, choose_from
from wattif.model.quantities import SEQ_MAX, Quantity, quantities_of
from wattif.numeric.calendar import DAY_S
from wattif.tables.column import Column
from wattif.tables.table import LakeTable, RowCount, is_asked_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wattif.model.scenario import Scenario
    from wattif.spec import Spec
    from wattif.tables.block import Block
    from wattif.tables.unit import Unit

READINGS = "readings"
_SHORTEST_S = 1  # the interval at which every range is narrowest


def _column(quantity: Quantity) -> Column:
    return Column(
        quantity.name,
        "number",
        quantity.description,
        unit=quantity.unit,
        decimals=quantity.decimals,
        minimum=quantity.minimum,
        maximum=quantity.maximum,
        obis=quantity.obis,
        quantity=quantity.number,
        optional=quantity.optional,
    )


def reading_fields(interval_s: int) -> dict[str, Column]:
    """All fields of a reading by name, in their default order; the range of an energy grows with the interval."""
    measured = [_column(quantity) for quantity in quantities_of(interval_s)]
    fields = (
        Column("mac", "mac", "the meter: a locally administered unicast MAC address"),
        Column("timestamp", "timestamp", "start of the interval, RFC 3339", unit="UTC"),
        *(each for each in measured if not each.optional),
        Column("city_id", "city", "the city that the meter is in", optional=True),
        *(each for each in measured if each.optional),
    )
    return {field.name: field for field in fields}


FIELD_NAMES: tuple[str, ...] = tuple(reading_fields(_SHORTEST_S))
DEFAULT_NAMES: tuple[str, ...] = tuple(
    field.name for field in reading_fields(_SHORTEST_S).values() if not field.optional
)


def fields_of(spec: Spec) -> tuple[Column, ...]:
    """The fields of the readings that *spec* asks for, in order; `InvalidValue` when there are no such."""
    names = DEFAULT_NAMES if spec.column_names is None else spec.column_names
    fields = select_fields(names, spec.interval)
    last_seq = ((spec.end - spec.epoch).days + 1) * (DAY_S // spec.interval) - 1
    if last_seq > SEQ_MAX and any(field.name == "seq" for field in fields):
        raise InvalidValue(
            "columns",
            "seq",
            f"would reach {last_seq:,} by {spec.end}, more than it has room for ({SEQ_MAX:,});"
            " choose an earlier `end`, a longer `interval`, or leave seq out",
        )
    return fields


def select_fields(columns: Sequence[str], interval_s: int) -> tuple[Column, ...]:
    """The fields named by *columns*, in that order; `InvalidValue` for an unknown, doubled or missing name."""
    fields = reading_fields(interval_s)
    for name in columns:
        if name not in fields:
            raise InvalidValue("columns", name, f"unknown column{choose_from(name, fields)}")
    if not columns:
        raise InvalidValue("columns", repr(""), f"name at least one of {', '.join(fields)}")
    if len(set(columns)) < len(columns):
        raise InvalidValue("columns", ",".join(columns), "names a column twice")
    return tuple(fields[name] for name in columns)


@dataclass(frozen=True, kw_only=True)
class Readings(LakeTable):
    """The table of the readings: its units are ranges of meters on a day."""

    def columns_in(self, spec: Spec) -> tuple[Column, ...]:
        """Those asked for, in the order asked for."""
        return fields_of(spec)

    def partitions(self, spec: Spec) -> Iterator[str]:
        """The UTC days."""
        return ((spec.start + timedelta(days=n)).isoformat() for n in range((spec.end - spec.start).days + 1))

    def entities(self, spec: Spec, partition: str) -> int:
        """The meters."""
        return spec.meters

    def rows(self, spec: Spec, partition: str) -> RowCount:
        """One a meter and interval; meters that do not send, and the way, make them fewer or more."""
        exact = not is_asked_for(spec.faults) and (spec.rate.value == 0 or not is_asked_for(spec.anomalies))
        return RowCount(rows=spec.meters * (DAY_S // spec.interval), exact=exact)

    def blocks(self, scenario: Scenario, columns: Sequence[Column]) -> Callable[[Unit], Iterator[Block]]:
        """See `LakeTable.blocks`: some meters of one city a block."""
        from wattif.tables.reading_blocks import ReadingBlocks

        return ReadingBlocks(scenario, columns).of

    def columns_of(self, scenario: Scenario, unit: Unit) -> Mapping[str, NDArray[Any]]:
        """See `LakeTable.columns_of`: all columns, of all rows that are sent."""
        fields = tuple(reading_fields(scenario.world.interval_s).values())
        blocks_of = self.blocks(scenario, fields)
        blocks = [{each.name: block.values(each.name) for each in fields} for block in blocks_of(unit)]
        return {each.name: np.concatenate([block[each.name] for block in blocks]) for each in fields}


TABLE = Readings(
    name=READINGS,
    description="readings of the meters",
    columns=tuple(reading_fields(3600).values()),  # the widest ranges
    key=("mac", "timestamp"),
    partition="a UTC day",
    path="dt={partition}/readings-{first:08d}-{last:08d}",
    endings=("json",),
    made="stream",
)
