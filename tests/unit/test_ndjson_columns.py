"""Any table as NDJSON: values of every kind come back from the rows, all of which have one width."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pytest

from wattif.encode.encoder import RowSchema
from wattif.encode.ndjson import NdjsonEncoder
from wattif.tables.block import ColumnBlock
from wattif.tables.column import Column

SECONDS = np.array(["2024-02-29T23:59:59", "1971-01-01T00:00:00", "2199-12-31T12:00:00"], "datetime64[s]")
DAYS = SECONDS.astype("datetime64[D]")
BIG = "4611686018427387.904"
FLOATS = [-1.7976931348623157e308, 0.1, 5e-324]
CASES: list[tuple[Column, Any, list[Any]]] = [
    (Column("a", "number", "", minimum=-5, maximum=12), np.array([-5, 0, 12]), [-5, 0, 12]),
    (
        Column("a", "number", "", decimals=3),
        np.array([-(2**62), 7, 2**62]),
        ["-4611686018427387.904", "0.007", "4611686018427387.904"],
    ),
    (Column("a", "number", "", decimals=1, nullable=True), np.array([-5, None, 12]), ["-0.5", None, "1.2"]),
    (
        Column("a", "mac", ""),
        np.array([0, 2**48 - 1, 17], np.uint64),
        ["00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF", "00:00:00:00:00:11"],
    ),
    (Column("a", "mac", "", nullable=True), np.array([None, 17, None]), [None, "00:00:00:00:00:11", None]),
    (Column("a", "timestamp", ""), SECONDS, ["2024-02-29T23:59:59Z", "1971-01-01T00:00:00Z", "2199-12-31T12:00:00Z"]),
    (
        Column("a", "timestamp", "", nullable=True),
        np.array([None, *map(datetime.fromisoformat, ("2024-02-29T23:59:59", "1971-01-01"))], object),
        [None, "2024-02-29T23:59:59Z", "1971-01-01T00:00:00Z"],
    ),
    (Column("a", "date", ""), DAYS, ["2024-02-29", "1971-01-01", "2199-12-31"]),
    (Column("a", "date", "", nullable=True), np.array([None, date(2024, 2, 29), None]), [None, "2024-02-29", None]),
    (
        Column("a", "float", ""),
        np.array([-1.7976931348623157e308, 0.1, 5e-324]),
        [-1.7976931348623157e308, 0.1, 5e-324],
    ),
    (Column("a", "boolean", ""), np.array([True, False, True]), [True, False, True]),
    (Column("a", "text", ""), np.array(["", 'a "b" \n', "Ünï"]), ["", 'a "b" \n', "Ünï"]),
    (Column("a", "city", "", nullable=True), np.array(["x", None, "y"]), ["x", None, "y"]),
]


@pytest.mark.parametrize(("column", "values", "expected"), CASES, ids=lambda each: getattr(each, "kind", None))
def test_values_of_every_kind_come_back(column: Column, values: Any, expected: list[Any]) -> None:
    number = Column("n", "number", "", maximum=9)
    encoder = NdjsonEncoder(RowSchema(columns=(number, column, number), text_width=12))
    block = ColumnBlock(0, 3, {"n": np.arange(3), "a": values})
    for rows in (None, np.array([2, 0, 0])):
        lines = bytes(encoder.encode(block, rows)).splitlines(keepends=True)
        assert {len(line) for line in lines} == {encoder.row_width}
        for line, row in zip(lines, range(3) if rows is None else rows, strict=True):
            orjson.loads(line)
            found = json.loads(line, parse_float=Decimal if column.kind == "number" else float)["a"]
            wanted = expected[row]
            assert found == (Decimal(wanted) if column.kind == "number" and wanted is not None else wanted)


def test_a_text_that_is_too_wide_is_refused_by_name() -> None:
    encoder = NdjsonEncoder(RowSchema(columns=(Column("a", "text", ""),), text_width=3))
    with pytest.raises(ValueError, match="a: a value needs more than 5 bytes"):
        encoder.encode(ColumnBlock(0, 1, {"a": np.array(["long"])}))
