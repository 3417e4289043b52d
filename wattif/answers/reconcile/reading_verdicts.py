"""The verdicts on a table of raw readings: rows and timestamps first, then what complete hours hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wattif.answers.reconcile.verdicts import VerdictRows, number_text, statements
from wattif.tables.column import Column
from wattif.tables.loaded_readings import DAY

_COMPLETE = "stamps = once AND rows_found IN (delivered, once)"


def verdicts_on_readings(fields: Sequence[Column], renamed: str | None, *, has_partitions: bool) -> list[str]:
    """Statements that make `differing` and `verdicts` of raw readings with these numbers.

    *renamed*: the number that some of them lack; *has_partitions*: the table says of what partition they are.
    """
    odd = [each for each in _ODD if has_partitions or each.name != _MISPLACED]

    def values(view: str, name: str) -> str:
        return f"{view}.readings - {view}.without" if name == renamed else f"{view}.readings"

    def same(view: str) -> str:
        parts = [f"f.readings = {view}.readings", "f.stamps = u.readings", "f.fractions = 0"]
        parts += [f"f.{name} = {view}.{name}" for name in ("checksum", *(each.name for each in odd))]
        for each in fields:
            parts.append(f"f.{each.name}_values = {values(view, each.name)}")
            parts.append(f"f.{each.name}_excess = 0")
            parts += [
                f"abs(coalesce(f.{each.name}_{of}, 0) - {view}.{each.name}_{of}) <= f.{each.name}_{slack}"
                for of, slack in (("sum", "slack"), ("moment", "moment_slack"))
            ]
        return " AND ".join(parts)

    def wanted(what: str) -> str:
        """Of the view that has as many readings as were found."""
        return f"CASE WHEN f.readings = d.readings THEN {what.format('d')} ELSE {what.format('u')} END"

    columns = ["f.readings AS rows_found", "f.stamps", "d.readings AS delivered", "u.readings AS once", "f.fractions"]
    for each in odd:
        columns += [f"f.{each.name}", f"{wanted(f'{{}}.{each.name}')} AS {each.name}_expected"]
    for name in (each.name for each in fields):
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
    rows = [*_of_rows(), *_of_timestamps(odd), *_of_values(fields), _of_what_cancels(fields, odd)]
    return statements(columns, [same("d"), same("u")], rows)


@dataclass(frozen=True, kw_only=True)
class _Odd:
    """Readings that only a wrong clock explains: how they are counted, and told."""

    name: str
    column: str
    usual: str
    instead: str
    rows: str


_MISPLACED, _OFF_GRID = "misplaced", "off_grid"
_ODD = (
    _Odd(
        name=_MISPLACED,
        column=DAY.name,
        usual="the UTC day of the timestamp",
        instead="another partition",
        rows="rows of other days",
    ),
    _Odd(
        name=_OFF_GRID,
        column="timestamp",
        usual="the beginning of an interval",
        instead="a moment within one",
        rows="rows within an interval",
    ),
)


def _of_rows() -> Iterator[VerdictRows]:
    doubles = "(rows_found - stamps) - (delivered - once)"
    yield VerdictRows(verdict="missing", where="rows_found IS NULL", readings="once", expected="once", found="0")
    yield VerdictRows(
        verdict="extra", where="delivered IS NULL", readings="rows_found", expected="0", found="rows_found"
    )
    yield VerdictRows(
        verdict="missing", where="stamps < once", readings="once - stamps", expected="once", found="stamps"
    )
    yield VerdictRows(verdict="extra", where="stamps > once", readings="stamps - once", expected="once", found="stamps")
    yield VerdictRows(
        verdict="doubled", where=f"{doubles} > 0", readings=doubles, expected="delivered", found="rows_found"
    )
    yield VerdictRows(  # doubles that were delivered, and only some of them removed
        verdict="doubled",
        where="stamps = once AND rows_found > once AND rows_found < delivered",
        readings="rows_found - once",
        expected="once",
        found="rows_found",
        cause="'duplicate'",
    )


def _of_timestamps(odd: Sequence[_Odd]) -> Iterator[VerdictRows]:
    for each in odd:
        name, wanted = each.name, f"{each.name}_expected"
        yield VerdictRows(
            verdict="altered",
            where=f"{_COMPLETE} AND {name} <> {wanted}",
            readings=f"abs({name} - {wanted})",
            expected=f"CASE {wanted} WHEN 0 THEN '{each.usual}' ELSE {wanted} || ' {each.rows}' END",
            found=f"CASE {wanted} WHEN 0 THEN '{each.instead}' ELSE {name} || ' {each.rows}' END",
            column=f"'{each.column}'",
        )
    yield VerdictRows(
        verdict="altered",
        where=f"{_COMPLETE} AND fractions > 0 AND {_OFF_GRID} = {_OFF_GRID}_expected",
        readings="fractions",
        expected="'whole seconds'",
        found="'fractions of a second'",
        column="'timestamp'",
    )


def _is_changed(field: Column) -> str:
    name = field.name
    return f"(abs({name}_expected - {name}_found) > {name}_slack OR {name}_absent <> 0)"


def _of_values(fields: Sequence[Column]) -> Iterator[VerdictRows]:
    for each in fields:
        yield VerdictRows(
            verdict="altered",
            where=f"{_COMPLETE} AND {each.name}_excess > 0 AND NOT {_is_changed(each)}",
            readings=f"{each.name}_excess",
            expected=f"'{each.decimals} decimals'",
            found="'more decimals'",
            column=f"'{each.name}'",
        )
        yield VerdictRows(
            verdict="altered",
            where=f"{_COMPLETE} AND {_is_changed(each)}",
            readings=f"greatest({each.name}_absent, 1)",
            expected=number_text(f"{each.name}_expected", each.decimals),
            found=number_text(f"{each.name}_found", each.decimals),
            column=f"'{each.name}'",
        )


def _of_what_cancels(fields: Sequence[Column], odd: Sequence[_Odd]) -> VerdictRows:
    """All sums are right: values or timestamps have changed places, or changes cancel."""
    shifted = ", ".join(
        ["NULL::VARCHAR", *(f"CASE WHEN {each.name}_shifted THEN '{each.name}' END" for each in fields)]
    )
    names = f"list_filter([{shifted}], lambda x: x IS NOT NULL)"
    where = [_COMPLETE, "fractions = 0"]
    where += [f"{each.name} = {each.name}_expected" for each in odd]
    where += [f"NOT {_is_changed(each)} AND {each.name}_excess = 0" for each in fields]
    return VerdictRows(
        verdict="altered",
        where=" AND ".join(where),
        readings="1",
        expected="NULL",
        found=f"CASE len({names}) WHEN 0 THEN 'other values or timestamps with the same sums'"
        " ELSE 'the same sum at other times of the hour' END",
        column=f"CASE len({names}) WHEN 0 THEN NULL WHEN 1 THEN {names}[1] ELSE 'timestamp' END",
    )
