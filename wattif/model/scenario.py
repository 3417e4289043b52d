"""From the settings to the world that they describe, its meters and events: the same for every verb."""

from __future__ import annotations

import os
from dataclasses import dataclass

from wattif.errors import UsageError
from wattif.model.anomalies import Event
from wattif.model.cities import load_cities
from wattif.model.classes import check_ranges
from wattif.model.events import Period, draw_events
from wattif.model.fleet import Fleet, Ownership, make_fleet
from wattif.model.quantities import POWER_MAX_W, REGISTER_MAX_WH
from wattif.model.reported import MeasuredEvent, measure_events
from wattif.model.world import World
from wattif.settings import DatasetSettings, LakeSettings


def world_of(settings: DatasetSettings) -> World:
    """The world that *settings* describe; `UsageError` when a city is unknown or readings might not fit the rows."""
    known = load_cities(settings.cities)
    for name in settings.city_ids:
        if name not in known:
            raise UsageError(
                f"--city {name}: there is no such city; choose from {', '.join(known)}, or add it with --cities"
            )
    cities = tuple(known[name] for name in settings.city_ids)
    epoch, last = settings.epoch, settings.last_day
    months = (last.year - epoch.year) * 12 + last.month - epoch.month + 1
    check_ranges(cities, months, POWER_MAX_W, REGISTER_MAX_WH / 1000)
    return World(settings.seed, epoch, settings.interval, cities)


def fleet_of(settings: DatasetSettings, world: World, meters: int | None = None) -> Fleet:
    """The meters that *settings* describe, or only the first *meters* of them: they are the same in any fleet."""
    owners = Ownership(solar=settings.solar_share, car=settings.ev_share)
    count = settings.meters if meters is None else meters
    return make_fleet(settings.seed, count, world.cities, settings.class_shares, owners)


@dataclass(frozen=True)
class Scenario:
    """A world, its meters, and what goes wrong at them: all that readings are computed from."""

    world: World
    fleet: Fleet
    events: dict[int, MeasuredEvent]  # by meter


def scenario_of(settings: LakeSettings, world: World | None = None) -> Scenario:
    """What *settings* describe; measuring the events computes the days that they touch."""
    world = world or world_of(settings)
    fleet = fleet_of(settings, world)
    events = drawn_events(settings, world, fleet)
    return Scenario(world, fleet, measure_events(world, fleet, events, os.cpu_count() or 1) if events else {})


def drawn_events(settings: LakeSettings, world: World, fleet: Fleet) -> dict[int, Event]:
    """What goes wrong at which meters, not yet measured."""
    weights = settings.anomaly_weights
    return draw_events(world, fleet, weights, settings.anomaly_rate, Period(settings.start, settings.end))
