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
        own = [columns[number] for number in self._by]
        self._columns = own if len(own) == 2 and not any(each.column.nullable for each in own) else []
        self._begin()

    def _begin(self) -> None:
        self._ascends = bool(self._columns)
        self._last: tuple[int, ...] = ()  # the place of the MAC, and the time

    def see_page(self) -> None:
        """Look at the rows of a page before they are taken."""
        if not self._ascends:
            return
        macs, times = self._columns
        assert isinstance(macs, TextPages)
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
