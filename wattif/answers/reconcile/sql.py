"""What a table is asked: SQL in DuckDB's words, plain enough for any warehouse; sqlglot translates it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wattif.tables.hour_checksum import BASE, PRIME

HOUR_COLUMNS = ("consumption_hour_rolled", "consumption_max", "consumption_avg", "readings")
# text may name another offset than that of UTC, in which the session counts
_STAMP = "TRY_CAST(TRY_CAST(timestamp AS TIMESTAMPTZ) AS TIMESTAMP)"
_HOUR = "TRY_CAST(TRY_CAST(time_hour_rolled AS TIMESTAMPTZ) AS TIMESTAMP)"
_POSITIVE = PRIME << 17  # 0 in remainders of `PRIME`, and more than any value: `MOD` of less than 0 is less than 0
_FLOAT32_ERROR = 6.0e-8  # of a value, at most: half a unit in the last of 24 binary places


@dataclass(frozen=True, kw_only=True)
class NumberColumn:
    """A number of the table, and how exactly its type there holds it."""

    name: str
    decimals: int
    is_float32: bool = False  # cannot hold all digits: sums are compared within what the type loses
    is_rounded: bool = False  # the type has no room for more digits than there must be


def of_readings(
    relation: str,
    numbers: Sequence[NumberColumn],
    interval_s: int,
    since: datetime | None,
    until: datetime | None,
    *,
    has_partitions: bool = False,
) -> str:
    """Raw readings by meter and hour, from *since* to *until*; with neither, those whose timestamp cannot be read.

    Columns: mac, hour, readings, stamps (distinct timestamps), off_grid (timestamps that begin no interval), fractions
    (timestamps with fractions of a second), misplaced (rows whose column dt, if the table *has_partitions*, is not the
    UTC day of the timestamp), checksum (that of `wattif.tables.hour_checksum` over the numbers whose type holds all
    digits, in their order), and of each number <name>_values (not NULL), <name>_sum and <name>_moment, in units of its
    last digit (see `wattif.tables.hour_kernels`), <name>_excess (values with more digits), and <name>_slack and
    <name>_moment_slack (how far sum and moment may be off because of the type). Timestamps and numbers may be text.
    """
    second = "EXTRACT(MINUTE FROM stamp) * 60 + EXTRACT(SECOND FROM stamp)"
    k = f"CAST(FLOOR(({second}) / {interval_s}) AS BIGINT) + 1"
    off_grid = f"MOD(CAST({second} AS BIGINT), {interval_s}) <> 0"
    fraction = "stamp <> DATE_TRUNC('second', stamp)"
    misplaced = "COALESCE(day <> CAST(stamp AS DATE), TRUE)" if has_partitions else "FALSE"
    day = ", TRY_CAST(dt AS DATE) AS day" if has_partitions else ""
    values = "".join(f", {_integer(each.name, each.decimals)} AS {each.name}{_excess(each)}" for each in numbers)
    sums = "".join(
        f", COUNT({each.name}) AS {each.name}_values, SUM({each.name}) AS {each.name}_sum,"
        f" SUM({each.name} * k) AS {each.name}_moment, SUM({each.name}_excess) AS {each.name}_excess,"
        f" {_slack(each)} AS {each.name}_slack, {_slack(each, 'k')} AS {each.name}_moment_slack"
        for each in numbers
    )
    bounds = _bounds(_STAMP, since, until)
    return (
        f"WITH read AS (SELECT mac, {_STAMP} AS stamp{day}{values} FROM {relation}"
        f" WHERE {' AND '.join(bounds) or f'{_STAMP} IS NULL'}),"
        f" numbered AS (SELECT *, DATE_TRUNC('hour', stamp) AS hour, {k} AS k, {_mixed(numbers, second)} AS mixed"
        f" FROM read), squared AS (SELECT *, {_product('mixed', 'mixed')} AS square FROM numbered)"
        " SELECT mac, hour, COUNT(*) AS readings, COUNT(DISTINCT stamp) AS stamps,"
        f" SUM(CASE WHEN {off_grid} THEN 1 ELSE 0 END) AS off_grid,"
        f" SUM(CASE WHEN {fraction} THEN 1 ELSE 0 END) AS fractions,"
        f" SUM(CASE WHEN {misplaced} THEN 1 ELSE 0 END) AS misplaced,"
        f" SUM({_product(_product('square', 'square'), 'mixed')}) AS checksum{sums}"
        " FROM squared GROUP BY mac, hour"
    )


def _mixed(numbers: Sequence[NumberColumn], second: str) -> str:
    """All that a reading holds in one remainder."""
    mixed = second
    for each in numbers:
        if not each.is_float32:
            mixed = f"MOD(({mixed}) * {BASE} + COALESCE({each.name}, 0) + {_POSITIVE}, {PRIME})"
    return mixed


def _product(one: str, other: str) -> str:
    return f"MOD({one} * {other}, {PRIME})"


def _excess(number: NumberColumn) -> str:
    """Whether a value has more digits than there must be: such a change is less than half a unit of the last one."""
    if number.is_rounded or number.is_float32:
        return f", 0 AS {number.name}_excess"
    exact = f"TRY_CAST({number.name} AS DECIMAL(38, 9))"
    return f", CASE WHEN {exact} <> ROUND({exact}, {number.decimals}) THEN 1 ELSE 0 END AS {number.name}_excess"


def _slack(number: NumberColumn, weight: str = "1") -> str:
    if not number.is_float32:
        return "0"
    lost = f"SUM(ABS({number.name}) * {weight}) * {_FLOAT32_ERROR} + SUM({weight}) * 0.5"
    return f"CAST(CEIL(COALESCE({lost}, 0)) AS BIGINT)"


def of_hours(relation: str, columns: Sequence[str], since: datetime | None, until: datetime | None) -> str:
    """The hourly table by meter and hour: mac, hour, times (rows of that hour), and those of `HOUR_COLUMNS` it has.

    From *since* to *until*; without them all there are.

    Energies are integers, in mWh.
    """
    known = {
        "consumption_hour_rolled": f"SUM({_integer('consumption_hour_rolled', 3)})",
        "consumption_max": f"MAX({_integer('consumption_max', 3)})",
        "consumption_avg": "AVG(TRY_CAST(consumption_avg AS DOUBLE))",
        "readings": f"SUM({_integer('readings', 0)})",
    }
    own = "".join(f", {known[name]} AS {name}" for name in HOUR_COLUMNS if name in columns)
    where = " AND ".join(_bounds(_HOUR, since, until)) or "TRUE"
    return f"SELECT mac, {_HOUR} AS hour, COUNT(*) AS times{own} FROM {relation} WHERE {where} GROUP BY mac, {_HOUR}"


def _bounds(moment: str, since: datetime | None, until: datetime | None) -> list[str]:
    return [
        f"{moment} {sign} TIMESTAMP '{bound:%Y-%m-%d %H:%M:%S}'"
        for sign, bound in ((">=", since), ("<", until))
        if bound is not None
    ]


def _integer(name: str, decimals: int) -> str:
    """A number in units of its last digit; NULL where it makes no sense: beyond what any field has room for."""
    number = f"TRY_CAST({name} AS DOUBLE) * {10**decimals}"
    return f"CASE WHEN ABS({number}) < 1e14 THEN CAST(ROUND({number}) AS BIGINT) END"
