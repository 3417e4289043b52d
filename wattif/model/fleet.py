"""The meters: unique MAC addresses, where and of which class they are, how much each uses, what it owns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.model.classes import CLASSES, PROFILES, energy_of
from wattif.model.macs import macs_of, redrawn_in
from wattif.model.network import Network
from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key, uniform

_BASE_ENERGY = int(Stream.BASE_ENERGY)
_CLASS = int(Stream.CLASS)
_PROFILE = int(Stream.PROFILE)
_SOLAR_OWNER = int(Stream.SOLAR_OWNER)
_CAR_OWNER = int(Stream.CAR_OWNER)
_DRAWN_AT_ONCE = 64  # meters


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


_MOST_PROFILES = max(len(each.profiles) for each in CLASSES)
_PROFILE_UPTO = np.array([_cumulative(each.profile_shares, _MOST_PROFILES) for each in CLASSES])
_FIRST_PROFILE = np.array([PROFILES.index(each.profiles[0]) for each in CLASSES])
_LARGEST_MEAN = np.array([each.energy.largest_mean for each in CLASSES])


class _Drawn(NamedTuple):
    """What is drawn for each meter: arrays of shape (meters,)."""

    macs: NDArray[np.uint64]
    base_mwh: NDArray[np.int64]
    meter_class: NDArray[np.int8]
    profile: NDArray[np.int8]
    solar: NDArray[np.bool_]
    car: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class _Draws:
    """Draws the meters of any range; all of a fleet share it."""

    seed: int
    network: Network
    owners: Ownership
    redrawn: Mapping[int, int]  # see `wattif.model.macs`
    class_upto: NDArray[np.float64]  # cumulative shares, (cities, classes)
    mean_mwh: NDArray[np.float64]  # (cities, classes)
    spread: NDArray[np.float64]  # (cities, classes)

    def of(self, numbers: range) -> _Drawn:
        """The meters *numbers*: time and memory grow with the range."""
        first, meters = numbers.start, len(numbers)
        meter_class, profile = np.empty(meters, np.int8), np.empty(meters, np.int8)
        base_mwh = np.empty(meters, np.int64)
        solar, car = np.empty(meters, np.bool_), np.empty(meters, np.bool_)
        _draw_meters(
            self.seed,
            first,
            self.network.cities_of(first, meters),
            self.class_upto,
            _PROFILE_UPTO,
            _FIRST_PROFILE,
            self.mean_mwh,
            self.spread,
            _LARGEST_MEAN,
            meter_class,
            profile,
            base_mwh,
        )
        _draw_owners(self.seed, _SOLAR_OWNER, first, self.owners.solar, meter_class, solar)
        _draw_owners(self.seed, _CAR_OWNER, first, self.owners.car, meter_class, car)
        return _Drawn(
            macs=macs_of(self.seed, first, meters, self.redrawn),
            base_mwh=base_mwh,
            meter_class=meter_class,
            profile=profile,
            solar=solar,
            car=car,
        )


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Meters, the same in every fleet that they belong to.

    They are drawn when they are asked for. The arrays have the shape (meters,) and stay: who needs a few meters of
    very many asks for these as `part`.
    """

    ranges: tuple[range, ...]  # their numbers, ascending
    draws: _Draws

    def __len__(self) -> int:
        return sum(map(len, self.ranges))

    @property
    def redrawn(self) -> Mapping[int, int]:
        """See `wattif.model.macs`."""
        return self.draws.redrawn

    @property
    def owners(self) -> Ownership:
        """Which share of the homes has what."""
        return self.draws.owners

    @property
    def macs(self) -> NDArray[np.uint64]:
        """48-bit addresses."""
        return self._drawn.macs

    @property
    def base_mwh(self) -> NDArray[np.int64]:
        """Mean energy per month."""
        return self._drawn.base_mwh

    @property
    def meter_class(self) -> NDArray[np.int8]:
        """Index into `wattif.model.classes.CLASSES`."""
        return self._drawn.meter_class

    @property
    def profile(self) -> NDArray[np.int8]:
        """Index into `wattif.model.classes.PROFILES`."""
        return self._drawn.profile

    @property
    def solar(self) -> NDArray[np.bool_]:
        """Has panels on its roof."""
        return self._drawn.solar

    @property
    def car(self) -> NDArray[np.bool_]:
        """Charges an electric car."""
        return self._drawn.car

    @cached_property
    def _drawn(self) -> _Drawn:
        if len(self.ranges) == 1:
            return self.draws.of(self.ranges[0])
        return _Drawn(*map(np.concatenate, zip(*map(self.draws.of, self.ranges), strict=True)))

    def part(self, first: int, count: int) -> Fleet:
        """*count* meters from number *first* on, by themselves; `IndexError` if they are not all here."""
        self.slice_of(first, count)
        return Fleet(ranges=(range(first, first + count),), draws=self.draws)

    def around(self, first: int, count: int) -> Fleet:
        """The same, and some meters after them as far as they are here: whoever asks for these next has them."""
        end = self.ranges[self._place_of(first)].stop
        return self.part(first, max(min(_DRAWN_AT_ONCE, end - first), count))

    def has(self, first: int, count: int) -> bool:
        """Whether *count* meters from number *first* on are all here."""
        place = self._place_of(first)
        return place >= 0 and first + count <= self.ranges[place].stop

    def slice_of(self, first: int, count: int) -> slice:
        """Where in the arrays *count* meters from number *first* on are; `IndexError` if they are not all here."""
        if not self.has(first, count):
            raise IndexError(f"meters {first} to {first + count - 1} are not among the fleet's {len(self)}")
        place = self._place_of(first)
        start = self._starts[place] + first - self.ranges[place].start
        return slice(start, start + count)

    def _place_of(self, meter: int) -> int:
        """The last range that begins with *meter* or before; -1 if none does."""
        return bisect_right(self.ranges, meter, key=lambda each: each.start) - 1

    @cached_property
    def _starts(self) -> list[int]:
        """Where in the arrays each range begins."""
        return [0, *accumulate(map(len, self.ranges))]


