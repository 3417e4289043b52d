"""What can go wrong on the way to the lake, declared once: names, codes and what a rate is a share of."""

from __future__ import annotations

from enum import StrEnum


class FaultKind(StrEnum):
    """A fault; its name is that of the spec and of the labels."""

    share_of: str  # ``rows``, ``files`` or ``batches``; empty: it happens on a day
    row_code: int  # of a row to which it happens; 0: it happens to no row
    needs_lines: bool  # it exists in formats that are text alone

    def __new__(cls, name: str, share_of: str = "", row_code: int = 0, needs_lines: bool = False) -> FaultKind:
        """A member: its name, and what is declared of it."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.share_of, kind.row_code, kind.needs_lines = share_of, row_code, needs_lines
        return kind

    DUPLICATE = "duplicate", "rows", 2  # a row is sent twice
    LATE = "late", "rows", 3  # a row comes in a later object of the same partition
    DROP = "drop", "rows", 1  # a row is never delivered
    OUT_OF_ORDER = "out_of_order", "rows", 4  # a row comes after later ones of the same meter
    CORRUPT = "corrupt", "rows", 5, True  # a row is cut or garbled, so that no reader accepts it
    PARTIAL_LINE = "partial_line", "files", 6, True  # the last line of a file ends early
    FILE_MISSING = "file_missing", "files"  # a file never arrives
    BATCH_TWICE = "batch_twice", "batches"  # a batch is delivered a second time under other names
    SCHEMA_DRIFT = "schema_drift"  # from a day on, rows have another schema


ROW_KINDS = tuple(sorted((kind for kind in FaultKind if kind.share_of == "rows"), key=lambda kind: kind.row_code))
