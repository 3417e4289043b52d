"""What stamping cannot say of a meter's rows: that some are not sent, a wrong clock, a negative power.

Few meters of few days need it, so it works on a copy of their rows and the template stays as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattif.encode.row_template import TIMESTAMP_WIDTH, RowTemplate, number_field_width
from wattif.model import quantities
from wattif.tables.reading_blocks import ReadingsBlock

_TWO_DIGITS = np.frombuffer(b"".join(b"%02d" % n for n in range(60)), np.uint8).reshape(60, 2)


def marked_rows(data: memoryview, template: RowTemplate, block: ReadingsBlock) -> memoryview:
    """The rows of all readings of *block* with its marks applied, without those that are not sent."""
    rows = np.frombuffer(data, np.uint8).reshape(block.count, -1, template.width).copy()
    for mark in block.marks:
        own = rows[mark.place]
        if mark.clock_s is not None and template.offset_of("timestamp") >= 0:
            nominal = np.arange(block.slots) * block.interval_s
            seconds = (nominal + mark.clock_s).astype("timedelta64[s]")
            lay_times(own, template.offset_of("timestamp"), np.datetime64(block.day, "s") + seconds)
        if mark.negative is not None:
            lay_signs(own, template, mark.negative)
    if block.sent is not None:
        rows = rows[block.sent]
    return memoryview(rows.reshape(-1).data)


def lay_times(rows: NDArray[np.uint8], offset: int, times: NDArray[np.datetime64]) -> None:
    """Write *times* (UTC) into *rows* of shape (rows, width)."""
    if not len(times):
        return
    text = rows[:, offset : offset + TIMESTAMP_WIDTH]
    days, seconds = np.divmod(times.astype("datetime64[s]").astype(np.int64), 86_400)
    distinct, places = np.unique(days, return_inverse=True)  # a clock that was reset is decades behind
    midnights = distinct.astype("datetime64[D]").astype("datetime64[s]")
    texts = np.datetime_as_string(midnights, timezone="UTC").astype(f"S{TIMESTAMP_WIDTH}")
    text[:] = texts.view(np.uint8).reshape(-1, TIMESTAMP_WIDTH)[places]
    minutes = seconds // 60
    hours = minutes // 60
    for place, value in ((11, hours), (14, minutes - 60 * hours), (17, seconds - 60 * minutes)):
        text[:, place : place + 2] = _TWO_DIGITS[value]


def lay_signs(rows: NDArray[np.uint8], template: RowTemplate, negative: NDArray[np.bool_]) -> None:
    """Put a minus before the power where it is *negative*; the declared range leaves room for it."""
    for field in template.fields:
        if field.kind == "number" and field.quantity == quantities.POWER_W:
            offset, where = template.offsets[field.name], np.flatnonzero(negative)
            if template.fill == b"0":
                rows[where, offset] = ord("-")
                continue
            digits = rows[where, offset : offset + number_field_width(field)] != ord(" ")
            rows[where, offset + digits.argmax(axis=1) - 1] = ord("-")
