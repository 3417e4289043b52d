"""What a table is asked: SQL in DuckDB's words, plain enough for any warehouse; sqlglot translates it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wattif.tables.column import Column

HOUR_COLUMNS = ("consumption_hour_rolled", "consumption_max", "consumption_avg", "readings")
_STAMP = "TRY_CAST(timestamp AS TIMESTAMP)"
_HOUR = "TRY_CAST(time_hour_rolled AS TIMESTAMP)"


def of_readings(
    relation: str, fields: Sequence[Column], interval_s: int, since: datetime | None, until: datetime | None
) -> str:
    """Raw readings by meter and hour, from *since* to *until*; with neither, those whose timestamp cannot be read.

    Columns: mac, hour, readings, stamps (distinct timestamps), and of each field <name>_values (not NULL), <name>_sum
    and <name>_moment, in units of its last digit; see `answers.hour_kernels`. Timestamps and numbers may be text.
    """
    k = f"CAST(FLOOR((EXTRACT(MINUTE FROM stamp) * 60 + EXTRACT(SECOND FROM stamp)) / {interval_s}) AS BIGINT) + 1"
    numbers = "".join(f", {_integer(each.name, each.decimals)} AS {each.name}" for each in fields)
    sums = "".join(
        f", COUNT({each.name}) AS {each.name}_values, SUM({each.name}) AS {each.name}_sum,"
        f" SUM({each.name} * k) AS {each.name}_moment"
        for each in fields
    )
    bounds = _bounds(_STAMP, since, until)
    return (
        f"WITH read AS (SELECT mac, {_STAMP} AS stamp{numbers} FROM {relation}"
        f" WHERE {' AND '.join(bounds) or f'{_STAMP} IS NULL'}),"
        f" numbered AS (SELECT *, DATE_TRUNC('hour', stamp) AS hour, {k} AS k FROM read)"
        f" SELECT mac, hour, COUNT(*) AS readings, COUNT(DISTINCT stamp) AS stamps{sums}"
        " FROM numbered GROUP BY mac, hour"
    )


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
