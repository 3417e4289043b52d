"""How a column's type holds a number: DuckDB keeps it, Python's decimals say what must come out."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from wattif.answers.reconcile.number_column import NumberColumn, mean_slack, storage_of
from wattif.tables.column import Column

REGISTER = Column("register_kwh", "number", "", decimals=3)
VALUES = [Decimal("0.001") * n for n in (0, 1, 7, 8743, 23_464_571, 16_777_217, 99_999_999_999, 99_999_999_998)]
KINDS = {
    "DECIMAL(18, 3)": "whole",
    "DECIMAL(38, 20)": "decimal",
    "DECIMAL(18, 6)": "decimal",
    "VARCHAR": "text",
    "DOUBLE": "double",
    "FLOAT": "float",
}


def _asked(kind: str, values: list[Decimal], *, is_sum: bool = False) -> tuple[list[int], list[int], int]:
    """Of a column of this type: integers, whether each has more digits, and the slack of their sum."""
    with duckdb.connect() as connection:
        rows = ", ".join(f"({n}, '{value:.12f}'::DECIMAL(38, 12)::{kind})" for n, value in enumerate(values))
        connection.execute(f"CREATE TABLE t AS FROM (VALUES {rows}) t(n, register_kwh)")
        arrow_type = connection.sql("SELECT register_kwh FROM t LIMIT 0").to_arrow_table().schema.field(0).type
        column = NumberColumn.of(REGISTER, arrow_type, is_sum=is_sum)
        assert column.storage == KINDS[kind]
        read = connection.sql(f"SELECT {column.integer} AS register_kwh, {column.excess} AS more FROM t ORDER BY n")
        (slack,) = connection.sql(f"SELECT {column.slack()} FROM read").fetchall()[0]
        integers, more = zip(*read.fetchall(), strict=True)
        return list(integers), list(more), slack


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_of_the_range_is_read_within_what_the_type_loses(kind: str) -> None:
    integers, more, slack = _asked(kind, VALUES)
    assert more == [0] * len(VALUES)
    errors = [abs(found - int(value * 1000)) for found, value in zip(integers, VALUES, strict=True)]
    if kind == "FLOAT":
        assert max(errors) > 0
        assert sum(errors) <= slack
    else:
        assert max(errors) == slack == 0


@pytest.mark.parametrize("kind", ["DECIMAL(38, 20)", "DECIMAL(18, 6)", "VARCHAR", "DOUBLE"])
@pytest.mark.parametrize("change", ["0.0004", "-0.0001"])
def test_less_than_half_a_unit_is_seen_wherever_the_type_can_hold_it(kind: str, change: str) -> None:
    _, more, _ = _asked(kind, [value + Decimal(change) for value in VALUES])
    assert more == [1] * len(VALUES)


def test_a_sum_of_doubles_may_be_off_by_as_much_as_adding_loses() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT sum((n % 97 + 0.1)::DOUBLE) AS register_kwh FROM range(3600) t(n)")
        for is_sum in (True, False):
            column = NumberColumn.of(REGISTER, pa.float64(), is_sum=is_sum)
            assert connection.sql(f"SELECT {column.excess} FROM t").fetchall() == [(int(not is_sum),)]
            changed = f"SELECT {column.excess} FROM (SELECT register_kwh + 4e-4 AS register_kwh FROM t)"
            assert connection.sql(changed).fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("kind", "slack"),
    [(pa.decimal128(18, 3), 5.02e-4), (pa.float64(), 1.1e-6), (pa.float32(), 1e-3), (pa.int64(), 0.6)],
)
def test_a_mean_may_be_off_by_what_its_type_rounds(kind: pa.DataType, slack: float) -> None:
    with duckdb.connect() as connection:
        (found,) = connection.sql(f"SELECT {mean_slack('x', kind)} FROM (SELECT 8743.0::DOUBLE AS x)").fetchall()[0]
    assert slack / 2 < found < slack


def test_other_types_are_text() -> None:
    assert storage_of(pa.bool_(), 0) == storage_of(pa.null(), 3) == "text"
