"""Rows in PostgreSQL's binary form: what the server reads out of them is what Arrow holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.postgres import Server
from wattif.warehouse.postgres.binary_rows import HEADER, TRAILER, as_jsonb, binary_rows

_COLUMNS = {
    "whole": ("bigint", pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "short": ("integer", pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "exact": ("numeric(18,3)", pa.decimal128(18, 3), st.decimals(-(10**14), 10**14, places=3)),
    "tenth": ("numeric(18,1)", pa.decimal128(18, 1), st.decimals(-999, 999, places=1)),
    "round": ("numeric(19,0)", pa.decimal128(19, 0), st.integers(-(2**62), 2**62).map(Decimal)),
    "real": ("double precision", pa.float64(), st.floats(allow_nan=False)),
    "is_so": ("boolean", pa.bool_(), st.booleans()),
    "moment": (
        "timestamptz",
        pa.timestamp("us", "UTC"),
        st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),
    ),
    "day": ("date", pa.date32(), st.dates(date(1900, 1, 1), date(2200, 1, 1))),
    "words": ("text", pa.string(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))),
}
_ROW = st.tuples(*(st.none() | values for _, _, values in _COLUMNS.values()))


@pytest.fixture(scope="module")
def connection(postgres_server: Server) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    columns = ", ".join(f"{name} {kind}" for name, (kind, _, _) in _COLUMNS.items())
    with psycopg.connect(postgres_server.create_database().url(), autocommit=True) as found:
        found.execute("SET TimeZone = 'UTC'")
        found.execute(f"CREATE TEMP TABLE kept (place serial, {columns})".encode())
        yield found


@given(rows=st.lists(_ROW, min_size=1, max_size=12))
def test_the_server_reads_what_arrow_holds(
    connection: psycopg.Connection[tuple[object, ...]], rows: list[tuple[object, ...]]
) -> None:
    schema = pa.schema([(name, kind) for name, (_, kind, _) in _COLUMNS.items()])
    arrays = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)]
    batch = pa.record_batch(arrays, schema=schema)
    names = ", ".join(_COLUMNS)
    connection.execute("TRUNCATE kept RESTART IDENTITY")
    with connection.cursor().copy(f"COPY kept ({names}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.write(HEADER)
        copy.write(binary_rows(batch.slice(0, 1)))
        copy.write(binary_rows(batch.slice(1)))
        copy.write(TRAILER)
    assert connection.execute(f"SELECT {names} FROM kept ORDER BY place".encode()).fetchall() == rows


def test_the_server_reads_json(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    facts = pa.array(['{"zone": "Zürich, \\"4\\""}', None, "{}"])
    connection.execute("CREATE TEMP TABLE facts (place serial, fact jsonb)")
    with connection.cursor().copy(b"COPY facts (fact) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(HEADER + binary_rows(pa.record_batch({"fact": as_jsonb(facts)})) + TRAILER)
    found = connection.execute("SELECT fact, fact ->> 'zone' FROM facts ORDER BY place").fetchall()
    assert found == [({"zone": 'Zürich, "4"'}, 'Zürich, "4"'), (None, None), ({}, None)]


def test_a_zero_byte_is_a_replacement_character() -> None:
    rows = binary_rows(pa.record_batch({"words": pa.array(["a\0b"])}))
    assert rows == b"\0\1" + b"\0\0\0\5" + "a\N{REPLACEMENT CHARACTER}b".encode()


def test_a_decimal_beyond_64_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="more digits than 64 bits hold"):
        binary_rows(pa.record_batch({"x": pa.array([Decimal(10**20)], pa.decimal128(38, 0))}))
