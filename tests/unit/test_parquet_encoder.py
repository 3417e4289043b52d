"""Parquet objects hold what was given, whatever the type, and their metadata tell the truth."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.parquet_files import metadata_of, page_at, page_index
from wattif.encode import encoder_of
from wattif.encode.encoder import RowSchema
from wattif.encode.parquet import ParquetEncoder
from wattif.errors import InvalidValue
from wattif.tables.block import ColumnBlock
from wattif.tables.column import Column

MAC, TIME = Column("mac", "mac", ""), Column("timestamp", "timestamp", "")
INT32 = Column("short", "number", "", minimum=-(10**9) + 1, maximum=10**9 - 1)
INT64 = Column("long", "number", "")
DECIMAL = Column("exact", "number", "", decimals=3, maximum=10**11)
CODECS = ("none", "snappy", "zstd", "lz4")


def _file(
    columns: Sequence[Column],
    values: Mapping[str, NDArray[Any]],
    *,
    pieces: int = 1,
    codec: str = "none",
    row_group_rows: int = 1 << 20,
    **schema: Any,
) -> bytes:
    """The object of the rows, given in so many *pieces*."""
    encoder = ParquetEncoder(RowSchema(columns=tuple(columns), **schema), codec=codec, row_group_rows=row_group_rows)
    opened = encoder.open()
    parts = [bytes(opened.start())]
    rows = len(next(iter(values.values())))
    for piece in np.array_split(np.arange(rows), pieces):
        if len(piece):
            block = ColumnBlock(0, 1, {name: each[piece] for name, each in values.items()})
            parts.append(bytes(opened.encode(block)))
    return b"".join([*parts, bytes(opened.finish())])


def _read(file: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(file), page_checksum_verification=True)


@given(st.lists(st.integers(-(10**9) + 1, 10**9 - 1), max_size=600), st.integers(1, 700), st.sampled_from(CODECS))
@settings(max_examples=60, deadline=None)
def test_numbers_of_four_bytes_are_read_as_they_were(numbers: list[int], group: int, codec: str) -> None:
    values = np.array(numbers, np.int64)
    file = _file([INT32], {"short": values}, codec=codec, row_group_rows=group)
    assert _read(file)["short"].to_pylist() == numbers
    assert pl.read_parquet(io.BytesIO(file))["short"].to_list() == numbers


@given(
    st.lists(
        st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 40), st.integers(0, 10**11)),
        min_size=1,
        max_size=400,
    )
)
@settings(max_examples=60, deadline=None)
def test_numbers_of_eight_bytes_are_read_as_they_were(numbers: list[int]) -> None:
    """Differences wrap round, as readers expect it."""
    file = _file([INT64], {"long": np.array(numbers, np.int64)})
    assert _read(file)["long"].to_pylist() == numbers


@pytest.mark.parametrize("width", range(65))
def test_each_width_in_bits_is_packed_right(width: int) -> None:
    """Differences from 0 to the largest of the width, in parts that are full, short, and missing."""
    steps = np.random.default_rng(width).integers(0, 2**64 - 1, 333, np.uint64, endpoint=True)
    steps = steps >> np.uint64(64 - width) if width else np.zeros_like(steps)
    values = np.cumsum(steps, dtype=np.uint64).view(np.int64)
    assert _read(_file([INT64], {"long": values}))["long"].to_numpy().tolist() == values.tolist()


@pytest.mark.parametrize("rows", [1, 2, 31, 32, 33, 127, 128, 129, 130, 256, 257, 16384, 40000])
def test_even_steps_take_no_bytes_and_are_read_by_all(rows: int, tmp_path: Any) -> None:
    values = np.arange(rows, dtype=np.int64) * 10
    file = _file([INT64], {"long": values})
    chunk = metadata_of(file)[4][0][1][0]
    assert chunk[3][7] < 100 * -(-rows // 16384)
    path = tmp_path / "even.parquet"
    path.write_bytes(file)
    assert _read(file)["long"].to_pylist() == values.tolist()
    assert pl.read_parquet(path)["long"].to_list() == values.tolist()
    assert duckdb.execute(f"SELECT long FROM '{path}'").fetchnumpy()["long"].tolist() == values.tolist()


def _everything(rows: int) -> tuple[list[Column], dict[str, NDArray[Any]]]:
    rng = np.random.default_rng(rows)
    there = rng.random(rows) < 0.7
    words = np.array(["", "meter", "größer", "x" * 40])[rng.integers(0, 4, rows)]

    def some(values: NDArray[Any]) -> NDArray[Any]:
        return np.array([value if kept else None for value, kept in zip(values.tolist(), there, strict=True)], object)

    columns = [
        MAC,
        TIME,
        DECIMAL,
        Column("city", "city", ""),
        Column("day", "date", ""),
        Column("share", "float", ""),
        Column("is_true", "boolean", ""),
        Column("some_text", "text", "", nullable=True),
        Column("some_number", "number", "", decimals=2, nullable=True),
        Column("some_float", "float", "", nullable=True),
        Column("none_at_all", "number", "", nullable=True),
    ]
    times = np.datetime64("2024-01-01", "s") + rng.integers(0, 10**6, rows).astype("timedelta64[s]")
    return columns, {
        "mac": rng.integers(0, 2**48, rows).astype(np.uint64)[rng.integers(0, rows, rows)],
        "timestamp": times,
        "exact": rng.integers(0, 10**11, rows),
        "city": np.full(rows, "manila"),
        "day": times.astype("datetime64[D]"),
        "share": rng.normal(size=rows),
        "is_true": there,
        "some_text": some(words),
        "some_number": some(rng.integers(-(10**6), 10**6, rows)),
        "some_float": some(rng.normal(size=rows)),
        "none_at_all": np.full(rows, None, object),
    }


def _scaled(values: Sequence[Any], decimals: int) -> list[Any]:
    return [None if each is None else int(each.scaleb(decimals)) for each in values]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(("rows", "group"), [(1, 1), (5, 2), (3000, 1000), (20_000, 1 << 20)])
def test_all_kinds_of_columns_are_read_as_they_were(codec: str, rows: int, group: int) -> None:
    columns, values = _everything(rows)
    table = _read(_file(columns, values, codec=codec, row_group_rows=group))
    macs = [":".join(f"{mac:012X}"[i : i + 2] for i in range(0, 12, 2)) for mac in values["mac"].tolist()]
    assert table["mac"].to_pylist() == macs
    assert table["timestamp"].to_numpy().astype("datetime64[s]").tolist() == values["timestamp"].tolist()
    assert str(table.schema.field("timestamp").type) == "timestamp[ms, tz=UTC]"
    assert _scaled(table["exact"].to_pylist(), 3) == values["exact"].tolist()
    assert _scaled(table["some_number"].to_pylist(), 2) == values["some_number"].tolist()
    for name in ("city", "day", "share", "is_true", "some_text", "some_float", "none_at_all"):
        assert table[name].to_pylist() == values[name].tolist()
    assert [field.nullable for field in table.schema] == [column.nullable for column in columns]


@pytest.mark.parametrize("pieces", [2, 7, 500])
def test_bytes_follow_from_the_rows_not_from_the_blocks_they_come_in(pieces: int) -> None:
    columns, values = _everything(40_000)
    whole = _file(columns, values, row_group_rows=15_000)
    assert _file(columns, values, pieces=pieces, row_group_rows=15_000) == whole
    assert pq.ParquetFile(io.BytesIO(whole)).metadata.num_row_groups == 3


def test_an_encoder_makes_one_object_after_another() -> None:
    columns, values = _everything(2000)
    encoder = ParquetEncoder(RowSchema(columns=tuple(columns)))
    files = []
    for _ in range(2):
        opened = encoder.open()
        files.append(bytes(opened.start()) + bytes(opened.encode(ColumnBlock(0, 1, values))) + bytes(opened.finish()))
    assert files[0] == files[1] == _file(columns, values)
    with pytest.raises(ValueError, match="call `open` first"):
        opened.encode(ColumnBlock(0, 1, values))


def test_statistics_are_those_of_the_values() -> None:
    columns, values = _everything(50_000)
    metadata = pq.ParquetFile(io.BytesIO(_file(columns, values, row_group_rows=30_000))).metadata
    for group in range(2):
        own = slice(group * 30_000, (group + 1) * 30_000)
        for number, column in enumerate(columns):
            there = [each for each in values[column.name][own].tolist() if each is not None]
            told = metadata.row_group(group).column(number).statistics
            assert told.null_count == len(values[column.name][own]) - len(there)
            assert told.has_min_max == bool(there)
            if there and column.kind in ("text", "city"):
                assert (told.min.encode(), told.max.encode()) == (
                    min(map(str.encode, there)),
                    max(map(str.encode, there)),
                )
            elif there and column.kind in ("float", "boolean", "date"):
                assert (told.min, told.max) == (min(there), max(there))
            elif there and column.kind == "number":
                scaled = [int(each.scaleb(column.decimals)) for each in (told.min, told.max)]
                assert scaled == [min(there), max(there)]


def test_statistics_leave_out_what_is_no_number() -> None:
    column = Column("share", "float", "")
    values = np.array([0.0, float("nan"), 1.0])
    metadata = metadata_of(_file([column], {"share": values}))
    chunk = metadata[4][0][1][0]
    assert 5 not in chunk[3][12]
    assert 6 not in chunk  # no column index
    zeros = metadata_of(_file([column], {"share": np.array([0.0, 0.0])}))[4][0][1][0][3][12]
    assert (zeros[6], zeros[5]) == (np.float64(-0.0).tobytes(), np.float64(0.0).tobytes())


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_the_page_index_leads_to_each_page_and_bounds_its_values(codec: str) -> None:
    """Bounds and places are read by hand, and the values of each page's rows by pyarrow."""
    columns, values = _everything(70_000)
    file = _file(columns, values, codec=codec, row_group_rows=40_000)
    table = _read(file)
    first_row = 0
    for group in metadata_of(file)[4]:
        for number, (column, chunk) in enumerate(zip(columns, group[1], strict=True)):
            bounds, places = page_index(file, chunk)
            pages = places[1]
            starts = [page[3] for page in pages]
            ends = [*starts[1:], group[3]]
            assert starts[0] == 0
            for place, (page, start, end) in enumerate(zip(pages, starts, ends, strict=True)):
                header, _ = page_at(file, page[1], page[2])
                assert header[1] == 0
                assert header[5][1] == end - start
                rows = table.column(number)[first_row + start : first_row + end]
                if bounds is None:
                    assert column.name == "none_at_all"
                    continue
                there = [each for each in rows.to_pylist() if each is not None]
                assert bounds[5][place] == len(rows) - len(there)
                assert bounds[1][place] == (not there)
                low, high = _stored(column, there)
                assert (bounds[2][place], bounds[3][place]) == (low, high)
            assert sum(end - start for start, end in zip(starts, ends, strict=True)) == group[3]
        first_row += group[3]


