"""Whether the rows of a group ascend by meter and time, so that its metadata may say so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wattif.encode.parquet.pages import ColumnPages, TextPages


class RowOrder:
    """Looks at the pages of *columns*. Meters are in the order of their numbers, which is seldom that of their MACs."""

    def __init__(self, columns: Sequence[ColumnPages]) -> None:
        kinds = [column.column.kind for column in columns]
        self._by = [kinds.index(kind) for kind in ("mac", "timestamp") if kind in kinds]
        self._columns = _meter_and_time([columns[number] for number in self._by])
        self._begin()

    def _begin(self) -> None:
        self._ascends = self._columns is not None
        self._last: tuple[int, ...] = ()  # the place of the MAC, and the time

    def see_page(self) -> None:
        """Look at the rows of a page before they are taken."""
        if self._columns is None or not self._ascends:
            return
        macs, times = self._columns
        last = np.array(self._last, np.int64).reshape(2, -1)
        places, moments = np.append(last[0], macs.values), np.append(last[1], times.values)
        step = np.diff(places)
        texts = list(macs.texts)
        self._ascends = (
            bool((step >= 0).all()) and bool((np.diff(moments)[step == 0] >= 0).all()) and texts == sorted(texts)
        )
        self._last = int(places[-1]), int(moments[-1])

    def finish(self) -> list[int]:
        """The columns by which the rows since the last call ascend."""
        found = self._by if self._ascends else []
        self._begin()
        return found


def _meter_and_time(columns: Sequence[ColumnPages]) -> tuple[TextPages, ColumnPages] | None:
    """*columns*, when they are both and none of their values is ever missing."""
    match columns:
        case [TextPages() as macs, times] if not (macs.column.nullable or times.column.nullable):
            return macs, times
    return None
