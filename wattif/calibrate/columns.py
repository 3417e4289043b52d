"""Which column of a user's files says what, and in which unit: as told, or guessed from names and sizes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from wattif.errors import InvalidValue, UsageError, choose_from
from wattif.spec.values import CLASS_IDS

Unit = Literal["kWh", "Wh", "kW", "W"]
MOST_KW = 50.0  # of a mean meter: what is larger is no number of kilowatts

_METER = ("mac", "meter", "meter_id", "meterid", "lclid", "household", "household_id", "customer", "customer_id", "id")
_TIME = ("timestamp", "time", "datetime", "date_time", "tstp", "ts", "interval_start", "start", "reading_time")
_VALUE = ("consumption", "energy", "import", "usage", "use", "kwh", "wh", "power", "load", "demand", "value", "reading")
_CLASS = ("class", "meter_class", "customer_class", "class_id", "segment", "sector")
_NO_LOAD = ("export", "reactive", "voltage", "current", "factor", "frequency", "register", "index", "tariff")
_UNITS: dict[str, Unit] = {"kwh": "kWh", "wh": "Wh", "kw": "kW", "w": "W", "watt": "W", "watts": "W"}
_POWER = ("power", "load", "demand")
_CLASS_WORDS = {
    "residential": ("residential", "home", "homes", "household", "domestic", "house", "flat"),
    "commercial": ("commercial", "business", "shop", "office", "sme", "retail"),
    "industrial": ("industrial", "industry", "factory", "manufacturing"),
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the user says of the files; None is guessed."""

    meter_column: str | None = None
    time_column: str | None = None
    value_column: str | None = None
    class_column: str | None = None
    unit: Unit | None = None
    time_format: str | None = None  # of text, as strftime has it
    ends: bool = False  # timestamps are the ends of their intervals
    utc: bool = False  # timestamps that name no zone are UTC


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns that are read, and which of them were guessed."""

    meter: str
    time: str
    value: str
    meter_class: str | None
    guesses: tuple[str, ...]


def words_of(name: str) -> list[str]:
    """The words of a column's name, in small letters."""
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]


def choose_columns(names: Sequence[str], asked: Asked, place: str) -> Columns:
    """The columns of the files at *place*, whose names these are; `UsageError` when one cannot be told."""
    guesses: list[str] = []
    found: dict[str, str | None] = {}
    for field, known in (
        ("meter_column", _METER),
        ("time_column", _TIME),
        ("value_column", ()),
        ("class_column", _CLASS),
    ):
        told = getattr(asked, field)
        if told is not None:
            if told not in names:
                raise InvalidValue(field, told, f"{place} has no such column{choose_from(told, names)}")
            found[field] = told
            continue
        free = [name for name in names if name not in found.values()]
        guess = _value_column(free) if field == "value_column" else _named(free, known)
        if guess is None and field != "class_column":
            raise UsageError(
                f"{place}: which column holds the {_MEANINGS[field]}? Name it with `{field}`"
                f"; there are {', '.join(names)}"
            )
        if guess is not None:
            guesses.append(f"{_MEANINGS[field]}: column {guess}")
        found[field] = guess
    return Columns(
        meter=str(found["meter_column"]),
        time=str(found["time_column"]),
        value=str(found["value_column"]),
        meter_class=found["class_column"],
        guesses=tuple(guesses),
    )


_MEANINGS = {
    "meter_column": "meter",
    "time_column": "timestamp",
    "value_column": "energy or power",
    "class_column": "class of customers",
}


def _named(names: Sequence[str], known: Sequence[str]) -> str | None:
    by_words = {"_".join(words_of(name)): name for name in reversed(names)}
    return next((by_words[each] for each in known if each in by_words), None)


def _value_column(names: Sequence[str]) -> str | None:
    """The first that looks like energy, or else like power."""
    likely = [name for name in names if not set(words_of(name)) & set(_NO_LOAD)]
    for word in _VALUE:
        for name in likely:
            if any(each == word or (each.startswith(word) and len(word) > 3) for each in words_of(name)):
                return name
    return None


def unit_of(column: str, mean: float, interval_s: int) -> tuple[Unit, str]:
    """The unit of *column*, whose values have this *mean*, and what the guess rests on."""
    words = words_of(column)
    for word in words:
        if word in _UNITS:
            return _UNITS[word], "by its name"
    if set(words) & set(_POWER):
        return ("kW" if mean < MOST_KW else "W"), f"by its mean of {mean:,.3g}"
    return ("kWh" if mean * 3600 / interval_s < MOST_KW else "Wh"), f"by its mean of {mean:,.3g}"


def to_wh(unit: Unit, interval_s: int) -> float:
    """What a value is to be multiplied by to give Wh."""
    scale = 1000.0 if unit.startswith("k") else 1.0
    return scale if unit.endswith("h") else scale * interval_s / 3600.0


def class_number(word: str, column: str) -> int:
    """The class that a *word* of the class column means; `InvalidValue` when it means none."""
    for number, class_id in enumerate(CLASS_IDS):
        if set(words_of(word)) & set(_CLASS_WORDS[class_id]):
            return number
    raise InvalidValue(
        "class_column", column, f"holds {word!r}, which is no class; write {', '.join(CLASS_IDS)}, or name another"
    )
