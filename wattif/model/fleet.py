"""The meters: unique MAC addresses, where and of which class they are, how much each uses, what it owns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.model.classes import CLASSES, PROFILES, energy_of
from wattif.model.macs import macs_of, redrawn_macs
from wattif.model.network import Network
from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key, uniform

_BASE_ENERGY = int(Stream.BASE_ENERGY)
_CLASS = int(Stream.CLASS)
_PROFILE = int(Stream.PROFILE)
_SOLAR_OWNER = int(Stream.SOLAR_OWNER)
_CAR_OWNER = int(Stream.CAR_OWNER)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Meters, the same in every fleet that they belong to. All arrays have the shape (meters,)."""

    ranges: tuple[range, ...]  # their numbers, ascending
    macs: NDArray[np.uint64]  # 48-bit addresses
    base_mwh: NDArray[np.int64]  # mean energy per month
    meter_class: NDArray[np.int8]  # index into `wattif.model.classes.CLASSES`
    profile: NDArray[np.int8]  # index into `wattif.model.classes.PROFILES`
    solar: NDArray[np.bool_]  # has panels on its roof
    car: NDArray[np.bool_]  # charges an electric car
    redrawn: Mapping[int, int] = field(default_factory=dict)  # see `wattif.model.macs`

    def slice_of(self, first: int, count: int) -> slice:
        """Where in the arrays *count* meters from number *first* on are; `IndexError` if they are not all here."""
        place = bisect_right(self.ranges, first, key=lambda each: each.start) - 1
        if place < 0 or first + count > self.ranges[place].stop:
            raise IndexError(f"meters {first} to {first + count - 1} are not among the fleet's {len(self.macs)}")
        start = self._starts[place] + first - self.ranges[place].start
        return slice(start, start + count)

    @cached_property
    def _starts(self) -> list[int]:
        """Where in the arrays each range begins."""
        return [0, *accumulate(map(len, self.ranges))]


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """Which share of the homes has what."""

    solar: float = 0.0
    car: float = 0.0


@kernel
def _pick(seed: int, stream: int, meter: int, upto: NDArray[np.float64]) -> int:
    """One of the choices whose cumulative shares are *upto*."""
    u = uniform(draw(stream_key(seed, stream, meter), 0))
    choice = 0
    while choice < upto.shape[0] - 1 and u >= upto[choice]:
        choice += 1
    return choice


@kernel
def _draw_meters(
    seed: int,
    first: int,
    city: NDArray[np.int64],
    class_upto: NDArray[np.float64],
    profile_upto: NDArray[np.float64],
    first_profile: NDArray[np.int64],
    mean_mwh: NDArray[np.float64],
    spread: NDArray[np.float64],
    largest_mean: NDArray[np.float64],
    meter_class: NDArray[np.int8],
    profile: NDArray[np.int8],
    base_mwh: NDArray[np.int64],
) -> None:
    """Draw each meter's class, profile and mean: lognormal around its city's class mean."""
    for i in range(city.shape[0]):
        meter = first + i
        own_city = city[i]
        own = _pick(seed, _CLASS, meter, class_upto[own_city])
        meter_class[i] = own
        profile[i] = first_profile[own] + _pick(seed, _PROFILE, meter, profile_upto[own])
        z = normal(draw(stream_key(seed, _BASE_ENERGY, meter), 0))
        own_spread = spread[own_city, own]
        relative = min(exp(own_spread * z - own_spread * own_spread / 2.0), largest_mean[own])
        base_mwh[i] = int(mean_mwh[own_city, own] * relative)


@kernel
def _draw_owners(
    seed: int, stream: int, first: int, share: float, meter_class: NDArray[np.int8], owns: NDArray[np.bool_]
) -> None:
    """Homes own with probability *share*; whoever owns at a smaller share owns at a larger one."""
    for i in range(owns.shape[0]):
        owns[i] = meter_class[i] == 0 and uniform(draw(stream_key(seed, stream, first + i), 0)) < share


_HEX_DIGITS = np.frombuffer(b"0123456789ABCDEF", np.uint8)


