"""The verdicts on the hourly table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from wattif.answers.reconcile.verdicts import VerdictRows, number_text, statements
from wattif.tables.column import Column
from wattif.tables.expected import ENERGY
from wattif.tables.hours import HOUR_COLUMNS, HOUR_ENERGY, HOUR_LARGEST, HOUR_MEAN, HOUR_READINGS

# what is expected of a column, of a view of the expectation
_EXPECTED = {
    HOUR_ENERGY.name: f"{{0}}.{ENERGY.name}_sum",
    HOUR_LARGEST.name: f"{{0}}.{HOUR_LARGEST.name}",
    HOUR_READINGS.name: "{0}.readings",
    HOUR_MEAN.name: f"{{0}}.{ENERGY.name}_sum / 1{'0' * ENERGY.decimals}.0 / {{0}}.readings",
}
VALUES = tuple(each for each in HOUR_COLUMNS if each.name in _EXPECTED)  # what is compared


def verdicts_on_hours(columns: Sequence[Column], drift: date | None) -> list[str]:
    """Statements that make `differing` and `verdicts` of the hourly table, in which *columns* of `VALUES` are.

    *drift*: the day from which on the energy has another name, which explains hours without any.
    """

    def same(view: str, column: Column) -> str:
        expected = _EXPECTED[column.name].format(view)
        return f"coalesce(abs(f.{column.name} - {expected}) <= f.{column.name}_slack, false)"

    def all_same(view: str) -> str:
        exact = [f"f.{each.name}_excess = 0" for each in columns if each.kind == "number"]
        values = [same(view, each) for each in columns]
        return " AND ".join(["f.times = 1", f"{view}.readings IS NOT NULL", *values, *exact])

    has_count = HOUR_READINGS in columns
    selected = [
        "coalesce(f.times, 0) AS times",
        f"{f'f.{HOUR_READINGS.name}' if has_count else 'NULL'} AS counted",
        "d.readings AS delivered",
        "u.readings AS once",
    ]
    for each in columns:
        selected += [
            f"{_EXPECTED[each.name].format('d')} AS {each.name}_expected",
            f"f.{each.name} AS {each.name}_found",
            f"NOT ({same('d', each)}) AND NOT ({same('u', each)}) AS {each.name}_differs",
        ]
        if each.kind == "number":
            selected.append(f"f.{each.name}_excess AS {each.name}_excess")
    rows = [*_of_rows(), *(row for each in columns for row in _of_value(each, drift))]
    return statements(selected, [all_same("d"), all_same("u")], rows)


_BOTH = "times > 0 AND delivered IS NOT NULL"


def _of_rows() -> list[VerdictRows]:
    counted = "coalesce(counted, times)"
    return [
        VerdictRows(verdict="missing", where="times = 0", readings="once", expected="once", found="0"),
        VerdictRows(verdict="extra", where="delivered IS NULL", readings=counted, expected="0", found=counted),
        VerdictRows(
            verdict="doubled",
            where=f"{_BOTH} AND (times > 1 OR coalesce(counted > delivered, false))",
            readings="coalesce(counted - delivered, delivered * (times - 1))",
            expected="delivered",
            found="coalesce(counted, delivered * times)",
        ),
        VerdictRows(
            verdict="missing",
            where=f"{_BOTH} AND times = 1 AND coalesce(counted < once, false)",
            readings="once - counted",
            expected="once",
            found="counted",
        ),
    ]


def _of_value(column: Column, drift: date | None) -> list[VerdictRows]:
    name, where = column.name, f"{_BOTH} AND times = 1 AND coalesce(counted BETWEEN once AND delivered, true)"
    # a wrong clock mixes readings of either name in the hours next to that midnight
    unknown = (
        f"hour >= TIMESTAMP '{drift}' - INTERVAL 1 HOUR"
        f" AND ({name}_found IS NULL OR hour < TIMESTAMP '{drift}' + INTERVAL 1 HOUR)"
        if drift
        else "FALSE"
    )
    altered = VerdictRows(
        verdict="altered",
        where=f"{where} AND {name}_differs",
        readings="once",
        expected=number_text(f"{name}_expected", column.decimals),
        found=number_text(f"{name}_found", column.decimals),
        column=f"'{name}'",
        cause=f"CASE WHEN {unknown} THEN 'schema_drift' END",
    )
    if column.kind != "number":
        return [altered]
    excess = VerdictRows(
        verdict="altered",
        where=f"{where} AND {name}_excess > 0 AND NOT {name}_differs",
        readings="once",
        expected=f"'{column.decimals} decimals'",
        found="'more decimals'",
        column=f"'{name}'",
    )
    return [altered, excess]
