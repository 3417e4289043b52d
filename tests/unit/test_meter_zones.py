"""The zones of the meters: neighbours share one, and each zone is a place of its own."""

from __future__ import annotations

from itertools import product

import numpy as np

from wattif.model.cities import load_cities
from wattif.model.grid import place_of_transformer, zone_id, zones_of
from wattif.model.scenario import scenario_of
from wattif.numeric.streams import Stream, draw, normal, stream_key
from wattif.spec import Spec
from wattif.tables import meters
from wattif.tables.arrow import arrow_table
from wattif.tables.meter_zones import TABLE
from wattif.tables.unit import Unit

SPEC = Spec(start="2024-01-01", end="2024-01-01", meters=4000, city="berlin,new-york,chicago", extra_tables=TABLE.name)


def test_a_transformer_is_in_the_zone_of_the_nearest_center() -> None:
    """All distances at once."""
    seed, city, zones, transformers = 7, 12345, 30, np.arange(500)
    key = np.uint64(stream_key(seed, int(Stream.ZONE_PLACE), city))  # compiled code hands it back as an int
    centers = 5.0 * np.array([normal(np.uint64(draw(key, n))) for n in range(2 * zones)]).reshape(zones, 2)
    places = np.array([place_of_transformer(seed, int(n)) for n in transformers])
    distances = np.linalg.norm(places[:, None, :] - centers[None, :, :], axis=2)
    found = zones_of(seed, city, zones, transformers)
    assert found.tolist() == distances.argmin(axis=1).tolist()
    assert len(set(found.tolist())) > 20


def test_zones_are_places_of_the_city_of_the_meter() -> None:
    scenario = scenario_of(SPEC)
    columns = TABLE.columns_of(scenario, Unit(TABLE.name, "all", 0, SPEC.meters))
    fleet = meters.TABLE.columns_of(scenario, Unit("meters", "all", 0, SPEC.meters))
    for name in ("meter", "mac", "city_id"):
        assert columns[name].tolist() == fleet[name].tolist()
    cities = load_cities()
    known = {id_: {zone_id(cities[id_], n) for n in range(cities[id_].zones)} for id_ in SPEC.city_ids}
    pairs = set(zip(columns["city_id"].tolist(), columns["zone_id"].tolist(), strict=True))
    assert all(zone in known[city] for city, zone in pairs)
    by_transformer = dict(zip(fleet["transformer"].tolist(), columns["zone_id"].tolist(), strict=True))
    assert [by_transformer[n] for n in fleet["transformer"].tolist()] == columns["zone_id"].tolist()
    for city in SPEC.city_ids:
        own = fleet["city_id"] == city
        latitude, zone = fleet["latitude"][own], columns["zone_id"][own]
        within = sum(latitude[zone == each].var() * (zone == each).mean() for each in set(zone))
        assert within < 0.6 * latitude.var()


def test_any_range_of_meters_can_be_made_alone() -> None:
    scenario = scenario_of(SPEC)
    whole = arrow_table(TABLE.columns, TABLE.columns_of(scenario, Unit(TABLE.name, "all", 0, SPEC.meters)))
    for first, count in product((0, 19, 1234), (1, 20, 500)):
        alone = arrow_table(TABLE.columns, TABLE.columns_of(scenario, Unit(TABLE.name, "all", first, count)))
        assert alone.equals(whole.slice(first, count))
