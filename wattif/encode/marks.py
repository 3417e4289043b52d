"""What stamping cannot say of a meter's rows: that some are not sent, a wrong clock, a negative power.

Few meters of few days need it, so it works on a copy of their rows and the template stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from wattif.encode.template import TIMESTAMP_WIDTH, RowTemplate, field_width
from wattif.model.reported import Mark


def marked_rows(
    block: memoryview, template: RowTemplate, day: date, meters: int, marks: Sequence[Mark]
) -> tuple[memoryview, NDArray[np.bool_] | None]:
    """The rows of a block of so many meters with the *marks* applied, without those that are not sent.

    Also which are sent, (meters, readings); None when all of them are.
    """
    rows = np.frombuffer(block, np.uint8).reshape(meters, -1, template.width).copy()
    sent = np.ones(rows.shape[:2], np.bool_)
    for mark in marks:
        own = rows[mark.place]
        if mark.clock_s is not None and template.offset_of("timestamp") >= 0:
            _set_clock(own, template.offset_of("timestamp"), day, mark.clock_s)
        if mark.negative is not None and "power_w" in template.offsets:
            field = next(field for field in template.fields if field.name == "power_w")
            _set_signs(own, template.offsets["power_w"], field_width(field), mark.negative)
        if mark.sent is not None:
            sent[mark.place] = mark.sent
    if sent.all():
        return memoryview(rows.reshape(-1).data), None
    return memoryview(rows[sent].reshape(-1).data), sent


def _set_clock(rows: NDArray[np.uint8], offset: int, day: date, clock_s: NDArray[np.int64]) -> None:
    count = len(rows)
    nominal = np.arange(count, dtype=np.int64) * (86_400 // count)
    times = np.datetime_as_string(
        np.datetime64(day, "s") + (nominal + clock_s).astype("timedelta64[s]"), timezone="UTC"
    )
    text = np.frombuffer(times.astype(f"S{TIMESTAMP_WIDTH}").tobytes(), np.uint8)
    rows[:, offset : offset + TIMESTAMP_WIDTH] = text.reshape(count, TIMESTAMP_WIDTH)


def _set_signs(rows: NDArray[np.uint8], offset: int, width: int, negative: NDArray[np.bool_]) -> None:
    """Put a minus before the first digit; the declared range leaves room for it."""
    where = np.flatnonzero(negative)
    digits = rows[where, offset : offset + width] != ord(" ")
    rows[where, offset + digits.argmax(axis=1) - 1] = ord("-")