def _stored(column: Column, values: list[Any]) -> tuple[bytes, bytes]:
    """The smallest and the largest of *values* as an index has them."""
    if column.is_text:
        texts = [each.encode() for each in values]
        return min(texts), max(texts)
    low, high = (_number(column, each) for each in (min(values), max(values)))
    return low.tobytes(), high.tobytes()


def _number(column: Column, value: Any) -> np.generic:
    if column.kind == "number":
        return np.int64(int(value.scaleb(column.decimals)))
    if column.kind == "timestamp":
        return np.int64(round(value.timestamp() * 1000))
    if column.kind == "date":
        return np.int32(value.toordinal() - date(1970, 1, 1).toordinal())
    return np.bool_(value) if column.kind == "boolean" else np.float64(value)


def _meters(macs: Sequence[int], times: Sequence[int]) -> list[Any]:
    values = {
        "mac": np.array(macs, np.uint64),
        "timestamp": np.datetime64("2024-01-01", "s") + np.array(times).astype("timedelta64[s]"),
    }
    metadata = pq.ParquetFile(io.BytesIO(_file([TIME, MAC], values, row_group_rows=4))).metadata
    return [metadata.row_group(group).sorting_columns for group in range(metadata.num_row_groups)]


def test_an_order_is_told_where_rows_have_it_and_only_there() -> None:
    by_meter_and_time = (pq.SortingColumn(1), pq.SortingColumn(0))
    assert _meters([1, 1, 2, 2], [0, 10, 0, 10]) == [by_meter_and_time]
    assert _meters([1, 1, 2, 2], [0, 10, 10, 0]) == [()]
    assert _meters([2, 2, 1, 1], [0, 10, 0, 10]) == [()]
    assert _meters([1, 2, 1, 2], [0, 0, 10, 10]) == [()]
    assert _meters([5, 5, 5, 5, 3, 3], [0, 1, 2, 3, 0, 1]) == [by_meter_and_time, by_meter_and_time]


