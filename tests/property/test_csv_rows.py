"""Rows of CSV, read back by Python's csv module; the same rows as NDJSON."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.test_rows import INTERVALS, _block, _columns, _marks
from wattif.encode.csv import CsvEncoder
from wattif.encode.encoder import RowSchema
from wattif.encode.ndjson import NdjsonEncoder
from wattif.model import quantities
from wattif.tables.readings import FIELD_NAMES, select_fields


def _read(encoder: CsvEncoder, data: bytes) -> list[dict[str, str]]:
    text = (encoder.start() + data).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


def _same(text: str, value: Any) -> bool:
    return Decimal(text) == Decimal(str(value)) if isinstance(value, int | float) else text == value


@pytest.mark.parametrize("interval_s", INTERVALS)
@settings(max_examples=15)
@given(st.lists(st.sampled_from(FIELD_NAMES), min_size=1, unique=True), st.integers(0, 2**32 - 1))
def test_rows_say_what_those_of_ndjson_say(interval_s: int, names: list[str], seed: int) -> None:
    fields, chance = select_fields(names, interval_s), np.random.default_rng(seed)
    columns = _columns(fields, interval_s, chance)
    columns[:, quantities.POWER_W] %= 1_000_000
    block = _block(fields, columns, date(2024, 2, 29), _marks(86_400 // interval_s, chance))
    schema = RowSchema(columns=fields, text_width=20)
    encoder = CsvEncoder(schema)
    data = bytes(encoder.encode(block))
    if encoder.row_width is not None:
        assert {len(line) for line in data.splitlines(keepends=True)} == {encoder.row_width}
    assert max(map(len, data.splitlines(keepends=True))) <= encoder.row_room
    rows = [orjson.loads(line) for line in bytes(NdjsonEncoder(schema).encode(block)).splitlines()]
    found = _read(encoder, data)
    assert len(found) == len(rows)
    for place in {0, len(rows) - 1, *chance.integers(0, len(rows), 30).tolist()}:
        assert list(found[place]) == names
        assert all(_same(found[place][name], rows[place][name]) for name in names), (found[place], rows[place])


@pytest.mark.parametrize("drift", [{}, {"added": ("a", "b")}, {"renamed": ("power_w", "watts")}])
def test_the_fields_of_a_row(drift: dict[str, Any]) -> None:
    fields = select_fields(FIELD_NAMES, 900)
    columns = _columns(fields, 900, np.random.default_rng(7))
    encoder = CsvEncoder(RowSchema(columns=fields, text_width=20, **drift))
    row = bytes(encoder.encode(_block(fields, columns, date(2024, 12, 31)))).splitlines(keepends=True)[0]
    [read] = _read(encoder, row)
    assert encoder.fields_in(row) == {name: value.encode() for name, value in read.items()}
