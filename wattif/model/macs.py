"""MAC addresses: unique over a fleet, and those of any range of meters without the rest of the fleet.

A meter's address is its first draw, unless an earlier meter has that address: then it is its second draw, and so on.
Who has to draw again can only be known by looking at the whole fleet. That is done once: in a small fleet by
`redrawn_macs`, with a Bloom filter, else by `redrawn_before`. What they find is short (of a million meters there is one
double in a hundred fleets, of ten million meters about one in each), so a worker gets it along with its work and
computes the addresses of its own meters alone.
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
_SORTED_AT_ONCE = 1 << 24  # addresses, of which four bytes each
_BUCKETS, _KEY_BITS = 1 << 8, 0x00_FF_FF_FF_FF_FF  # eight bits of an address say its bucket, 32 are sorted in it
_FILTERED = 20_000  # meters; beyond, compiled code finds the same
_FEW = 1 << 12


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
def _bucket_of(mac: int) -> int:
    return (mac >> 32) & (_BUCKETS - 1)


@kernel
def _count_first_draws(seed: int, meters: int, random_bits: int, counts: NDArray[np.int64]) -> None:
    """How many first draws fall to each bucket."""
    for meter in range(meters):
        counts[_bucket_of(_draw_mac(seed, meter, 0, random_bits))] += 1


@kernel
def _sort_first_draws(
    seed: int, meters: int, random_bits: int, first: int, places: NDArray[np.int64], found: NDArray[np.uint32]
) -> None:
    """The lower half of the first draws, bucket after bucket from *first* on; *places*: where each begins, changed."""
    for meter in range(meters):
        mac = _draw_mac(seed, meter, 0, random_bits)
        bucket = _bucket_of(mac) - first
        if 0 <= bucket < places.shape[0]:
            found[places[bucket]] = np.uint32(mac & 0xFF_FF_FF_FF)
            places[bucket] += 1


@kernel
def _meters_drawing(
    seed: int,
    meters: int,
    random_bits: int,
    wanted: NDArray[np.int64],
    perhaps: NDArray[np.bool_],
    found: NDArray[np.int64],
) -> int:
    """*perhaps*: whether one of *wanted* (sorted) ends with these bits; a search for each draw would take ten times."""
    count, last_bits = 0, perhaps.shape[0] - 1
    for meter in range(meters):
        mac = _draw_mac(seed, meter, 0, random_bits)
        if perhaps[mac & last_bits]:
            place = np.searchsorted(wanted, mac)
            if place < wanted.shape[0] and wanted[place] == mac:
                if count < found.shape[0]:
                    found[count] = meter
                count += 1
    return count


def _first_draws_twice(seed: int, meters: int, random_bits: int) -> NDArray[np.int64]:
    """The bits `_KEY_BITS` of the addresses that are the first draw of several meters, sorted.

    Buckets fit into the processor's cache, and as many of them are in memory as `_SORTED_AT_ONCE` allows.
    """
    counts = np.zeros(_BUCKETS, np.int64)
    _count_first_draws(seed, meters, random_bits, counts)
    twice = [np.zeros(0, np.int64)]
    first = 0
    while first < _BUCKETS:
        upto = np.cumsum(counts[first:])
        some = max(int(np.searchsorted(upto, _SORTED_AT_ONCE, side="right")), 1)
        starts = upto[:some] - counts[first : first + some]
        found = np.empty(int(upto[some - 1]), np.uint32)
        _sort_first_draws(seed, meters, random_bits, first, starts.copy(), found)
        for bucket, start, end in zip(range(first, first + some), starts.tolist(), upto.tolist(), strict=False):
            own = found[start:end]
            own.sort()
            twice.append(np.unique(own[1:][own[1:] == own[:-1]]).astype(np.int64) | bucket << 32)
        first += some
    return np.concatenate(twice) | _LOCAL_UNICAST


def _drawing(seed: int, meters: int, random_bits: int, wanted: NDArray[np.int64]) -> list[int]:
    """The meters whose first draw is one of *wanted* (sorted), in order."""
    if not len(wanted):
        return []
    perhaps = np.zeros(1 << 16, np.bool_)
    perhaps[wanted & 0xFFFF] = True
    found = np.empty(_FEW, np.int64)
    count = _meters_drawing(seed, meters, random_bits, wanted, perhaps, found)
    if count > len(found):
        found = np.empty(count, np.int64)
        _meters_drawing(seed, meters, random_bits, wanted, perhaps, found)
    meters_drawing: list[int] = found[:count].tolist()
    return meters_drawing


def redrawn_before(seed: int, meters: int, *, random_bits: int = RANDOM_BITS) -> dict[int, int]:
    """What `redrawn_macs` finds, in memory that does not grow with *meters*.

    Addresses of later meters do not matter to a meter, so for a few meters the fleet up to the last of them is enough.
    First draws are sorted bucket by bucket, and doubles lie side by side. That is compiled code, some tens of
    nanoseconds a meter; the filter, which is asked address by address, takes a hundred times as long.
    """
    first_drawer: dict[int, int] = {}
    waiting: list[int] = []
    twice = _first_draws_twice(seed, meters, random_bits)
    for meter in _drawing(seed, meters, random_bits & _KEY_BITS, twice):
        if first_drawer.setdefault(_draw_mac(seed, meter, 0, random_bits), meter) != meter:
            waiting.append(meter)
    drawing: dict[int, list[int]] = {}  # meters, ascending, by their first draw
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
            if mac not in drawing:  # whoever waits will ask the same: one look at the fleet for all
                wanted = {mac, *(_draw_mac(seed, each, attempt, random_bits) for each in waiting)} - drawing.keys()
                drawing.update((each, []) for each in wanted)
                for each in _drawing(seed, meters, random_bits, np.array(sorted(wanted))):
                    drawing[_draw_mac(seed, each, 0, random_bits)].append(each)
            # whoever draws it first has it, or found that an earlier one has it
            free = mac not in taken and not (drawing[mac] and drawing[mac][0] < meter)
        redrawn[meter] = attempt
        taken.add(mac)
        for other in drawing[mac]:
            if other > meter:
                heappush(waiting, other)
    return redrawn


def redrawn_in(seed: int, meters: int) -> dict[int, int]:
    """What `redrawn_macs` finds, by whichever way is quick for a fleet of that size."""
    return redrawn_macs(seed, meters) if meters <= _FILTERED else redrawn_before(seed, meters)


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
