"""How many bytes of a row are equal to those of the row before, at once: weights from what readings are like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wattif.encode.row_template import is_tabled, number_width
from wattif.tables.column import Column

_THOUSAND = 1000
_CHANGES = (300, 280, 110, 60, 30, 15, 5)  # in so many, only the last digit is another, only the last two, …
_FLAG_CHANGES = (8, 2)


def run_weights(
    row_width: int, fields: Sequence[Column], offsets: Sequence[int], widths: Sequence[int], clocks: NDArray[np.bytes_]
) -> Counter[int]:
    """Weights of the lengths of runs of equal bytes, in rows whose *fields* change.

    *offsets*, *widths*: of what changes of each field; *clocks*: what that is of the timestamp, row by row.
    """
    runs = Counter({row_width: 1})
    changes = [_changes(field, clocks) for field in fields]
    for first in range(len(fields)):
        end = offsets[first] + widths[first]
        weight = 10**9
        for number in range(first + 1, first + len(fields) + 1):  # the next field that changes
            rows_later, place = divmod(number, len(fields))
            begin = offsets[place] + rows_later * row_width
            for last_digits, share in changes[place].items():
                runs[begin - end + widths[place] - last_digits] += weight * share // _THOUSAND
            weight = weight * (_THOUSAND - sum(changes[place].values())) // _THOUSAND
    return runs


def _changes(field: Column, clocks: NDArray[np.bytes_]) -> Mapping[int, int]:
    """In how many of a thousand rows so many characters at the end of a field differ from the row before."""
    if field.kind == "timestamp":
        characters = clocks.view(np.uint8).reshape(len(clocks), -1)
        equal = Counter((characters[1:] != characters[:-1]).argmax(axis=1).tolist())
        return {clocks.itemsize - each: _THOUSAND * rows // max(len(clocks) - 1, 1) for each, rows in equal.items()}
    if not field.decimals and is_tabled(field):  # flags
        return dict(enumerate(_FLAG_CHANGES, 1))
    digits = (place for place in range(1, 20) if not field.decimals or place != field.decimals + 1)
    return {place: share for place, share in zip(digits, _CHANGES, strict=False) if place <= number_width(field)}