def mac_text(macs: NDArray[np.uint64]) -> NDArray[np.bytes_]:
    """48-bit addresses as text: ``02:1A:7F:00:3B:C9``."""
    octets = macs.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
    text = np.full((len(macs), 6, 3), ord(":"), np.uint8)
    text[:, :, 0], text[:, :, 1] = _HEX_DIGITS[octets >> 4], _HEX_DIGITS[octets & 0xF]
    return np.ascontiguousarray(text.reshape(-1, 18)[:, :17]).view("S17").reshape(-1)


def _cumulative(shares: Sequence[float], length: int) -> list[float]:
    """Running sums from left to right, filled up with ones."""
    sums: list[float] = []
    for share in shares:
        sums.append((sums[-1] if sums else 0.0) + share)
    return sums + [1.0] * (length - len(sums))


def make_fleet(
    seed: int,
    meters: int,
    cities: Sequence[City],
    class_mix: Sequence[float] | None = None,
    owners: Ownership | None = None,
) -> Fleet:
    """The first *meters* meters of the cities with this seed: time and memory grow with their number.

    *class_mix*: shares of residential, commercial and industrial meters; without it, each city's own.
    """
    numbers = range(meters)
    redrawn = redrawn_macs(seed, meters)
    return fleet_of_range(seed, numbers, cities, class_mix=class_mix, owners=owners, redrawn=redrawn)


def fleet_of_range(
    seed: int,
    numbers: range,
    cities: Sequence[City],
    *,
    class_mix: Sequence[float] | None = None,
    owners: Ownership | None = None,
    redrawn: Mapping[int, int],
) -> Fleet:
    """The meters *numbers* (consecutive) alone, as `make_fleet` makes them: time and memory grow with the range.

    *redrawn*: the `redrawn` of the whole fleet, see `wattif.model.macs`; all else of a meter is its own.
    """
    first, meters = numbers.start, len(numbers)
    most_profiles = max(len(meter_class.profiles) for meter_class in CLASSES)
    mixes = [class_mix or [city.class_mix[meter_class.id] for meter_class in CLASSES] for city in cities]
    meter_class, profile = np.empty(meters, np.int8), np.empty(meters, np.int8)
    base_mwh = np.empty(meters, np.int64)
    _draw_meters(
        seed,
        first,
        Network.of(seed, cities, class_mix).cities_of(first, meters),
        np.array([_cumulative(mix, len(CLASSES)) for mix in mixes]),
        np.array([_cumulative(each.profile_shares, most_profiles) for each in CLASSES]),
        np.array([PROFILES.index(each.profiles[0]) for each in CLASSES]),
        np.array([[city.mean_kwh[each.id] * 1e6 for each in CLASSES] for city in cities]),
        np.array([[energy_of(each, city).spread for each in CLASSES] for city in cities]),
        np.array([each.energy.largest_mean for each in CLASSES]),
        meter_class,
        profile,
        base_mwh,
    )
    owners = owners or Ownership()
    solar, car = np.empty(meters, np.bool_), np.empty(meters, np.bool_)
    _draw_owners(seed, _SOLAR_OWNER, first, owners.solar, meter_class, solar)
    _draw_owners(seed, _CAR_OWNER, first, owners.car, meter_class, car)
    return Fleet(
        ranges=(numbers,),
        macs=macs_of(seed, first, meters, redrawn),
        base_mwh=base_mwh,
        meter_class=meter_class,
        profile=profile,
        solar=solar,
        car=car,
        redrawn=redrawn,
    )


def joined(fleets: Sequence[Fleet]) -> Fleet:
    """The meters of all *fleets*, whose ranges ascend and belong to one fleet."""
    return Fleet(
        ranges=tuple(each for fleet in fleets for each in fleet.ranges),
        macs=np.concatenate([fleet.macs for fleet in fleets]),
        base_mwh=np.concatenate([fleet.base_mwh for fleet in fleets]),
        meter_class=np.concatenate([fleet.meter_class for fleet in fleets]),
        profile=np.concatenate([fleet.profile for fleet in fleets]),
        solar=np.concatenate([fleet.solar for fleet in fleets]),
        car=np.concatenate([fleet.car for fleet in fleets]),
        redrawn=fleets[0].redrawn,
    )
