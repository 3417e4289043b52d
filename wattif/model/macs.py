"""MAC addresses: unique over a fleet, and those of any range of meters without the rest of the fleet.

A meter's address is its first draw, unless an earlier meter has that address: then it is its second draw, and so on.
Who has to draw again can only be known by looking at the whole fleet. That is done once, by `redrawn_macs`, with a
Bloom filter; what it finds is short (of a million meters there is one double in a hundred fleets, of ten million
meters about one in each), so a worker gets it along with its work and computes the addresses of its own meters alone.
It need not read `_wattif/meters.parquet` for that: computing an address takes less time than reading one, and work can
begin before the lake has that table, and without a lake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from bloom_filter2 import BloomFilter
from numpy.typing import NDArray

from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, stream_key

RANDOM_BITS = 0xFC_FF_FF_FF_FF_FF  # of an address; the other two say what kind it is

_MAC = int(Stream.MAC)
_LOCAL_UNICAST = 0x02_00_00_00_00_00  # IEEE 802: second bit of the first octet set, first bit clear
# Four probes in a filter eight times as large as they want: 5 false positives in 100,000, and quick to compute.
_FILTER_ROOM, _FILTER_ERROR_RATE = 8, 1 / 16


@kernel
def _draw_mac(seed: int, meter: int, attempt: int, random_bits: int) -> int:
    return (int(draw(stream_key(seed, _MAC, meter), attempt) >> np.uint64(16)) & random_bits) | _LOCAL_UNICAST


@kernel
def _first_draws(seed: int, first: int, random_bits: int, macs: NDArray[np.uint64]) -> None:
    for i in range(macs.shape[0]):
        macs[i] = np.uint64(_draw_mac(seed, first + i, 0, random_bits))


def _probes(bloom: BloomFilter, mac: int) -> Iterator[int]:
    """Double hashing with integers (Kirsch and Mitzenmacher, 2006); the address is random already."""
    bits = bloom.num_bits_m
    step, bit = divmod(mac, bits)
    step = step % bits | 1
    for _ in range(bloom.num_probes_k):
        yield bit
        bit = (bit + step) % bits


def redrawn_macs(seed: int, meters: int, *, random_bits: int = RANDOM_BITS) -> dict[int, int]:
    """Which of the first *meters* meters do not have their first draw as address, and which draw they have, from 1.

    A Bloom filter answers "surely new" for nearly all; only the rest is looked up, and a true double is drawn
    again. So the result does not depend on the filter's size, and a fleet can grow. Time and memory grow with
    *meters*. *random_bits*: the bits of an address that are drawn; fewer make doubles frequent.
    """
    macs = np.empty(meters, np.uint64)
    _first_draws(seed, 0, random_bits, macs)
    seen = BloomFilter(max(meters, 1) * _FILTER_ROOM, _FILTER_ERROR_RATE, probe_bitnoer=_probes)
    redrawn: dict[int, int] = {}
    for meter, first_draw in enumerate(macs.tolist()):
        mac, attempt = first_draw, 0
        while mac in seen and (macs[:meter] == mac).any():
            attempt += 1
            mac = _draw_mac(seed, meter, attempt, random_bits)
        if attempt:
            macs[meter] = mac
            redrawn[meter] = attempt
        seen.add(mac)
    return redrawn


def macs_of(
    seed: int, first: int, count: int, redrawn: Mapping[int, int], *, random_bits: int = RANDOM_BITS
) -> NDArray[np.uint64]:
    """The 48-bit addresses of *count* meters from *first* on: distinct, locally administered, unicast.

    *redrawn*: what `redrawn_macs` found in a fleet that they belong to. Time and memory grow with *count*.
    """
    macs = np.empty(count, np.uint64)
    _first_draws(seed, first, random_bits, macs)
    for meter, attempt in redrawn.items():
        if first <= meter < first + count:
            macs[meter - first] = _draw_mac(seed, meter, attempt, random_bits)
    return macs
