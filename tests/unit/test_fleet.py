"""Unique addresses, and meters of a range that are those of the whole fleet, at the cost of the range."""

from __future__ import annotations

import tracemalloc
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattif.model import fleet, macs
from wattif.model.cities import load_cities
from wattif.model.events import Period, draw_events
from wattif.model.fleet import Fleet, Ownership, fleet_of_ranges, make_fleet
from wattif.model.macs import RANDOM_BITS, macs_of, redrawn_before, redrawn_macs
from wattif.model.world import MeterDays, World

CITIES = [load_cities()["manila"], load_cities()["london"]]
MIX = (0.5, 0.3, 0.2)
OWNERS = Ownership(solar=0.4, car=0.3)
COLUMNS = ("macs", "base_mwh", "meter_class", "profile", "solar", "car")
FEW_BITS = 0x00_00_00_00_00_FF  # 256 addresses


def test_macs_are_unique_local_and_unicast() -> None:
    addresses = macs_of(42, 0, 20_000, redrawn_macs(42, 20_000))
    assert len(np.unique(addresses)) == 20_000
    first_octets = addresses >> np.uint64(40)
    assert set((first_octets & np.uint64(0b11)).tolist()) == {0b10}
    assert int(addresses.max()) < 2**48


def _first_come(seed: int, meters: int) -> list[int]:
    """Addresses by the rule, with a set: who comes later draws again until its address is new."""
    taken: list[int] = []
    for meter in range(meters):
        attempt = 0
        while (mac := int(macs_of(seed, meter, 1, {meter: attempt}, random_bits=FEW_BITS)[0])) in taken:
            attempt += 1
        taken.append(mac)
    return taken


@pytest.mark.parametrize("error_rate", [1 / 16, 0.99])
def test_doubles_are_drawn_again_and_false_positives_are_not(
    monkeypatch: pytest.MonkeyPatch, error_rate: float
) -> None:
    """In a space of 256 addresses, and with a filter that always says "perhaps"."""
    monkeypatch.setattr(macs, "_FILTER_ROOM", 1)
    monkeypatch.setattr(macs, "_FILTER_ERROR_RATE", error_rate)
    redrawn = redrawn_macs(42, 150, random_bits=FEW_BITS)
    assert len(redrawn) > 20
    addresses = macs_of(42, 0, 150, redrawn, random_bits=FEW_BITS)
    assert addresses.tolist() == _first_come(42, 150)
    assert len(np.unique(addresses)) == 150
    assert redrawn_macs(42, 5_000) == {}


@given(seed=st.integers(0, 2**63 - 1), first=st.integers(0, 150), count=st.integers(0, 150))
def test_addresses_of_a_range_are_those_of_the_fleet(seed: int, first: int, count: int) -> None:
    count = min(count, 150 - first)
    redrawn = redrawn_macs(seed, 150, random_bits=FEW_BITS)
    whole = macs_of(seed, 0, 150, redrawn, random_bits=FEW_BITS)
    part = macs_of(seed, first, count, redrawn, random_bits=FEW_BITS)
    assert part.tolist() == whole[first : first + count].tolist()


@given(seed=st.integers(0, 2**63 - 1), first=st.integers(0, 300), count=st.integers(0, 300))
def test_meters_of_a_range_are_those_of_the_fleet(seed: int, first: int, count: int) -> None:
    whole = make_fleet(seed, first + count, CITIES, MIX, OWNERS)
    part = fleet_of_ranges(
        seed, [range(first, first + count)], CITIES, class_mix=MIX, owners=OWNERS, redrawn=whole.redrawn
    )
    for column in COLUMNS:
        assert np.array_equal(getattr(part, column), getattr(whole, column)[whole.slice_of(first, count)]), column


def test_readings_of_a_range_are_those_of_the_fleet() -> None:
    world = World(seed=7, epoch=date(2024, 1, 1), interval_s=900, cities=tuple(CITIES))
    whole = make_fleet(7, 60, CITIES, MIX, OWNERS)
    part = fleet_of_ranges(7, [range(25, 47)], CITIES, class_mix=MIX, owners=OWNERS, redrawn={})
    everything, some = MeterDays(world, whole), MeterDays(world, part)
    for meter in range(25, 47):
        expected = everything.compute(date(2024, 3, 5), meter, 1)
        assert np.array_equal(some.compute(date(2024, 3, 5), meter, 1), expected), meter


