"""The objects that say that a day is complete: where they must be, and where they must not."""

from __future__ import annotations

from collections.abc import Iterator, Set
from concurrent.futures import Executor
from datetime import date

from wattif.answers.reconcile.differences import Difference, difference_of_object
from wattif.lake import layout
from wattif.lake.runs import marked_days
from wattif.uploader.store import Store, StoredObject


class SuccessCheck:
    """Compares them. *complete*: the days of which every batch is committed; *marked*: those that runs marked."""

    def __init__(self, complete: Set[date], marked: Set[date]) -> None:
        self._complete = complete
        self._marked = marked

    @classmethod
    def of(cls, store: Store, complete: Set[date], fetchers: Executor) -> SuccessCheck:
        """The check of *store*; *fetchers* read what its runs say of themselves."""
        return cls(complete, marked_days(store, fetchers))

    def differences(self, day: date, found: StoredObject | None) -> Iterator[Difference]:
        """How *found*, the object of *day* (None: there is none), differs from what must be there."""
        name = layout.success_name(day)
        if found is None:
            if day in self._marked and day in self._complete:
                yield difference_of_object(name, "missing", 0, "the object that says that the day is complete", None)
        elif day not in self._complete:
            yield difference_of_object(name, "extra", 0, None, "says that the day is complete; batches are missing")
        elif found.size:
            yield difference_of_object(name, "altered", 0, "0 bytes", f"{found.size} bytes", column="bytes")
