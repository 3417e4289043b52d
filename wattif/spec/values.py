"""Values of specs: how they are read, and what is wrong with those that cannot be read."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from wattif.errors import InvalidValue

ClassId = Literal["residential", "commercial", "industrial"]
CLASS_IDS: tuple[str, ...] = get_args(ClassId)
FIRST_DAY, LAST_DAY = date(1971, 1, 1), date(2199, 12, 31)
_SHARES_SUM_TO_1 = 1e-6


def _read_day(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        raise ValueError("not a date; write it as YYYY-MM-DD")
    return value


def _within_bounds(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"must lie between {FIRST_DAY} and {LAST_DAY}")
    return day


def _join(value: object) -> object:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value


def _divides_an_hour(interval_s: int) -> int:
    if 3600 % interval_s:
        nearest = min((n for n in range(1, 3601) if 3600 % n == 0), key=lambda n: abs(n - interval_s))
        raise ValueError(f"does not divide an hour; the nearest that does is {nearest}")
    return interval_s


def split_names(text: str) -> list[str]:
    """The names in *text*, which commas separate."""
    return [name.strip() for name in text.split(",") if name.strip()]


def read_class_mix(text: str) -> tuple[float, float, float]:
    """*text* as the shares of residential, commercial and industrial meters; `InvalidValue` when it is no such."""
    shares = dict.fromkeys(CLASS_IDS, 0.0)
    for part in text.split(","):
        name, _, share = part.partition("=")
        try:
            shares[name.strip()] = float(share) if name.strip() in shares else math.nan
        except ValueError:
            shares[name.strip()] = math.nan
    residential, commercial, industrial = (shares[name] for name in CLASS_IDS)
    if not (min(shares.values()) >= 0 and abs(math.fsum(shares.values()) - 1) < _SHARES_SUM_TO_1):
        raise InvalidValue(
            "class_mix",
            text,
            f"must be shares of {', '.join(CLASS_IDS)} that sum to 1,"
            " for example residential=0.85,commercial=0.12,industrial=0.03",
        )
    return residential, commercial, industrial


def _class_mix(text: str) -> str:
    read_class_mix(text)
    return text


ClassMix = Annotated[str, AfterValidator(_class_mix)]
Day = Annotated[date, BeforeValidator(_read_day), AfterValidator(_within_bounds)]
Interval = Annotated[int, Field(ge=1, le=3600), AfterValidator(_divides_an_hour)]  # seconds
Names = Annotated[str, BeforeValidator(_join)]
