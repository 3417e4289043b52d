"""Waiting for the service, by a clock that a test can hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from wattif.errors import WarehouseError

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 20.0
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Clock:
    """What time it is, in seconds of any origin, and how to let it pass."""

    now_s: Callable[[], float]
    sleep: Callable[[float], None]


def wait_until(ask: Callable[[], _Result | None], clock: Clock, limit_s: float, what: str) -> _Result:
    """What *ask* gives once it gives something; `WarehouseError` names *what* has not come within *limit_s*."""
    end_s = clock.now_s() + limit_s
    wait_s = _FIRST_WAIT_S
    while (result := ask()) is None:
        if clock.now_s() >= end_s:
            raise WarehouseError(
                f"{what}: not done after {limit_s / 60:.0f} minutes; it continues in the cloud: check it there,"
                " or ask for 'results' later"
            )
        clock.sleep(wait_s)
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
    return result
