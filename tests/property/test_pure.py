"""Pure: every byte is a function of settings, meter and day; order, threads and neighbours change nothing."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pytest

from tests.asking import Asking
from tests.lakes import file_bytes
from wattif.engine.content import clean_content
from wattif.engine.plan import Plan
from wattif.model.cities import City, load_cities
from wattif.model.classes import CLASSES
from wattif.model.fleet import Ownership, make_fleet
from wattif.model.scenario import scenario_of
from wattif.model.world import MeterDays, World

CITIES = load_cities()


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_threads_and_order_change_no_byte(settings: Asking, threads: int) -> None:
    asked = settings(meters=50, meters_per_file=7, interval=60)
    expected = file_bytes(asked)
    plan = Plan.of(asked)
    content = clean_content(plan, scenario_of(asked))
    units = [unit for batch in plan.batches() for unit in batch.units]
    random.Random(threads).shuffle(units)
    with ThreadPoolExecutor(threads) as pool:
        made = pool.map(lambda unit: (content.name(unit), b"".join(bytes(b) for b in content.blocks(unit))), units)
        assert dict(made) == expected


def test_a_day_alone_is_the_day_of_the_month(settings: Asking) -> None:
    month = file_bytes(settings(end="2024-01-20"))
    alone = file_bytes(settings(start="2024-01-17", end="2024-01-17"))
    assert alone
    assert all(month[name] == content for name, content in alone.items())


def test_more_meters_and_other_files_keep_the_readings_of_the_first_meters(settings: Asking) -> None:
    few = b"".join(file_bytes(settings(end="2024-01-01")).values()).splitlines()
    many = b"".join(file_bytes(settings(end="2024-01-01", meters=45, meters_per_file=8)).values()).splitlines()
    assert many[: len(few)] == few
    one_each = file_bytes(settings(end="2024-01-01", meters_per_file=1))
    assert len(one_each) == 10
    assert b"".join(one_each.values()).splitlines() == few


def test_a_choice_of_columns_changes_no_value(settings: Asking) -> None:
    full = next(iter(file_bytes(settings()).values())).splitlines()
    narrow = next(iter(file_bytes(settings(columns="timestamp,consumption_wh")).values())).splitlines()
    assert narrow[7].startswith(b'{"timestamp":"2024-01-01T00:35:00Z","consumption_wh":')
    for wide_row, narrow_row in zip(full, narrow, strict=True):
        for part in narrow_row.strip(b"{}").split(b',"'):
            assert part in wide_row


def test_another_seed_is_another_world(settings: Asking) -> None:
    ours, others = (b"".join(file_bytes(settings(seed=seed)).values()).splitlines() for seed in (1, 2))
    assert not set(ours) & set(others)


BORDERS = (date(2024, 2, 29), date(2024, 3, 1), date(2024, 10, 27), date(2024, 12, 31), date(2025, 1, 1))


@pytest.mark.parametrize("kind", range(len(CLASSES)), ids=[each.id for each in CLASSES])
@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_at_every_border_a_day_of_a_meter_is_the_same_alone_and_among_others(city: City, kind: int) -> None:
    """Of months, years and clock changes; forwards, backwards, in blocks and one by one; with panels and cars."""
    world = World(seed=9, epoch=date(2024, 2, 1), interval_s=900, cities=(city,))
    mix = [float(kind == n) for n in range(len(CLASSES))]
    fleet = make_fleet(9, 6, [city], mix, Ownership(solar=0.5, car=0.5))
    forwards, backwards = MeterDays(world, fleet), MeterDays(world, fleet)
    together = {day: forwards.compute(day, 0, 6).copy() for day in BORDERS}
    for day in reversed(BORDERS):
        for meter in (5, 0, 3):
            assert np.array_equal(backwards.compute(day, meter, 1)[0], together[day][meter])
