"""MAC addresses: unique over a fleet, and those of any range of meters without the rest of the fleet.

A meter's address is its first draw, unless an earlier meter has that address: then it is its second draw, and so on.
Who has to draw again can only be known by looking at the whole fleet. That is done once, by `redrawn_macs`, with a
Bloom filter, or for a few meters by `redrawn_before`. What they find is short (of a million meters there is one double
in a hundred fleets, of ten million meters about one in each), so a worker gets it along with its work and computes the
addresses of its own meters alone.
It need not read `_wattif/meters.parquet` for that: computing an address takes less time than reading one, and work can
begin before the lake has that table, and without a lake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from heapq import heappop, heappush

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
_SORTED_AT_ONCE = 1 << 21  # addresses, 8 bytes each
_FEW = 64


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


@kernel
def _first_draws_of_part(
    seed: int, meters: int, random_bits: int, part: int, parts: int, found: NDArray[np.uint64]
) -> int:
    count = 0
    for meter in range(meters):
        mac = _draw_mac(seed, meter, 0, random_bits)
        if mac % parts == part:
            if count < found.shape[0]:
                found[count] = np.uint64(mac)
            count += 1
    return count


@kernel
def _meters_drawing(
    seed: int, meters: int, random_bits: int, wanted: NDArray[np.int64], found: NDArray[np.int64]
) -> int:
    count = 0
    for meter in range(meters):
        mac = _draw_mac(seed, meter, 0, random_bits)
        place = np.searchsorted(wanted, mac)
        if place < wanted.shape[0] and wanted[place] == mac:
            if count < found.shape[0]:
                found[count] = meter
            count += 1
    return count


def _first_draws_twice(seed: int, meters: int, random_bits: int) -> NDArray[np.int64]:
    """The addresses that are the first draw of several meters, sorted."""
    parts = -(-meters // _SORTED_AT_ONCE)
    twice = [np.zeros(0, np.uint64)]
    for part in range(parts):
        found = np.empty(min(meters, 2 * _SORTED_AT_ONCE), np.uint64)
        count = _first_draws_of_part(seed, meters, random_bits, part, parts, found)
        if count > len(found):  # only where few bits are drawn
            found = np.empty(count, np.uint64)
            _first_draws_of_part(seed, meters, random_bits, part, parts, found)
        own = found[:count]
        own.sort()
        twice.append(own[1:][own[1:] == own[:-1]])
    return np.unique(np.concatenate(twice)).astype(np.int64)


def _drawing(seed: int, meters: int, random_bits: int, wanted: NDArray[np.int64]) -> list[int]:
    """The meters whose first draw is one of *wanted* (sorted), in order."""
    found = np.empty(_FEW, np.int64)
    count = _meters_drawing(seed, meters, random_bits, wanted, found)
    if count > len(found):
        found = np.empty(count, np.int64)
        _meters_drawing(seed, meters, random_bits, wanted, found)
    meters_drawing: list[int] = found[:count].tolist()
    return meters_drawing


def redrawn_before(seed: int, meters: int, *, random_bits: int = RANDOM_BITS) -> dict[int, int]:
    """What `redrawn_macs` finds, in memory that does not grow with *meters*.

    Addresses of later meters do not matter to a meter, so for a few meters the fleet up to the last of them is enough.
    Its first draws are sorted, part by part, and doubles lie side by side. That is compiled code, a tenth of a
    microsecond a meter; the filter, which is asked address by address, takes thirty times as long.
    """
    first_drawer: dict[int, int] = {}
    waiting: list[int] = []
    for meter in _drawing(seed, meters, random_bits, _first_draws_twice(seed, meters, random_bits)):
        if first_drawer.setdefault(_draw_mac(seed, meter, 0, random_bits), meter) != meter:
            waiting.append(meter)
    redrawn: dict[int, int] = {}
    taken: set[int] = set()  # by second draws and later ones
    while waiting:
        meter = heappop(waiting)
        if meter in redrawn:
            continue
        attempt, free = 0, False
        while not free:
            attempt += 1
            mac = _draw_mac(seed, meter, attempt, random_bits)
            drawing = _drawing(seed, meters, random_bits, np.array([mac]))
            # whoever draws it first has it, or found that an earlier one has it
            free = mac not in taken and not (drawing and drawing[0] < meter)
        redrawn[meter] = attempt
        taken.add(mac)
        for other in drawing:
            if other > meter:
                heappush(waiting, other)
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
