"""The meters: unique MAC addresses and how much each one uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from bloom_filter2 import BloomFilter
from numpy.typing import NDArray

from wattif.kernels import kernel
from wattif.kernels.ieee import exp
from wattif.world.cities import City
from wattif.world.classes import MeterClass
from wattif.world.streams import Stream, draw, normal, stream_key

_MAC = int(Stream.MAC)
_BASE_ENERGY = int(Stream.BASE_ENERGY)
_LOCAL_UNICAST = 0x02_00_00_00_00_00  # IEEE 802: second bit of the first octet set, first bit clear
_RANDOM_BITS = 0xFC_FF_FF_FF_FF_FF
# Four probes in a filter eight times as large as they want: 5 false positives in 100,000, and quick to compute.
_FILTER_ROOM, _FILTER_ERROR_RATE = 8, 1 / 16


@dataclass(frozen=True)
class Fleet:
    """N meters; the first ones are the same whatever N is."""

    macs: NDArray[np.uint64]  # (N,), 48-bit addresses
    base_mwh: NDArray[np.int64]  # (N,), mean energy a month


@kernel
def _draw_mac(seed: int, meter: int, attempt: int) -> int:
    return (int(draw(stream_key(seed, _MAC, meter), attempt) >> np.uint64(16)) & _RANDOM_BITS) | _LOCAL_UNICAST


@kernel
def _draw_macs(seed: int, macs: NDArray[np.uint64]) -> None:
    for meter in range(macs.shape[0]):
        macs[meter] = np.uint64(_draw_mac(seed, meter, 0))


@kernel
def _draw_base_energies(seed: int, mean_mwh: float, spread: float, base_mwh: NDArray[np.int64]) -> None:
    """Lognormal around the class mean."""
    for meter in range(base_mwh.shape[0]):
        z = normal(draw(stream_key(seed, _BASE_ENERGY, meter), 0))
        base_mwh[meter] = int(mean_mwh * exp(spread * z - spread * spread / 2.0))


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


def make_fleet(seed: int, meters: int, city: City, meter_class: MeterClass) -> Fleet:
    """The first *meters* meters of the city with this seed."""
    base_mwh = np.empty(meters, np.int64)
    _draw_base_energies(seed, city.mean_kwh[meter_class.id] * 1e6, meter_class.energy.spread, base_mwh)
    return Fleet(unique_macs(seed, meters), base_mwh)
