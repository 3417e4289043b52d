"""Fixed width: every row parses as JSON, gives back the integers it was stamped from, and has the same length."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from wattif.encode.csv import CsvEncoder
from wattif.encode.encoder import Encoder, RowSchema
from wattif.encode.ndjson import NdjsonEncoder
from wattif.encode.ndjson.template import row_template
from wattif.model import quantities
from wattif.model.fleet import mac_text
from wattif.model.reported import Mark
from wattif.tables.block import TakenRows
from wattif.tables.column import Column
from wattif.tables.reading_blocks import ReadingsBlock as Block
from wattif.tables.readings import DEFAULT_NAMES, FIELD_NAMES, select_fields

CITY = "los-angeles"
INTERVALS = (10, 60, 900, 3600)
MACS = np.array([0x021A7F003BC9, 0xFEFFFFFFFFFF], np.uint64)


def _columns(fields: tuple[Column, ...], interval_s: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Values of every size within each field's range, its two ends first."""
    readings = 86_400 // interval_s
    columns = np.zeros((len(MACS), quantities.COUNT, readings), np.int64)
    for field in fields:
        if field.kind == "number":
            lowest = max(field.minimum, 0)  # a minus is set afterwards, see test_marks.py
            sizes = 10.0 ** rng.uniform(0, np.log10(field.maximum - lowest + 1), (len(MACS), readings))
            columns[:, field.quantity] = lowest + sizes.astype(np.int64) - 1
            columns[:, field.quantity, 0] = lowest
            columns[:, field.quantity, 1] = field.maximum
    return columns


def _block(fields: tuple[Column, ...], columns: NDArray[np.int64], day: date, marks: tuple[Mark, ...] = ()) -> Block:
    macs = MACS[: len(columns)]
    return Block(fields=fields, day=day, first=0, city=CITY, macs=macs, quantities=columns, marks=marks)


def _rows(fields: tuple[Column, ...], columns: NDArray[np.int64]) -> tuple[bytes, int]:
    encoder = NdjsonEncoder(RowSchema(columns=fields))
    return bytes(encoder.encode(_block(fields, columns, date(2024, 2, 29)))), encoder.row_width


def _parse(row: bytes, fields: tuple[Column, ...]) -> list[Any]:
    parsed = orjson.loads(row)
    assert list(parsed) == [field.name for field in fields]
    values = []
    for field in fields:
        value = parsed[field.name]
        values.append(round(value * 10**field.decimals) if field.kind == "number" else value)
    return values


@pytest.mark.parametrize("interval_s", INTERVALS)
@settings(max_examples=20)
@given(st.lists(st.sampled_from(FIELD_NAMES), min_size=1, unique=True), st.integers(0, 2**32 - 1))
def test_rows_give_back_what_they_were_made_of(interval_s: int, names: list[str], seed: int) -> None:
    fields = select_fields(names, interval_s)
    columns = _columns(fields, interval_s, np.random.default_rng(seed))
    data, width = _rows(fields, columns)
    lines = data.splitlines(keepends=True)
    readings = 86_400 // interval_s
    assert {len(line) for line in lines} == {width}
    assert len(lines) == len(MACS) * readings
    for meter in range(len(MACS)):
        for i in {0, 1, 2, readings // 2, readings - 1, *np.random.default_rng(seed).integers(0, readings, 30)}:
            seconds = int(i) * interval_s
            texts = {
                "city_id": CITY,
                "mac": ("02:1A:7F:00:3B:C9", "FE:FF:FF:FF:FF:FF")[meter],
                "timestamp": f"2024-02-29T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}Z",
            }
            expected = [texts.get(field.name, int(columns[meter, field.quantity, i])) for field in fields]
            assert _parse(lines[meter * readings + i], fields) == expected


def test_another_day_in_the_same_buffer_has_its_own_timestamps() -> None:
    fields = select_fields(["timestamp", "power_w"], 3600)
    encoder = NdjsonEncoder(RowSchema(columns=fields))
    columns = np.zeros((1, quantities.COUNT, 24), np.int64)
    for day in (date(2024, 12, 31), date(2025, 1, 1), date(2024, 12, 31)):
        data = bytes(encoder.encode(_block(fields, columns, day)))
        assert orjson.loads(data.splitlines()[23])["timestamp"] == f"{day}T23:00:00Z"


def test_a_row_has_room_for_the_widest_value_of_every_field() -> None:
    fields = select_fields(["timestamp", "consumption_wh", "status"], 10)
    assert (
        row_template(RowSchema(columns=fields)).text
        == b'{"timestamp":"                   0","consumption_wh":        0,"status":  0}\n'
    )
    assert row_template(RowSchema(columns=select_fields(DEFAULT_NAMES, 10))).width == 231


def _marks(readings: int, chance: np.random.Generator) -> tuple[Mark, ...]:
    """The second meter leaves rows out, and its clock and the sign of its power are wrong."""
    negative = np.zeros(readings, np.bool_)
    negative[2::3] = True
    clock_s = chance.integers(-90_000, 90_000, readings)
    return (Mark(place=1, sent=chance.uniform(size=readings) < 0.7, clock_s=clock_s, negative=negative),)


@pytest.mark.parametrize("kind", [NdjsonEncoder, CsvEncoder])
@pytest.mark.parametrize("drift", [{}, {"added": ("a", "b")}, {"renamed": ("power_w", "watts")}])
def test_single_rows_and_rows_of_columns_are_those_of_the_block(kind: type[Encoder], drift: dict[str, Any]) -> None:
    """Three ways to the same text: stamped as a block, stamped row by row, laid out column by column."""
    fields, chance = select_fields(FIELD_NAMES, 900), np.random.default_rng(7)
    columns = _columns(fields, 900, chance)
    columns[:, quantities.POWER_W] %= 1_000_000
    for marks in ((), _marks(96, chance)):
        block = _block(fields, columns, date(2024, 12, 31), marks)
        encoder = kind(RowSchema(columns=fields, text_width=20, **drift))
        whole = bytes(encoder.encode(block)).splitlines(keepends=True)
        assert len(whole) == len(block.places)
        rows = chance.integers(0, len(whole), 50)
        expected = b"".join(whole[row] for row in rows)
        assert bytes(encoder.encode(block, rows)) == expected
        assert bytes(encoder.encode(block.take(rows))) == expected
        joined = TakenRows.joined([block.take(rows[:20]), block.take(rows[20:])], np.arange(50)[::-1])
        assert bytes(encoder.encode(joined)).splitlines() == expected.splitlines()[::-1]


@given(st.integers(0, 2**48 - 1))
def test_macs_are_written_as_six_octets(mac: int) -> None:
    text = mac_text(np.array([mac], np.uint64))[0].decode()
    assert int(text.replace(":", ""), 16) == mac
    assert len(text) == 17
