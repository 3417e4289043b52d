"""What a table is asked: SQL in DuckDB's words, plain enough for any warehouse; sqlglot translates it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wattif.answers.reconcile.number_column import NumberColumn
from wattif.tables.hour_checksum import BASE, PRIME
from wattif.tables.hours import HOUR, HOUR_LARGEST, HOUR_MEAN
from wattif.tables.loaded_readings import DAY

# text may name another offset than that of UTC, in which the session counts
_MOMENT = "TRY_CAST(TRY_CAST({} AS TIMESTAMPTZ) AS TIMESTAMP)"
_STAMP, _HOUR = _MOMENT.format("timestamp"), _MOMENT.format(HOUR.name)
_POSITIVE = PRIME << 17  # 0 in remainders of `PRIME`, and more than any value: `MOD` of less than 0 is less than 0


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
    day = f", TRY_CAST({DAY.name} AS DATE) AS day" if has_partitions else ""
    values = "".join(f", {each.integer} AS {each.name}, {each.excess} AS {each.name}_excess" for each in numbers)
    sums = "".join(
        f", COUNT({each.name}) AS {each.name}_values, SUM({each.name}) AS {each.name}_sum,"
        f" SUM({each.name} * k) AS {each.name}_moment, SUM({each.name}_excess) AS {each.name}_excess,"
        f" {each.slack()} AS {each.name}_slack, {each.slack('k')} AS {each.name}_moment_slack"
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


def of_hours(
    relation: str,
    numbers: Sequence[NumberColumn],
    mean_slack: str | None,
    since: datetime | None,
    until: datetime | None,
) -> str:
    """The hourly table by meter and hour, from *since* to *until*; without them all there are.

    Columns: mac, hour, times (rows of that hour), and of each of *numbers* <name>, in units of its last digit,
    <name>_excess (values with more digits) and <name>_slack (how far it may be off because of the type); if there is a
    *mean_slack*, an expression of the mean, also the mean and <mean>_slack, in watt-hours.
    """
    read = [f"mac, {_HOUR} AS hour"]
    asked = ["mac, hour, COUNT(*) AS times"]
    for each in numbers:
        read.append(f"{each.integer} AS {each.name}, {each.excess} AS {each.name}_excess")
        gathered = "MAX" if each.name == HOUR_LARGEST.name else "SUM"
        asked.append(f"{gathered}({each.name}) AS {each.name}, SUM({each.name}_excess) AS {each.name}_excess")
        asked.append(f"{each.slack()} AS {each.name}_slack")
    if mean_slack is not None:
        mean = HOUR_MEAN.name
        read.append(f"TRY_CAST({mean} AS DOUBLE) AS {mean}")
        asked.append(f"AVG({mean}) AS {mean}, MAX({mean_slack}) AS {mean}_slack")
    where = " AND ".join(_bounds(_HOUR, since, until)) or "TRUE"
    return (
        f"WITH read AS (SELECT {', '.join(read)} FROM {relation} WHERE {where})"
        f" SELECT {', '.join(asked)} FROM read GROUP BY mac, hour"
    )


def _bounds(moment: str, since: datetime | None, until: datetime | None) -> list[str]:
    return [
        f"{moment} {sign} TIMESTAMP '{bound:%Y-%m-%d %H:%M:%S}'"
        for sign, bound in ((">=", since), ("<", until))
        if bound is not None
    ]


def _mixed(numbers: Sequence[NumberColumn], second: str) -> str:
    """All that a reading holds in one remainder."""
    mixed = second
    for each in numbers:
        if each.has_all_digits:
            mixed = f"MOD(({mixed}) * {BASE} + COALESCE({each.name}, 0) + {_POSITIVE}, {PRIME})"
    return mixed


def _product(one: str, other: str) -> str:
    return f"MOD({one} * {other}, {PRIME})"