def test_a_column_may_be_added_and_another_called_differently() -> None:
    columns, values = _everything(100)
    table = _read(_file(columns, values, renamed=("exact", "active_exact"), added=("firmware", "2.4.1")))
    assert table.column_names[2] == "active_exact"
    assert table.column_names[-1] == "firmware"
    assert table["firmware"].to_pylist() == ["2.4.1"] * 100


def test_metadata_are_told() -> None:
    file = _file([INT64], {"long": np.arange(3)}, metadata=(("wattif.dataset", "abc"),))
    metadata = pq.read_metadata(io.BytesIO(file))
    assert metadata.metadata == {b"wattif.dataset": b"abc"}
    assert metadata.created_by == "wattif version 1"


def test_a_value_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="short: a value needs more than 4 bytes"):
        _file([INT32], {"short": np.array([2**31])})
    with pytest.raises(ValueError, match="wide: a number of 28 digits does not fit in eight bytes"):
        _file([Column("wide", "number", "", digits=28)], {"wide": np.array([1])})


def test_an_object_takes_no_more_room_than_is_told() -> None:
    for rows, group in ((1, 1), (7, 1), (1000, 10), (20_000, 1 << 20)):
        columns, values = _everything(rows)
        encoder = ParquetEncoder(RowSchema(columns=tuple(columns)), row_group_rows=group)
        assert len(_file(columns, values, row_group_rows=group)) <= encoder.object_room + rows * encoder.row_room