def make_fleet(
    seed: int,
    meters: int,
    cities: Sequence[City],
    class_mix: Sequence[float] | None = None,
    owners: Ownership | None = None,
) -> Fleet:
    """The first *meters* meters of the cities with this seed; to find out whose addresses are unique takes time that
    grows with their number.

    *class_mix*: shares of residential, commercial and industrial meters; without it, each city's own.
    """
    redrawn = redrawn_in(seed, meters)
    return fleet_of_ranges(seed, [range(meters)], cities, class_mix=class_mix, owners=owners, redrawn=redrawn)


def fleet_of_ranges(
    seed: int,
    ranges: Sequence[range],
    cities: Sequence[City],
    *,
    class_mix: Sequence[float] | None = None,
    owners: Ownership | None = None,
    redrawn: Mapping[int, int],
) -> Fleet:
    """The meters of *ranges* (ascending) alone, as `make_fleet` makes them.

    *redrawn*: the `redrawn` of the whole fleet, see `wattif.model.macs`; all else of a meter is its own.
    """
    mixes = [class_mix or [city.class_mix[meter_class.id] for meter_class in CLASSES] for city in cities]
    draws = _Draws(
        seed=seed,
        network=Network.of(seed, cities, class_mix),
        owners=owners or Ownership(),
        redrawn=redrawn,
        class_upto=np.array([_cumulative(mix, len(CLASSES)) for mix in mixes]),
        mean_mwh=np.array([[city.mean_kwh[each.id] * 1e6 for each in CLASSES] for city in cities]),
        spread=np.array([[energy_of(each, city).spread for each in CLASSES] for city in cities]),
    )
    return Fleet(ranges=tuple(ranges), draws=draws)