@given(seed=st.integers(0, 2**63 - 1), meters=st.integers(0, 180))
def test_doubles_are_found_by_sorting_as_by_the_filter(seed: int, meters: int) -> None:
    redrawn = redrawn_before(seed, meters, random_bits=FEW_BITS)
    assert redrawn == redrawn_macs(seed, meters, random_bits=FEW_BITS)
    assert macs_of(seed, 0, meters, redrawn, random_bits=FEW_BITS).tolist() == _first_come(seed, meters)


def test_doubles_are_found_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    bits = 0x00_FF_00_00_00_FF
    expected = redrawn_macs(42, 3_000, random_bits=bits)
    assert len(expected) > 20
    for at_once in (1, 7, 100, 2_999):
        monkeypatch.setattr(macs, "_SORTED_AT_ONCE", at_once)
        assert redrawn_before(42, 3_000 if at_once > 7 else 300, random_bits=bits) == {
            meter: attempt for meter, attempt in expected.items() if at_once > 7 or meter < 300
        }


def test_several_ranges_know_their_places() -> None:
    numbers = (range(3, 5), range(100, 120), range(200, 201))
    whole = make_fleet(1, 201, CITIES, MIX, OWNERS)
    some = fleet_of_ranges(1, numbers, CITIES, class_mix=MIX, owners=OWNERS, redrawn={})
    for own in (range(3, 5), range(4, 5), range(101, 120), range(200, 201)):
        place = some.slice_of(own.start, len(own))
        for column in COLUMNS:
            assert np.array_equal(getattr(some, column)[place], getattr(whole, column)[own.start : own.stop]), column
    for first, count in ((2, 1), (4, 2), (99, 2), (119, 2), (150, 1), (201, 1)):
        with pytest.raises(IndexError, match=f"meters {first} to"):
            some.slice_of(first, count)


def test_a_range_knows_its_place() -> None:
    part = fleet_of_ranges(1, [range(100, 120)], CITIES, redrawn={})
    assert part.slice_of(105, 15) == slice(5, 20)
    for first, count in ((99, 1), (105, 16), (120, 1)):
        with pytest.raises(IndexError, match=f"meters {first} to"):
            part.slice_of(first, count)


def test_a_part_of_a_large_fleet_costs_what_the_part_costs() -> None:
    """Ten million meters: what a worker computes of a few of them takes no array of the fleet's length."""
    world = World(seed=7, epoch=date(2024, 1, 1), interval_s=900, cities=tuple(CITIES))
    few, many = range(40), range(10**7)

    def compute(numbers: range) -> tuple[bytes, int]:
        made = fleet_of_ranges(7, [numbers], CITIES, class_mix=MIX, owners=OWNERS, redrawn={})
        tracemalloc.start()
        try:
            days = MeterDays(world, made)
            computed = [days.compute(date(2024, 3, 5), meter, 1).copy() for meter in (0, 39, numbers[-1])]
            events = draw_events(world, made, {"spike": 1.0}, 1e-5, Period(start=world.epoch, end=world.epoch))
            assert len(events) == pytest.approx(len(numbers) * 1e-5, abs=2)
            own = made.part(30, 5).macs.tobytes() + computed[0].tobytes() + computed[1].tobytes()
            return own, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    compute(few)  # kernels are there
    (expected, few_bytes), (found, many_bytes) = compute(few), compute(many)
    assert found == expected
    assert many_bytes < few_bytes + 3_000_000


def test_a_range_costs_what_the_range_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a fleet of a million million meters: no filter, no array of the fleet's length, not even a number of them."""

    def no_filter(*_: object) -> None:
        raise AssertionError("the whole fleet is looked at")

    def make(first: int) -> tuple[Fleet, int]:
        tracemalloc.start()
        try:
            part = fleet_of_ranges(7, [range(first, first + 20)], CITIES, class_mix=MIX, owners=OWNERS, redrawn={})
            assert len(part.macs) == 20
            return part, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    make(0)  # kernels are there
    monkeypatch.setattr(macs, "BloomFilter", no_filter)
    (near, near_bytes), (far, far_bytes) = make(0), make(10**12)
    assert len(near.macs) == len(far.macs) == 20
    assert max(near_bytes, far_bytes) < 100_000
    assert int(far.macs.max()) <= RANDOM_BITS | 1 << 41
    assert fleet.mac_text(far.macs)[0] != fleet.mac_text(near.macs)[0]