@pytest.mark.parametrize("rows", [1, 33, 5000, 40_000])
def test_not_even_values_that_jump_over_their_whole_range_take_more_room(rows: int) -> None:
    rng = np.random.default_rng(rows)
    columns = [MAC, TIME, INT32, INT64, DECIMAL, Column("some", "number", "", maximum=200, nullable=True)]
    sides = rng.integers(0, 2, rows)
    values = {
        "mac": rng.integers(0, 2**48, rows).astype(np.uint64),
        "timestamp": np.datetime64("2024-01-01", "s") + (sides * 10**9).astype("timedelta64[s]"),
        "short": np.where(sides, INT32.minimum, INT32.maximum),
        "long": rng.integers(-(2**63), 2**63 - 1, rows),
        "exact": sides * DECIMAL.maximum,
        "some": np.array([200 * side if n // 8 % 2 else None for n, side in enumerate(sides.tolist())], object),
    }
    encoder = ParquetEncoder(RowSchema(columns=tuple(columns)))
    assert len(_file(columns, values)) <= encoder.object_room + rows * encoder.row_room


def test_options_and_codecs_that_are_none_are_refused_by_name() -> None:
    schema = RowSchema(columns=(INT64,))
    with pytest.raises(InvalidValue, match="`row_group_rows` 5: the `format` ndjson has no such thing"):
        encoder_of("ndjson", schema, {"row_group_rows": 5})
    with pytest.raises(InvalidValue, match="`compression` zst: no compression of Parquet pages; did you mean zstd"):
        ParquetEncoder(schema, codec="zst")
