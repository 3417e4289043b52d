"""The network: who feeds whom, ratings, places, and keys."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattif.errors import UsageError
from wattif.model.cities import City, load_cities
from wattif.model.fleet import make_fleet
from wattif.model.geography import Geography
from wattif.model.network import LAKE_LAYOUT, Layout, Network, share_out
from wattif.model.scenario import Scenario, world_of
from wattif.model.world import World
from wattif.spec import Spec
from wattif.tables.arrow import partition_table
from wattif.tables.catalog import table
from wattif.tables.table import WHOLE, LakeTable

CITIES = load_cities()
SHIPPED = Path(str(files("wattif.model"))) / "data" / "cities.toml"
MANILA, LONDON, TOKYO = (CITIES[name] for name in ("manila", "london", "tokyo"))
# IEEE C57.12.00: 45 kVA and the like are three-phase ratings, 37.5 kVA and the like single-phase ones
RATED_KVA = {10, 15, 25, 37.5, 50, 75, 100, 167, 45, 112.5, 150, 225, 300, 500, 750, 1000, 1500, 2000, 2500}


@given(
    meters=st.integers(0, 5_000),
    weights=st.lists(st.floats(0.05, 50.0), min_size=1, max_size=60),
    least=st.integers(0, 12),
)
@settings(max_examples=300, deadline=None)
def test_meters_are_shared_out_exactly_with_a_least_and_never_more_to_the_lighter(
    meters: int, weights: list[float], least: int
) -> None:
    meters += least * len(weights)
    sizes = share_out(meters, np.array(weights), least)
    assert sum(sizes) == meters
    assert min(sizes) >= least
    for weight, size in zip(weights, sizes, strict=True):
        assert all(size <= other for heavier, other in zip(weights, sizes, strict=True) if heavier > weight)
        share = (meters - least * len(weights)) * weight / sum(weights)
        assert abs(size - least - share) < 1.0 + 1e-6


@pytest.mark.parametrize("cities", [(MANILA,), (MANILA, LONDON, TOKYO)], ids=len)
def test_each_meter_has_one_transformer_and_each_block_is_full(cities: tuple[City, ...]) -> None:
    network = Network.of(42, cities)
    owners = network.transformers_of(0, 8_000)
    assert [network.transformer_of(meter) for meter in range(0, 8_000, 7)] == owners[::7].tolist()
    assert list(np.unique(owners)) == list(range(8_000 // 20))
    sizes = np.bincount(owners)
    assert sizes.min() >= 10
    assert (sizes.reshape(-1, LAKE_LAYOUT.transformers).sum(axis=1) == LAKE_LAYOUT.meters).all()
    assert sizes.std() > 3
    for transformer in (0, 19, 20, 133):
        assert list(network.meters_of(transformer)) == np.flatnonzero(owners == transformer).tolist()
    assert network.transformers_of(777, 100).tolist() == owners[777:877].tolist()
    assert network.cities_of(0, 8_000).tolist() == (owners % len(cities)).tolist()


def test_larger_transformers_feed_more() -> None:
    network = Network.of(42, [MANILA])
    ratings = network.capacities_kva(0, 400)
    sizes = np.bincount(network.transformers_of(0, 8_000))
    for block in range(20):
        own = slice(block * 20, block * 20 + 20)
        order = np.argsort(ratings[own], kind="stable")
        assert (np.diff(sizes[own][order])[np.diff(ratings[own][order]) > 0] >= 0).all()
    assert set(ratings) <= RATED_KVA
    # 20 customers of 0.43 kW in the mean, 3.5 times as much at the peak, which is 0.6 of the rating
    mean_kw = (0.85 * 223 + 0.12 * 800 + 0.03 * 2500) / 730.5
    assert np.median(network.capacities_kva(0, 4_000)) == pytest.approx(20 * mean_kw * 3.5 / 0.6, rel=0.2)
    assert np.log(network.capacities_kva(0, 4_000)).std() == pytest.approx(0.5, abs=0.05)


def test_a_block_of_its_own() -> None:
    """A data set of 2,000 meters and 50 transformers; one that has fewer than ten each."""
    network = Network.of(7, [MANILA], None, Layout(2_000, 50))
    sizes = Counter(network.transformers_of(0, 2_000).tolist())
    assert len(sizes) == 50
    assert min(sizes.values()) >= 10
    assert network.transformers(2_000) == 50
    few = Counter(Network.of(7, [MANILA], None, Layout(30, 10)).transformers_of(0, 30).tolist())
    assert (len(few), sum(few.values())) == (10, 30)


def test_places_lie_within_the_bounds_and_clusters_tighten() -> None:
    numbers = np.arange(3_000)
    scatter = []
    for clustering in (0.0, 0.5, 0.8, 1.0):
        network = Network.of(1, [MANILA], layout=Layout(400, 20, clustering))
        geography = Geography(network=network, city=MANILA)
        latitude, longitude = geography.of_transformers(numbers)
        assert (latitude >= 14.4).all()
        assert (latitude <= 14.7).all()
        assert (longitude >= 120.9).all()
        assert (longitude <= 121.2).all()
        center = geography.of_zones(geography.position(numbers).zone)
        scatter.append(float(np.hypot(latitude - center[0], longitude - center[1]).mean()))
    assert scatter == sorted(scatter, reverse=True)
    assert scatter[-1] < 0.01
    scattered = Network.of(1, [MANILA], layout=Layout(400, 20, 0.0))
    anywhere, _ = Geography(network=scattered, city=MANILA).of_transformers(numbers)
    assert np.histogram(anywhere, 5, (14.4, 14.7))[0] == pytest.approx([600] * 5, abs=90)


def test_meters_lie_near_their_transformer() -> None:
    network = Network.of(1, [LONDON])
    geography = Geography(network=network, city=LONDON)
    meters = np.arange(2_000)
    owners = network.transformers_of(0, 2_000)
    latitude, longitude = geography.of_meters(meters, owners)
    north, east = geography.of_transformers(owners)
    north_m = (latitude - north) * 111_200
    east_m = (longitude - east) * 111_200 * np.cos(np.radians(51.5))
    assert np.std(north_m) == pytest.approx(60, rel=0.1)
    assert np.std(east_m) == pytest.approx(60, rel=0.1)


def test_a_citys_transformers_take_its_zones_in_turn_and_fill_feeder_after_feeder() -> None:
    """Of a second of two cities, with four zones: 20 transformers a feeder, eight feeders a substation."""
    geography = Geography(network=Network.of(1, [MANILA, LONDON]), city=replace(LONDON, zones=4))
    found = geography.position(np.arange(1, 2 * 4 * 20 * 9, 2))
    assert found.zone[:5].tolist() == [0, 1, 2, 3, 0]
    assert found.transformer[:5].tolist() == [0, 0, 0, 0, 1]
    assert Counter(zip(found.zone.tolist(), found.feeder.tolist(), strict=True)) == {
        (zone, feeder): 20 for zone in range(4) for feeder in range(9)
    }
    assert found.substation.tolist() == [int(feeder == 8) for feeder in found.feeder.tolist()]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    cities = (MANILA, LONDON)
    world = World(seed=3, epoch=date(2024, 1, 1), interval_s=900, cities=cities)
    return Scenario(world=world, meters=5_990, fleet=make_fleet(3, 5_990, cities), events={})


def test_the_tables_tie_up(scenario: Scenario) -> None:
    """Every key of a table is one of the table above it, and what each feeds adds up to the fleet."""
    rows = {}
    spec = Spec(start="2024-01-01", end="2024-01-01", meters=5_990, city="manila,london", seed=3)
    for name in ("zones", "substations", "feeders", "transformers", "meters"):
        own = table(name)
        assert isinstance(own, LakeTable)
        rows[name] = partition_table(own, scenario, own.entities(spec, WHOLE)).to_pandas()
        assert not rows[name].isna().any().any()
        assert not rows[name].duplicated(list(own.key)).any()
    zones, substations, feeders, transformers, meters = rows.values()
    assert set(substations.zone_id) <= set(zones.zone_id)
    assert set(feeders.substation_id) == set(substations.substation_id)
    assert set(transformers.feeder_id) == set(feeders.feeder_id)
    assert set(meters.transformer_id) == set(transformers.transformer_id)
    for _, of_city in zones.groupby("city_id"):  # in turn: none has two more than another
        assert of_city.num_transformers.max() - of_city.num_transformers.min() <= 1
    assert zones.num_transformers.sum() == feeders.num_transformers.sum() == len(transformers)
    assert substations.num_feeders.sum() == len(feeders)
    assert transformers.num_meters.sum() == 5_990
    assert (
        meters.groupby("transformer_id").size().to_dict()
        == transformers.set_index("transformer_id").num_meters.to_dict()
    )
    assert {key.split("_")[0] for key in meters.meter_id} == {"MNL", "LON"}
    assert transformers.transformer_id[0] == "MNL_Z_001_T_0001"
    assert meters.meter_id[1] == "MNL_Z_001_T_0001_M_002"
    assert (transformers.zone_id == transformers.transformer_id.str.rsplit("_", n=2).str[0]).all()
    assert set(transformers.phases) <= {1, 3}


def test_two_cities_of_one_code_are_refused(tmp_path: Path) -> None:
    """Their zones, transformers and meters would have the same keys."""
    text = SHIPPED.read_text(encoding="utf-8")
    berlin = text[text.index('[[city]]\nid = "berlin"') : text.index('[[city]]\nid = "tokyo"')]
    file = tmp_path / "mine.toml"
    file.write_text(berlin.replace('id = "berlin"', 'id = "mine"'), encoding="utf-8")
    asked = {"start": "2024-01-01", "end": "2024-01-01", "cities": file}
    world_of(Spec(**asked, city="mine"))
    with pytest.raises(UsageError, match="`city` berlin: has the code BER of mine, too"):
        world_of(Spec(**asked, city="berlin,mine"))
