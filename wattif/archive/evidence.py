"""What two tables of readings must have in common to hold the same: counts, sums, and a checksum of every reading.

Each engine computes it by itself, in SQL that sqlglot translates. The checksum is that of `wattif.tables.hour_checksum`
over the numbers of an hour; times a number made of the meter's address and the hour, so that it shows a change of
these, too.
"""

from __future__ import annotations

from datetime import UTC, datetime

from wattif.answers.reconcile.number_column import NumberColumn
from wattif.answers.reconcile.sources import Source
from wattif.answers.reconcile.sql import of_readings
from wattif.tables.column import Column
from wattif.tables.hour_checksum import BASE, PRIME
from wattif.tables.loaded_readings import TABLE

_ADDRESS_LENGTH = 17  # of a meter's MAC address, characters
_TEXTS = [column for column in TABLE.columns if column.is_text and column.name != "mac"]
_NUMBERS = [column for column in TABLE.columns if column.kind == "number"]
_EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC))  # what is loaded lies between

Evidence = list[dict[str, object]]


def evidence_of(source: Source) -> Evidence:
    """What *source*, a table with all columns of the readings, holds."""
    schema = source.schema()
    numbers = [NumberColumn.of(column, schema.field(column.name).type) for column in _NUMBERS]
    return [*_rows(source, _sums(source.relation)), *_rows(source, _checksum(source.relation, numbers))]


def _sums(relation: str) -> str:
    texts = ", ".join(column.name for column in _TEXTS)
    each = ", ".join(_sum(column) for column in _NUMBERS)
    return (
        f"SELECT {texts}, COUNT(*) AS readings, COUNT(DISTINCT mac) AS meters, MIN(timestamp) AS first_time,"
        f" MAX(timestamp) AS last_time, {each} FROM {relation} GROUP BY {texts} ORDER BY {texts}"
    )


def _sum(column: Column) -> str:
    return f"COUNT({column.name}) AS {column.name}_values, SUM({column.name}) AS {column.name}_sum"


def _checksum(relation: str, numbers: list[NumberColumn]) -> str:
    place = "EXTRACT(HOUR FROM hour) + EXTRACT(DAY FROM hour) * 24 + EXTRACT(MONTH FROM hour) * 744"
    for position in range(1, _ADDRESS_LENGTH + 1):
        place = f"MOD(({place}) * {BASE} + ASCII(SUBSTR(mac, {position}, 1)), {PRIME})"
    hours = of_readings(relation, numbers, 1, *_EVER)
    return (
        "SELECT SUM(readings) AS readings, SUM(stamps) AS stamps, SUM(fractions) AS fractions,"
        f" SUM(MOD(checksum, {PRIME}) * ({place})) AS checksum FROM ({hours}) AS hours"
    )


def _rows(source: Source, sql: str) -> Evidence:
    rows: Evidence = source.aggregate(sql).to_pylist()
    return rows
