"""How a table's answers are held against the expectation: SQL for a DuckDB of our own.

found                                        what the table answered, see `wattif.answers.reconcile.sql`
expected_delivered, expected_deduplicated    see `table.expected_hours`; without the column view
differing                                    the hours of both that equal neither view
verdicts                                     mac, hour, name, verdict, readings, expected, found, cause

f, d and u stand for found, delivered, deduplicated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from wattif.tables.column import Column

_JOINED = """FROM found f
    FULL JOIN expected_delivered d ON f.mac = d.mac AND f.hour = d.hour
    LEFT JOIN expected_deduplicated u ON u.mac = d.mac AND u.hour = d.hour"""
# an energy column of the hourly table, and what is expected of it in a view
_EXPECTED = {
    "consumption_hour_rolled": "{}.consumption_wh_sum",
    "consumption_max": "{}.consumption_max",
    "readings": "{}.readings",
    "consumption_avg": "{0}.consumption_wh_sum / 1000.0 / {0}.readings",
}


def _verdict(
    verdict: str, readings: str, expected: str, found: str, where: str, name: str = "NULL", cause: str = "NULL"
) -> str:
    return (
        f"SELECT mac, hour, CAST({name} AS VARCHAR) AS name, '{verdict}' AS verdict,"
        f" CAST({readings} AS BIGINT) AS readings, CAST({expected} AS VARCHAR) AS expected,"
        f" CAST({found} AS VARCHAR) AS found, CAST({cause} AS VARCHAR) AS cause FROM differing WHERE {where}"
    )


def _decimal(value: str, decimals: int) -> str:
    """An integer in units of the last digit as the number that people know."""
    return f"CAST({value} AS DECIMAL(38, 0)) / 1{'0' * decimals}" if decimals else value


def _exact(value: str, decimals: int) -> str:
    return f"printf('%.{decimals}f', {_decimal(value, decimals)})" if decimals else value


def on_readings(fields: Sequence[Column], renamed: str | None, *, has_partitions: bool) -> list[str]:
    """Statements that make `differing` and `verdicts` of raw readings; of what partition, when it *has_partitions*."""
    odd = ("off_grid", "misplaced") if has_partitions else ("off_grid",)

    def values(view: str, name: str) -> str:
        return f"{view}.readings - {view}.without" if name == renamed else f"{view}.readings"

    def same(view: str) -> str:
        parts = [
            f"f.readings = {view}.readings",
            "f.stamps = u.readings",
            "f.fractions = 0",
            f"f.checksum = {view}.checksum",
        ]
        parts += [f"f.{name} = {view}.{name}" for name in odd]
        for each in fields:
            parts.append(f"f.{each.name}_values = {values(view, each.name)}")
            parts.append(f"f.{each.name}_excess = 0")
            parts += [
                f"abs(coalesce(f.{each.name}_{of}, 0) - {view}.{each.name}_{of}) <= f.{each.name}_{slack}"
                for of, slack in (("sum", "slack"), ("moment", "moment_slack"))
            ]
        return f"coalesce({' AND '.join(parts)}, false)"

    def wanted(what: str) -> str:
        """Of the view that has as many readings as were found."""
        return f"CASE WHEN f.readings = d.readings THEN {what.format('d')} ELSE {what.format('u')} END"

    columns = [
        "coalesce(f.mac, d.mac) AS mac",
        "coalesce(f.hour, d.hour) AS hour",
        "f.readings AS rows_found",
        "f.stamps",
        "d.readings AS delivered",
        "u.readings AS once",
        "f.fractions",
    ]
    for name in odd:
        columns += [f"f.{name}", f"{wanted(f'{{}}.{name}')} AS {name}_expected"]
    for each in fields:
        name = each.name
        columns += [
            f"{wanted(f'{{}}.{name}_sum')} AS {name}_expected",
            f"coalesce(f.{name}_sum, 0) AS {name}_found",
            f"abs(coalesce(f.{name}_moment, 0) - {wanted(f'{{}}.{name}_moment')}) > f.{name}_moment_slack"
            f" AS {name}_shifted",
            f"f.{name}_slack AS {name}_slack",
            f"f.{name}_excess AS {name}_excess",
            f"({values('d', name)}) * CAST(f.readings = d.readings AS BIGINT) + ({values('u', name)})"
            f" * CAST(f.readings <> d.readings AS BIGINT) - f.{name}_values AS {name}_absent",
        ]
    differing = (
        f"CREATE TABLE differing AS SELECT {', '.join(columns)} {_JOINED} WHERE NOT {same('d')} AND NOT {same('u')}"
    )
    doubles = "(rows_found - stamps) - (delivered - once)"
    parts = [
        _verdict("missing", "once", "once", "0", "rows_found IS NULL"),
        _verdict("extra", "rows_found", "0", "rows_found", "delivered IS NULL"),
        _verdict("missing", "once - stamps", "once", "stamps", "stamps < once"),
        _verdict("extra", "stamps - once", "once", "stamps", "stamps > once"),
        _verdict("doubled", doubles, "delivered", "rows_found", f"{doubles} > 0"),
        # doubles that were delivered, and only some of them removed
        _verdict(
            "doubled",
            "rows_found - once",
            "once",
            "rows_found",
            "stamps = once AND rows_found > once AND rows_found < delivered",
            cause="'duplicate'",
        ),
    ]
    complete = "stamps = once AND rows_found IN (delivered, once)"
    changed = {
        each.name: f"(abs({each.name}_expected - {each.name}_found) > {each.name}_slack OR {each.name}_absent <> 0)"
        for each in fields
    }
    parts += [
        _verdict(
            "altered",
            f"abs({name} - {name}_expected)",
            f"CASE {name}_expected WHEN 0 THEN '{usual}' ELSE {name}_expected || ' {other}' END",
            f"CASE {name}_expected WHEN 0 THEN '{instead}' ELSE {name} || ' {other}' END",
            f"{complete} AND {name} <> {name}_expected",
            f"'{column}'",
        )
        for name, column, usual, instead, other in (
            ("misplaced", "dt", "the UTC day of the timestamp", "another partition", "rows of other days"),
            ("off_grid", "timestamp", "the beginning of an interval", "a moment within one", "rows within an interval"),
        )
        if name in odd
    ]
    parts.append(
        _verdict(
            "altered",
            "fractions",
            "'whole seconds'",
            "'fractions of a second'",
            f"{complete} AND fractions > 0 AND off_grid = off_grid_expected",
            "'timestamp'",
        )
    )
    parts += [
        _verdict(
            "altered",
            f"{each.name}_excess",
            f"'{each.decimals} decimals'",
            "'more decimals'",
            f"{complete} AND {each.name}_excess > 0 AND NOT {changed[each.name]}",
            f"'{each.name}'",
        )
        for each in fields
    ]
    parts += [
        _verdict(
            "altered",
            f"greatest({each.name}_absent, 1)",
            _exact(f"{each.name}_expected", each.decimals),
            _exact(f"{each.name}_found", each.decimals),
            f"{complete} AND {changed[each.name]}",
            f"'{each.name}'",
        )
        for each in fields
    ]
    if fields:  # all sums are right: values or timestamps have changed places, or changes cancel
        shifted = ", ".join(f"CASE WHEN {each.name}_shifted THEN '{each.name}' END" for each in fields)
        names = f"list_filter([{shifted}], lambda x: x IS NOT NULL)"
        name = f"CASE len({names}) WHEN 0 THEN NULL WHEN 1 THEN {names}[1] ELSE 'timestamp' END"
        found = (
            f"CASE len({names}) WHEN 0 THEN 'other values or timestamps with the same sums'"
            " ELSE 'the same sum at other times of the hour' END"
        )
        unchanged = " AND ".join(f"NOT {each}" for each in changed.values())
        exact = " AND ".join(f"{each.name}_excess = 0" for each in fields)
        in_place = " AND ".join(["fractions = 0", *(f"{name} = {name}_expected" for name in odd)])
        where = f"{complete} AND {unchanged} AND {in_place} AND {exact}"
        parts.append(_verdict("altered", "1", "NULL", found, where, name))
    return [differing, f"CREATE TABLE verdicts AS {' UNION ALL '.join(parts)}"]


def on_hours(columns: Sequence[str], drift: date | None) -> list[str]:
    """Statements that make `differing` and `verdicts` of the hourly table with *columns*.

    *drift*: the day from which on the energy has another name, which explains hours without any.
    """
    names = [name for name in _EXPECTED if name in columns]

    def same(view: str, name: str) -> str:
        expected = _EXPECTED[name].format(view)
        if name == "consumption_avg":
            return f"coalesce(abs(f.{name} - {expected}) <= 1e-6, false)"
        return f"f.{name} IS NOT DISTINCT FROM {expected}"

    def all_same(view: str) -> str:
        return " AND ".join(["f.times = 1", f"{view}.readings IS NOT NULL", *(same(view, name) for name in names)])

    own = [
        "coalesce(f.mac, d.mac) AS mac",
        "coalesce(f.hour, d.hour) AS hour",
        "coalesce(f.times, 0) AS times",
        f"{'f.readings' if 'readings' in names else 'NULL'} AS counted",
        "d.readings AS delivered",
        "u.readings AS once",
    ]
    for name in names:
        own += [
            f"{_EXPECTED[name].format('d')} AS {name}_expected",
            f"f.{name} AS {name}_found",
            f"NOT ({same('d', name)}) AND NOT ({same('u', name)}) AS {name}_differs",
        ]
    differing = (
        f"CREATE TABLE differing AS SELECT {', '.join(own)} {_JOINED}"
        f" WHERE NOT coalesce({all_same('d')}, false) AND NOT coalesce({all_same('u')}, false)"
    )
    there = "times > 0 AND delivered IS NOT NULL"
    more = f"{there} AND (times > 1 OR coalesce(counted > delivered, false))"
    fewer = f"{there} AND times = 1 AND coalesce(counted < once, false)"
    other = f"{there} AND times = 1 AND coalesce(counted BETWEEN once AND delivered, true)"
    parts = [
        _verdict("missing", "once", "once", "0", "times = 0"),
        _verdict("extra", "coalesce(counted, times)", "0", "coalesce(counted, times)", "delivered IS NULL"),
        _verdict(
            "doubled",
            "coalesce(counted - delivered, delivered * (times - 1))",
            "delivered",
            "coalesce(counted, delivered * times)",
            more,
        ),
        _verdict("missing", "once - counted", "once", "counted", fewer),
    ]
    for name in names:
        digits = 3 if name in ("consumption_hour_rolled", "consumption_max") else 0
        expected, found = _exact(f"{name}_expected", digits), _exact(f"{name}_found", digits)
        # a wrong clock mixes readings of either name in the hours next to that midnight
        unknown = (
            f"hour >= TIMESTAMP '{drift}' - INTERVAL 1 HOUR"
            f" AND ({name}_found IS NULL OR hour < TIMESTAMP '{drift}' + INTERVAL 1 HOUR)"
            if drift
            else "FALSE"
        )
        cause = f"CASE WHEN {unknown} THEN 'schema_drift' END"
        parts.append(_verdict("altered", "once", expected, found, f"{other} AND {name}_differs", f"'{name}'", cause))
    return [differing, f"CREATE TABLE verdicts AS {' UNION ALL '.join(parts)}"]
