"""When the files of a batch land: plans of arrival, built in or out of a TOML file.

Times of a plan are those of the data: seconds since 1970-01-01 UTC, without leap seconds. At what moment of the wall
clock such a time comes is the affair of `wattif.engine.schedule`.
"""

from __future__ import annotations

import math
import re
import tomllib
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError, model_validator

from wattif.errors import InvalidValue, did_you_mean
from wattif.numeric.calendar import DAY_S, day_number
from wattif.numeric.streams import Stream, draw, stream_key, uniform

REALTIME = "realtime"
_UNITS_S = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_SPEED = re.compile(r"x(\d+(?:\.\d*)?|\.\d+)")
_MOST_S = 3660 * DAY_S  # ten years: what is longer is a slip of the pen


def _seconds(value: object) -> object:
    """``"1h30m"`` in seconds."""
    if not isinstance(value, str):
        raise ValueError('write a duration in quotes with its unit, such as "15m", "24h" or "1h30m"')
    if _DURATION.fullmatch(value) is None:
        raise ValueError('is not a duration such as "15m", "24h" or "1h30m"; units are d, h, m and s')
    return sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(value))


def _moment(value: object) -> object:
    """A TOML date or time of day, in UTC where it names no zone."""
    if isinstance(value, str):  # of a plan in one line
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    raise ValueError("is not a time such as 2024-01-02T06:00:00Z")


Duration = Annotated[
    float, BeforeValidator(_seconds), Field(ge=0, le=_MOST_S), PlainSerializer(lambda seconds: f"{seconds:.6f}s")
]
Interval = Annotated[Duration, Field(gt=0)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Share = Annotated[float, Field(gt=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Rule(_Part):
    """How a share of the batches lands after the day that they hold has ended."""

    share: Share | None = None  # None: all that other rules leave
    delay: Duration = 0.0
    spread: Duration = 0.0  # over so long the batches of a day follow one another
    jitter: Duration = 0.0  # a random time below this, another one each day
    every: Interval | None = None  # then they wait for the next push: multiples of this since 00:00 UTC


class Outage(_Part):
    """Nothing of a share of the batches lands between two times; all of it does at the end."""

    share: Share = 1.0
    begin: Moment = Field(alias="from")
    end: Moment = Field(alias="to")

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.end <= self.begin:
            raise ValueError("`to` is not later than `from`")
        return self


class ArrivalPlan(_Part):
    """Rules for when batches land."""

    speed: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0  # seconds of the data in one of the wall clock
    origin: Moment | None = None  # the time of the data at which the run begins; None: when its first day has ended
    arrive: Annotated[tuple[Rule, ...], Field(min_length=1)] = (Rule(),)
    outage: tuple[Outage, ...] = ()

    @model_validator(mode="after")
    def _shares_make_one(self) -> Self:
        rests = sum(rule.share is None for rule in self.arrive)
        given = math.fsum(rule.share or 0.0 for rule in self.arrive)
        if rests > 1:
            raise ValueError("two [[arrive]] have no share; give one to all but the last of them")
        if given > 1 + 1e-9 or (rests == 0 and given < 1 - 1e-9):
            raise ValueError(f"the shares of [[arrive]] add up to {given:.6g}, not to 1; one of them may leave its out")
        return self

    def lands_at(self, seed: int, day: date, index: int, batches_per_day: int) -> float:
        """When batch *index* of *day* lands, never before the day has ended. A pure function.

        Which rule and which outages a batch falls under follows from its index: the same meters on all days.
        """
        rule = self.arrive[0] if len(self.arrive) == 1 else self._rule(_chance(seed, index, 0))
        ended = (day_number(day) + 1) * DAY_S
        at = ended + rule.delay + rule.spread * index / batches_per_day
        if rule.jitter:
            at += rule.jitter * _chance(seed, index, 1 + day_number(day))
        if rule.every is not None:
            at = math.ceil(at / rule.every) * rule.every
        for number, outage in enumerate(self.outage, 1):
            hit = outage.share == 1 or _chance(seed, index, -number) < outage.share
            if hit and outage.begin.timestamp() <= at < outage.end.timestamp():
                at = outage.end.timestamp()
        return at

    def _rule(self, chance: float) -> Rule:
        """The rule of a batch that drew *chance*; the one without a share takes what the others leave."""
        shared = [rule for rule in self.arrive if rule.share is not None]
        for rule in shared:
            if chance < (rule.share or 0.0):
                return rule
            chance -= rule.share or 0.0
        return next((rule for rule in self.arrive if rule.share is None), shared[-1])

    def starts_at(self, start: date) -> datetime:
        """What time of the data it is when a run of a dataset that begins at *start* begins."""
        return self.origin or datetime(start.year, start.month, start.day, tzinfo=UTC) + timedelta(days=1)

    def as_text(self) -> str:
        """All of it in one line, which `plan_of` reads."""
        return self.model_dump_json(by_alias=True, exclude_defaults=True)


def _chance(seed: int, index: int, counter: int) -> float:
    """A uniform number in [0, 1) of the batches with that *index*."""
    key = np.uint64(stream_key(seed, int(Stream.ARRIVAL), index))
    return float(uniform(np.uint64(draw(key, counter))))


def _built_in(speed: float) -> ArrivalPlan:
    """Meters are asked in turn, all day; what was read lands every 15 minutes."""
    steady = Rule.model_validate({"delay": "15m", "spread": "24h", "every": "15m"})
    return ArrivalPlan(speed=speed, arrive=(steady,))


def plan_of(asked: str) -> ArrivalPlan:
    """The plan that *asked* names: ``realtime``, ``x60``, a TOML file, or a plan's own `ArrivalPlan.as_text`.

    `InvalidValue` names the key of the file that is wrong.
    """
    if asked == REALTIME:
        return _built_in(1.0)
    if asked.startswith("{"):
        return ArrivalPlan.model_validate_json(asked)
    if (match := _SPEED.fullmatch(asked)) is not None:
        if not 0 < float(match[1]) < math.inf:
            raise InvalidValue("arrive", asked, "a speed is a positive number, for example x60")
        return _built_in(float(match[1]))
    return _plan_in(Path(asked))


def _plan_in(file: Path) -> ArrivalPlan:
    try:
        return ArrivalPlan.model_validate(tomllib.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        way_out = f"is no file; choose from {REALTIME}, a speed such as x60, and a TOML file"
        raise InvalidValue("arrive", str(file), f"{way_out}{did_you_mean(str(file), [REALTIME])}") from None
    except OSError as error:
        raise InvalidValue("arrive", str(file), f"cannot be read ({error.strerror})") from None
    except ValidationError as error:
        raise InvalidValue("arrive", str(file), _complaint(error)) from None
    except ValueError as error:  # of tomllib, or of a text that is not UTF-8
        raise InvalidValue("arrive", str(file), f"is not TOML ({error}); durations need quotes") from None


def _complaint(error: ValidationError) -> str:
    """The first thing that is wrong, with its key and value."""
    first = error.errors()[0]
    place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        part: type[_Part] = ArrivalPlan
        if len(first["loc"]) > 1:
            part = Rule if first["loc"][0] == "arrive" else Outage
        known = [field.alias or name for name, field in part.model_fields.items()]
        nearest = did_you_mean(str(first["loc"][-1]), known)
        return f"{place}: unknown key{nearest or '; choose from ' + ', '.join(known)}"
    said = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "missing":
        return f"{place} is missing"
    if isinstance(first["input"], dict):  # of keys together
        return f"{place}: {said}" if place else said
    return f"{place} = {first['input']!r}: {said}"
