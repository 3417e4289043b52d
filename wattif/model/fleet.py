"""The meters: unique MAC addresses, where and of which class they are, how much each uses, what it owns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from bloom_filter2 import BloomFilter
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.model.classes import CLASSES, PROFILES
from wattif.model.grid import city_of
from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key, uniform

_MAC = int(Stream.MAC)
_BASE_ENERGY = int(Stream.BASE_ENERGY)
_CLASS = int(Stream.CLASS)
_PROFILE = int(Stream.PROFILE)
_SOLAR_OWNER = int(Stream.SOLAR_OWNER)
_CAR_OWNER = int(Stream.CAR_OWNER)
_LOCAL_UNICAST = 0x02_00_00_00_00_00  # IEEE 802: second bit of the first octet set, first bit clear
_RANDOM_BITS = 0xFC_FF_FF_FF_FF_FF
# Four probes in a filter eight times as large as they want: 5 false positives in 100,000, and quick to compute.
_FILTER_ROOM, _FILTER_ERROR_RATE = 8, 1 / 16


@dataclass(frozen=True)
class Fleet:
    """N meters; the first ones are the same whatever N is. All arrays have the shape (N,)."""

    macs: NDArray[np.uint64]  # 48-bit addresses
    base_mwh: NDArray[np.int64]  # mean energy a month
    meter_class: NDArray[np.int8]  # index into `wattif.model.classes.CLASSES`
    profile: NDArray[np.int8]  # index into `wattif.model.classes.PROFILES`
    solar: NDArray[np.bool_]  # has panels on its roof
    car: NDArray[np.bool_]  # charges an electric car


@dataclass(frozen=True)
class Ownership:
    """Which share of the homes has what."""

    solar: float = 0.0
    car: float = 0.0


@kernel
def _draw_mac(seed: int, meter: int, attempt: int) -> int:
    return (int(draw(stream_key(seed, _MAC, meter), attempt) >> np.uint64(16)) & _RANDOM_BITS) | _LOCAL_UNICAST


@kernel
def _draw_macs(seed: int, macs: NDArray[np.uint64]) -> None:
    for meter in range(macs.shape[0]):
        macs[meter] = np.uint64(_draw_mac(seed, meter, 0))


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
    for meter in range(city.shape[0]):
        own_city = city[meter]
        own = _pick(seed, _CLASS, meter, class_upto[own_city])
        meter_class[meter] = own
        profile[meter] = first_profile[own] + _pick(seed, _PROFILE, meter, profile_upto[own])
        z = normal(draw(stream_key(seed, _BASE_ENERGY, meter), 0))
        relative = min(exp(spread[own] * z - spread[own] * spread[own] / 2.0), largest_mean[own])
        base_mwh[meter] = int(mean_mwh[own_city, own] * relative)


@kernel
def _draw_owners(seed: int, stream: int, share: float, meter_class: NDArray[np.int8], owns: NDArray[np.bool_]) -> None:
    """Homes own with probability *share*; whoever owns at a smaller share owns at a larger one."""
    for meter in range(owns.shape[0]):
        owns[meter] = meter_class[meter] == 0 and uniform(draw(stream_key(seed, stream, meter), 0)) < share


def _probes(bloom: BloomFilter, mac: int) -> Iterator[int]:
    """Double hashing with integers (Kirsch and Mitzenmacher, 2006); the address is random already."""
    bits = bloom.num_bits_m
    step, bit = divmod(mac, bits)
    step = step % bits | 1
    for _ in range(bloom.num_probes_k):
        yield bit
        bit = (bit + step) % bits


def unique_macs(seed: int, meters: int) -> NDArray[np.uint64]:
    """Draw *meters* distinct, locally administered unicast addresses.

    A Bloom filter answers "surely new" for nearly all; only the rest is looked up, and a true double is drawn
    again. So the result does not depend on the filter's size, and a fleet can grow.
    """
    macs = np.empty(meters, np.uint64)
    _draw_macs(seed, macs)
    seen = BloomFilter(meters * _FILTER_ROOM, _FILTER_ERROR_RATE, probe_bitnoer=_probes)
    for meter, first_draw in enumerate(macs.tolist()):
        mac, attempt = first_draw, 0
        while mac in seen and (macs[:meter] == mac).any():
            attempt += 1
            mac = _draw_mac(seed, meter, attempt)
        macs[meter] = mac
        seen.add(mac)
    return macs


def mac_text(macs: NDArray[np.uint64]) -> NDArray[np.bytes_]:
    """48-bit addresses as text: ``02:1A:7F:00:3B:C9``."""
    return np.array([b":".join(b"%02X" % octet for octet in int(mac).to_bytes(6, "big")) for mac in macs], dtype="S17")


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
    """The first *meters* meters of the cities with this seed.

    *class_mix*: shares of residential, commercial and industrial meters; without it, each city's own.
    """
    most_profiles = max(len(meter_class.profiles) for meter_class in CLASSES)
    mixes = [class_mix or [city.class_mix[meter_class.id] for meter_class in CLASSES] for city in cities]
    meter_class, profile = np.empty(meters, np.int8), np.empty(meters, np.int8)
    base_mwh = np.empty(meters, np.int64)
    _draw_meters(
        seed,
        city_of(np.arange(meters), len(cities)),
        np.array([_cumulative(mix, len(CLASSES)) for mix in mixes]),
        np.array([_cumulative(each.profile_shares, most_profiles) for each in CLASSES]),
        np.array([PROFILES.index(each.profiles[0]) for each in CLASSES]),
        np.array([[city.mean_kwh[each.id] * 1e6 for each in CLASSES] for city in cities]),
        np.array([each.energy.spread for each in CLASSES]),
        np.array([each.energy.largest_mean for each in CLASSES]),
        meter_class,
        profile,
        base_mwh,
    )
    owners = owners or Ownership()
    solar, car = np.empty(meters, np.bool_), np.empty(meters, np.bool_)
    _draw_owners(seed, _SOLAR_OWNER, owners.solar, meter_class, solar)
    _draw_owners(seed, _CAR_OWNER, owners.car, meter_class, car)
    return Fleet(unique_macs(seed, meters), base_mwh, meter_class, profile, solar, car)
