"""gzip by our own encoder: other decoders give back exactly the rows, whatever these hold."""

from __future__ import annotations

import gzip
import subprocess
import zlib
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from wattif.compress.gzip import GzipCompressor
from wattif.compress.gzip.huffman import FARTHEST
from wattif.encode import encoder_of
from wattif.encode.encoder import Encoder, RowSchema
from wattif.encode.ndjson import NdjsonEncoder
from wattif.model import quantities
from wattif.model.reported import Mark
from wattif.tables.column import Column
from wattif.tables.reading_blocks import ReadingsBlock
from wattif.tables.readings import DEFAULT_NAMES, FIELD_NAMES, select_fields

MACS = np.array([0x021A7F003BC9, 0x021A7F003BCA, 0xFEFFFFFFFFFF, 0x000000000000], np.uint64)
NUMBERS = [field.name for field in select_fields(FIELD_NAMES, 3600) if field.kind == "number"]
INTERVALS = (1, 10, 25, 60, 600, 3600)
DRIFTS: tuple[dict[str, Any], ...] = ({}, {"added": ("firmware", "2.1")}, {"renamed": ("power_w", "active_power_w")})


def _columns(
    fields: tuple[Column, ...], meters: int, slots: int, rng: np.random.Generator, kind: str
) -> NDArray[np.int64]:
    """*kind*: values of every size, those that move in small steps as a meter's do, or all the same."""
    columns = np.zeros((meters, quantities.COUNT, slots), np.int64)
    for field in fields:
        if field.kind != "number":
            continue
        lowest = max(field.minimum, 0)
        room = field.maximum - lowest
        if kind == "equal":
            columns[:, field.quantity] = lowest + int(rng.integers(0, room + 1))
        elif kind == "steps":
            steps = rng.integers(-20, 21, (meters, slots)) * (rng.uniform(size=(meters, slots)) < 0.6)
            columns[:, field.quantity] = lowest + np.clip(rng.integers(0, room + 1) + np.cumsum(steps, axis=1), 0, room)
        else:
            sizes = 10.0 ** rng.uniform(0, np.log10(room + 1), (meters, slots))
            columns[:, field.quantity] = lowest + sizes.astype(np.int64) - 1
            columns[:, field.quantity, 0] = field.maximum
            columns[:, field.quantity, -1] = lowest
    return columns


def _block(fields: tuple[Column, ...], columns: NDArray[np.int64], *, city: str = "manila") -> ReadingsBlock:
    macs = MACS[: len(columns)]
    return ReadingsBlock(
        fields=fields, day=date(2024, 2, 29), first=0, city=city, macs=macs, quantities=columns, marks=()
    )


