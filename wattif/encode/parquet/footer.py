"""What follows the last row group of a Parquet file: the page indexes, and the metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wattif.encode.parquet.chunks import Chunk
from wattif.encode.parquet.thrift import Value, boolean, i16, i32, i64, listed, struct, text

MAGIC = b"PAR1"
CREATED_BY = "wattif version 1"  # of the writer; a newer one may give the same rows other bytes
_VERSION = 2  # of the format


@dataclass(frozen=True, kw_only=True)
class RowGroup:
    """A row group in its file."""

    chunks: list[Chunk]
    start: int  # its first byte
    rows: int
    sorted_by: Sequence[int]  # the columns by which its rows ascend


def footer(
    elements: Sequence[Value], groups: Sequence[RowGroup], start: int, metadata: Sequence[tuple[str, str]]
) -> bytes:
    """The end of a file whose row groups end at *start*; *elements*: of the columns, in its schema."""
    places = [_places(group) for group in groups]
    column_indexes = [[chunk.column_index() for chunk in group.chunks] for group in groups]
    offset_indexes = [
        [chunk.offset_index(place) for chunk, place in zip(group.chunks, starts, strict=True)]
        for group, starts in zip(groups, places, strict=True)
    ]
    data = bytearray()

    def lay(index: bytes | None) -> tuple[Value | None, Value | None]:
        """Where *index* is laid and how long it is."""
        if index is None:
            return None, None
        data.extend(index)
        return i64(start + len(data) - len(index)), i32(len(index))

    laid_columns = [[lay(index) for index in indexes] for indexes in column_indexes]
    laid_offsets = [[lay(index) for index in indexes] for indexes in offset_indexes]
    row_groups = []
    for number, group in enumerate(groups):
        columns = [
            struct(
                {
                    2: i64(0),  # the metadata are here alone
                    3: chunk.metadata(place),
                    4: offsets[0],
                    5: offsets[1],
                    6: indexed[0],
                    7: indexed[1],
                }
            )
            for chunk, place, indexed, offsets in zip(
                group.chunks, places[number], laid_columns[number], laid_offsets[number], strict=True
            )
        ]
        row_groups.append(_row_group(group, columns, number))
    content = struct(
        {
            1: i32(_VERSION),
            2: listed([struct({4: text("schema"), 5: i32(len(elements))}), *elements]),
            3: i64(sum(group.rows for group in groups)),
            4: listed(row_groups),
            5: listed([struct({1: text(name), 2: text(value)}) for name, value in metadata]) if metadata else None,
            6: text(CREATED_BY),
            7: listed([struct({1: struct({})})] * len(elements)),  # each column in the order of its type
        }
    ).data
    return bytes(data) + content + len(content).to_bytes(4, "little") + MAGIC


def _places(group: RowGroup) -> list[int]:
    places, at = [], group.start
    for chunk in group.chunks:
        places.append(at)
        at += chunk.size
    return places


def _row_group(group: RowGroup, columns: list[Value], number: int) -> Value:
    ordering = [struct({1: i32(column), 2: boolean(False), 3: boolean(False)}) for column in group.sorted_by]
    return struct(
        {
            1: listed(columns),
            2: i64(sum(chunk.raw_size for chunk in group.chunks)),
            3: i64(group.rows),
            4: listed(ordering) if ordering else None,
            5: i64(group.start),
            6: i64(sum(chunk.size for chunk in group.chunks)),
            7: i16(number) if number < 1 << 15 else None,
        }
    )
