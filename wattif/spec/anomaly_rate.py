"""How often something goes wrong at meters: a share of them, or so many events in a unit of the calendar."""

from __future__ import annotations

import math
from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

_AT_MOST = {"day": 1, "week": 7, "month": 28, "year": 365}  # by unit of the calendar: one event a day
_FORMS = "a share of the meters such as 0.05, or events per meter in calendar time: 0.05/month, or /day, /week, /year"


@dataclass(frozen=True)
class AnomalyRate:
    """A rate of anomalies. Without *per*, *value* is the share of the meters at which something goes wrong between
    `start` and `end`; with it, the mean number of events of a meter in a day, week, month or year.
    """

    value: float
    per: str | None = None

    @classmethod
    def of(cls, given: object) -> AnomalyRate:
        """What ``0.05`` or ``"0.05/month"`` says; `ValueError` when it is no rate."""
        number, slash, unit = str(given).partition("/")
        per = unit.strip() if slash else None
        if per is not None and per not in _AT_MOST:
            raise ValueError(f"is not a rate; write {_FORMS}")
        try:
            value = float(number)
        except ValueError:
            raise ValueError(f"is not a rate; write {_FORMS}") from None
        most = 1 if per is None else _AT_MOST[per]
        if not 0 <= value <= most:
            shortest = f" of the shortest {per}" if per in ("month", "year") else ""
            raise ValueError(f"must lie between 0 and {most}" + (f"/{per}: one event a day{shortest}" if per else ""))
        return cls(value, per)

    def __str__(self) -> str:
        return repr(self.value) if self.per is None else f"{self.value!r}/{self.per}"

    def in_month(self, month: date) -> float:
        """The mean number of events of a meter in the *month* of a day; only with a unit of the calendar."""
        days = monthrange(month.year, month.month)[1]
        return {
            "day": self.value * days,
            "week": self.value * days / 7,
            "month": self.value,
            "year": self.value * days / (366 if isleap(month.year) else 365),
        }[str(self.per)]

    def parts_of(self, month: date) -> int:
        """Into how many parts of whole days a *month* is cut, so that a meter has one event in each at most."""
        return max(math.ceil(self.in_month(month)), 1)


def _read(given: object) -> object:
    rate = AnomalyRate.of(given)
    return rate.value if rate.per is None else str(rate)


Rate = Annotated[float | str, BeforeValidator(_read)]  # in a spec: the number, or the text with its unit