@pytest.mark.parametrize("format_name", ["ndjson", "csv"])
@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(FIELD_NAMES), min_size=1, unique=True),
    st.integers(1, len(MACS)),
    st.sampled_from(INTERVALS[3:]),
    st.sampled_from(DRIFTS),
    st.sampled_from(["any", "steps", "equal"]),
    st.integers(0, 2**32 - 1),
)
def test_zlib_gives_back_the_rows_of_any_block(
    format_name: str, names: list[str], meters: int, interval_s: int, drift: dict[str, Any], kind: str, seed: int
) -> None:
    fields = select_fields(names, interval_s)
    encoder = encoder_of(format_name, RowSchema(columns=fields, text_width=11, **drift))
    block = _block(fields, _columns(fields, meters, 86_400 // interval_s, np.random.default_rng(seed), kind))
    compressor = GzipCompressor(encoder)
    rows = bytes(encoder.encode(block))
    member = bytes(compressor.block(block))
    assert zlib.decompress(member, wbits=31) == rows
    assert zlib.decompress(bytes(compressor.data(rows)), wbits=31) == rows
    assert len(member) <= compressor.row_room * len(block.places)


@pytest.mark.parametrize("format_name", ["ndjson", "csv"])
def test_every_second_and_the_whole_alphabet_of_columns(format_name: str) -> None:
    for interval_s in INTERVALS:
        fields = select_fields(FIELD_NAMES, interval_s)
        encoder = encoder_of(format_name, RowSchema(columns=fields))
        rng = np.random.default_rng(interval_s)
        block = _block(fields, _columns(fields, 2, 86_400 // interval_s, rng, "any"), city="los-angeles")
        assert zlib.decompress(bytes(GzipCompressor(encoder).block(block)), 31) == bytes(encoder.encode(block))


@pytest.mark.parametrize("format_name", ["ndjson", "csv"])
@pytest.mark.parametrize("first", ["timestamp", *NUMBERS])
def test_rows_without_the_address_begin_with_any_column(format_name: str, first: str) -> None:
    for second in ("timestamp", "power_w"):
        for interval_s in (60, 3600):
            fields = select_fields(list(dict.fromkeys([first, second])), interval_s)
            encoder = encoder_of(format_name, RowSchema(columns=fields))
            columns = _columns(fields, 2, 86_400 // interval_s, np.random.default_rng(1), "any")
            block = _block(fields, columns)
            assert zlib.decompress(bytes(GzipCompressor(encoder).block(block)), 31) == bytes(encoder.encode(block))


def test_days_and_cities_take_turns() -> None:
    fields = select_fields(["city_id", "timestamp", "power_w"], 3600)
    encoder = NdjsonEncoder(RowSchema(columns=fields, text_width=11))
    compressor = GzipCompressor(encoder)
    columns = np.zeros((3, quantities.COUNT, 24), np.int64)
    for day in (date(2024, 12, 31), date(2025, 1, 1)):
        for city in ("manila", "los-angeles"):
            block = replace(_block(fields, columns, city=city), day=day)
            assert zlib.decompress(bytes(compressor.block(block)), 31) == bytes(encoder.encode(block))


@pytest.mark.parametrize("sent", [1.0, 0.5, 0.0])
def test_rows_with_marks_come_from_their_text(sent: float) -> None:
    fields, rng = select_fields(DEFAULT_NAMES, 900), np.random.default_rng(3)
    columns = _columns(fields, 3, 96, rng, "steps")
    columns[:, quantities.POWER_W] %= 1_000_000
    mark = Mark(
        place=1,
        sent=rng.uniform(size=96) < sent,
        clock_s=rng.integers(-90_000, 90_000, 96),
        negative=rng.uniform(size=96) < 0.5,
    )
    encoder, block = NdjsonEncoder(RowSchema(columns=fields)), replace(_block(fields, columns), marks=(mark,))
    assert zlib.decompress(bytes(GzipCompressor(encoder).block(block)), 31) == bytes(encoder.encode(block))


class _Lines(Encoder):
    """Lines of which nothing is known but how wide most are."""

    name, extension, content_type, is_text = "lines", ".txt", "text/plain", True

    def __init__(self, width: int) -> None:
        super().__init__(RowSchema(columns=()))
        self._width = width

    @property
    def row_width(self) -> int:
        return self._width

    @property
    def row_room(self) -> int:
        return self._width


@settings(max_examples=200)
@given(st.integers(1, 600), st.integers(1, 5000), st.integers(1, 256), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_any_bytes_come_back_and_take_little_more_than_they_are(
    width: int, size: int, letters: int, changed: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    data = np.resize(rng.integers(0, letters, width, np.uint8), size)
    places = rng.uniform(size=size) < changed**3
    data[places] = rng.integers(0, letters, int(places.sum()), np.uint8)
    member = bytes(GzipCompressor(_Lines(width)).data(data.tobytes()))
    assert zlib.decompress(member, wbits=31) == data.tobytes()
    assert len(member) <= size + 23


@pytest.mark.parametrize("width", [1, 2, 3, 257, 258, 259, 261, FARTHEST])
def test_long_runs_and_the_farthest_row(width: int) -> None:
    line = np.random.default_rng(width).integers(97, 123, width, np.uint8).tobytes()
    for rows in (1, 2, 3):
        for end in (b"", b"x", line[:2], line[: width // 2]):
            data = line * rows + end
            member = bytes(GzipCompressor(_Lines(width)).data(data))
            assert zlib.decompress(member, wbits=31) == data


def test_an_object_is_members_one_after_the_other_and_never_nothing() -> None:
    compressor = GzipCompressor(_Lines(4))
    empty = compressor.open(compressor.encoder)
    assert bytes(empty.data(b"")) == b""
    assert gzip.decompress(bytes(empty.finish())) == b""
    full = compressor.open(compressor.encoder)
    parts = [bytes(full.data(part)) for part in (b"abc\nabd\n", b"", b"abe\n" * 70_000)]
    assert bytes(full.finish()) == b""
    data = b"".join(parts)
    assert gzip.decompress(data) == b"abc\nabd\n" + b"abe\n" * 70_000
    done = subprocess.run(["gzip", "-dc"], input=data, capture_output=True, check=True)
    assert done.stdout == gzip.decompress(data)


def test_random_bytes_are_stored_in_several_blocks() -> None:
    data = np.random.default_rng(1).integers(0, 256, 200_000, np.uint8).tobytes()
    member = bytes(GzipCompressor(_Lines(100)).data(data))
    assert zlib.decompress(member, wbits=31) == data
    assert len(member) == 200_000 + 18 + 5 * 4
