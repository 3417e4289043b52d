"""From the settings to the world that they describe, and the meters in it: the same for every verb."""

from __future__ import annotations

from wattif.errors import UsageError
from wattif.formats.schema import POWER_MAX_W, reading_fields
from wattif.settings import DatasetSettings
from wattif.world.cities import load_cities
from wattif.world.classes import check_ranges
from wattif.world.fleet import Fleet, Ownership, make_fleet
from wattif.world.model import World


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
    register = reading_fields(settings.interval)["register_kwh"]
    check_ranges(cities, months, POWER_MAX_W, register.maximum / 10**register.decimals)
    return World(settings.seed, epoch, settings.interval, cities)


def fleet_of(settings: DatasetSettings, world: World, meters: int | None = None) -> Fleet:
    """The meters that *settings* describe, or only the first *meters* of them: they are the same in any fleet."""
    owners = Ownership(solar=settings.solar_share, car=settings.ev_share)
    count = settings.meters if meters is None else meters
    return make_fleet(settings.seed, count, world.cities, settings.class_shares, owners)
