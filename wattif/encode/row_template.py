"""Rows of one width: what of them is the same in all, and where each value stands. Text formats share it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattif.tables.column import Column

MAC_WIDTH, TIMESTAMP_WIDTH = 17, 20
_INT64_WIDTH = 20
_TABLE_MAX = 1 << 17  # fields with no more values than this, in 8 characters or less, get a table of all of them


def number_width(field: Column) -> int:
    """Characters of the widest value of a number; of any int64 when it declares no range."""
    if field.minimum == field.maximum == 0:
        return _INT64_WIDTH + bool(field.decimals)
    below_zero = 1 + len(str(-field.minimum // 10**field.decimals)) if field.minimum < 0 else 0
    return max(field.whole_digits, below_zero) + (field.decimals + 1 if field.decimals else 0)


def is_tabled(field: Column) -> bool:
    """Whether a number is written as one word from a table of all its values, or else in groups of digits."""
    return number_width(field) <= 8 and field.maximum - field.minimum < _TABLE_MAX


def high_digits(field: Column) -> int:
    """Digits before the last four ones of a number that is written in groups of digits."""
    return max(field.whole_digits - 4, 0)


def number_field_width(field: Column) -> int:
    """Characters that a number takes in a row."""
    return number_width(field) if is_tabled(field) else number_width(field) + max(4 - field.whole_digits, 0)


def number_text(values: NDArray[np.int64], decimals: int, width: int, fill: bytes = b" ") -> NDArray[np.bytes_]:
    """*values* of 10^-decimals units as right-aligned text, with spaces or zeros before it."""
    left = np.abs(values)
    whole_digits = max(len(str(left.max(initial=0))) - decimals, 1)
    characters = []  # from the last one to the first
    for place in range(decimals + whole_digits):
        if place == decimals > 0:
            characters.append(np.full(values.shape, ord("."), np.uint8))
        is_before = (left == 0) & (place > decimals)
        left, digit = np.divmod(left, 10)
        characters.append(np.where(is_before, ord(" "), ord("0") + digit).astype(np.uint8))
    text: NDArray[np.bytes_] = np.stack(characters[::-1], axis=-1).view(f"S{len(characters)}")[..., 0]
    signs: NDArray[np.bytes_] = np.where(values < 0, b"-", b"")
    signed = np.strings.add(signs, np.strings.lstrip(text))
    return np.strings.zfill(signed, width) if fill == b"0" else np.strings.rjust(signed, width)


@dataclass(frozen=True, kw_only=True)
class RowTemplate:
    """A row with room for every value: numbers are right-aligned."""

    fields: tuple[Column, ...]
    text: bytes
    offsets: dict[str, int]  # first byte of each field's value, by its name in the table
    city_width: int  # of a city's value, its quotes included; 0: cities are part of the text
    fill: bytes  # what stands before the first digit of a number

    @property
    def width(self) -> int:
        """Bytes of a row, its line feed included."""
        return len(self.text)

    def offset_of(self, kind: str) -> int:
        """Where the value of the field of *kind* begins; -1 when the row has none."""
        return next((self.offsets[field.name] for field in self.fields if field.kind == kind), -1)

    def text_after(self, field: Column, length: int) -> bytes:
        """The *length* bytes that follow the value of a number, from the next row where this one ends."""
        end = self.offsets[field.name] + number_field_width(field)
        return (self.text[end:] + self.text)[:length]
