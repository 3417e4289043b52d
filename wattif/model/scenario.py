"""From the spec to the world that they describe, its meters and events: the same for every verb."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from wattif.errors import InvalidValue, choose_from
from wattif.model.anomalies import Event
from wattif.model.anomaly_kinds import KINDS, weights_of
from wattif.model.cities import load_cities
from wattif.model.classes import check_ranges
from wattif.model.events import Period, draw_events, parts_of_months
from wattif.model.fleet import Fleet, Ownership, fleet_of_ranges, make_fleet
from wattif.model.macs import redrawn_before
from wattif.model.measuring import MeasuredEvent, MeterEvents, measure_events
from wattif.model.quantities import POWER_MAX_W, REGISTER_MAX_WH
from wattif.model.world import World
from wattif.numeric.calendar import day_number
from wattif.spec import Spec


def world_of(spec: Spec) -> World:
    """The world that *spec* describes; `InvalidValue` when a city is unknown or readings might not fit the rows."""
    known = load_cities(spec.cities)
    for name in spec.city_ids:
        if name not in known:
            reason = f"unknown city{choose_from(name, known)}, or add it with `cities`"
            raise InvalidValue("city", name, reason)
    cities = tuple(known[name] for name in spec.city_ids)
    by_key = {city.key: city.id for city in cities}
    for city in cities:
        if by_key[city.key] != city.id:
            reason = f"has the code {city.key} of {by_key[city.key]}, too; give it a `code` of its own in its file"
            raise InvalidValue("city", city.id, reason)
    epoch, last = spec.epoch, spec.end
    months = (last.year - epoch.year) * 12 + last.month - epoch.month + 1
    check_ranges(cities, months, POWER_MAX_W, REGISTER_MAX_WH / 1000)
    return World(seed=spec.seed, epoch=epoch, interval_s=spec.interval, cities=cities, class_mix=spec.class_shares)


def _has_pairs(spec: Spec) -> bool:
    """Whether meters may send what their partners measure, so that these are needed, too."""
    return any(KINDS[kind].of_pair for kind in weights_of(spec))


def fleet_of(spec: Spec, world: World, meters: int | None = None) -> Fleet:
    """The meters that *spec* describes, or only the first *meters* of them: they are the same in any fleet.

    One more where the last one may need its partner.
    """
    owners = Ownership(solar=spec.solar_share, car=spec.ev_share)
    count = spec.meters if meters is None else meters
    count += count % 2 * _has_pairs(spec)
    return make_fleet(spec.seed, count, world.cities, spec.class_shares, owners)


def fleet_part_of(spec: Spec, world: World, ranges: Sequence[range]) -> Fleet:
    """The meters of *ranges* (ascending) alone, with their partners where they may need these.

    Memory grows with the ranges, and so does time, but for the addresses: whose are unique is only known from those
    of all earlier meters, see `redrawn_before`.
    """
    owners = Ownership(solar=spec.solar_share, car=spec.ev_share)
    if _has_pairs(spec):
        ranges = [range(each.start - each.start % 2, each.stop + each.stop % 2) for each in ranges]
    redrawn = redrawn_before(spec.seed, ranges[-1].stop)
    return fleet_of_ranges(spec.seed, ranges, world.cities, class_mix=spec.class_shares, owners=owners, redrawn=redrawn)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A world, its meters or some of them, and what goes wrong at these: all that readings are computed from."""

    world: World
    meters: int  # of the dataset, whether or not all are in the fleet
    fleet: Fleet
    events: dict[int, MeterEvents]  # by meter

    @cached_property
    def events_by_label(self) -> dict[int, list[MeasuredEvent]]:
        """The events by the day with which their labels come, by meter; see `Event.label_day`."""
        by_day: dict[int, list[MeasuredEvent]] = {}
        for each in (each for own in self.events.values() for each in own.all):
            by_day.setdefault(each.event.label_day, []).append(each)
        return by_day


def scenario_of(
    spec: Spec,
    world: World | None = None,
    *,
    ranges: Sequence[range] | None = None,
    evens_out: bool = False,
) -> Scenario:
    """What *spec* describes, or of it the meters of *ranges* (ascending) alone; *evens_out*: see `draw_events`.

    Measuring the events computes the days that they touch.
    """
    world = world or world_of(spec)
    fleet = fleet_of(spec, world) if ranges is None else fleet_part_of(spec, world, ranges)
    events = drawn_events(spec, world, fleet, evens_out=evens_out)
    return Scenario(
        world=world,
        meters=spec.meters,
        fleet=fleet,
        events=measure_events(world, fleet, events, os.cpu_count() or 1) if events else {},
    )


def drawn_events(spec: Spec, world: World, fleet: Fleet, *, evens_out: bool = False) -> list[Event]:
    """What goes wrong at which meters until the last day, not yet measured: by meter, in order of time.

    With a rate in calendar time, that of all days from the epoch on, since registers know of it.
    """
    weights, rate = weights_of(spec), spec.rate
    if rate.per is None:
        period = Period(start=spec.start, end=spec.end)
        return list(draw_events(world, fleet, weights, rate.value, period, evens_out=evens_out).values())
    last = day_number(spec.end)
    events = (
        event
        for period, share in parts_of_months(rate, spec.epoch, spec.end)
        for event in draw_events(world, fleet, weights, share, period).values()
        if event.label_day <= last
    )
    return sorted(events, key=lambda event: (event.meter, event.start_s))
