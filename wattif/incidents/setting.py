"""Where incidents occur: the transformers of the city and the addresses around them, and the stations that answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.errors import InvalidValue
from wattif.incidents.columns import where
from wattif.incidents.draws import Floats, Numbers, chosen, lognormal
from wattif.incidents.hours import Hours, hours_of
from wattif.incidents.kinds import SceneText, incident_types
from wattif.incidents.labelled import Labelled
from wattif.incidents.language import Language, language_of
from wattif.incidents.locale import Locale, locale_of
from wattif.incidents.spec import IncidentSpec
from wattif.incidents.sphere import nearest
from wattif.incidents.texts import joined, picked
from wattif.incidents.workflow import Workflow, read_workflow
from wattif.model.cities import City
from wattif.model.geography import METERS_PER_DEGREE, Geography
from wattif.model.scenario import world_of
from wattif.model.world import World
from wattif.numeric.calendar import DAY_S
from wattif.numeric.ieee import cos_turns
from wattif.numeric.streams import Stream, normals_of, uniforms_of
from wattif.spec import Spec
from wattif.tables.network import transformer_columns

CITY_METERS = 100_000  # of the network in which incidents occur when they are not those of a lake
_DECOMMISSIONED = 0.05  # share of the stations, assumed
_COMMISSIONED_DAYS = 60 * 365  # the oldest station, before the window
NEAREST = 4  # stations that may answer: the nearest three, and the nearest that is always there


@dataclass(frozen=True, kw_only=True)
class Places:
    """The transformers of the city and what lies around each: arrays of one length."""

    number: Numbers  # of the transformer
    transformer_id: NDArray[np.object_]
    feeder_id: NDArray[np.object_]
    zone: Numbers
    zone_id: NDArray[np.object_]
    longitude: Floats
    latitude: Floats
    customers: Numbers
    weight: Floats  # how many incidents are to be expected there, relative to each other
    street: Numbers  # of the streets of the locale


@dataclass(frozen=True, kw_only=True)
class Stations:
    """Where help comes from: arrays of one length."""

    place: Numbers
    longitude: Floats
    latitude: Floats
    from_day: Numbers  # since 1970, in use from then on
    until_day: Numbers  # a day far away when it still is in use
    coverage_m: Numbers
    updated_s: Numbers


@dataclass(frozen=True, kw_only=True)
class Setting:
    """All that incidents of a *spec* follow from, made once."""

    spec: IncidentSpec
    world: World  # of the network: its seed is that of the weather, too
    city: City
    meters: int
    labelled: Labelled | None  # what went wrong in a lake; None: there is no lake

    @classmethod
    def of(cls, spec: IncidentSpec) -> Setting:
        """The setting without a lake."""
        day = spec.window_start.date()
        world = world_of(
            Spec(start=day, end=day, meters=CITY_METERS, city=spec.city, cities=spec.cities, seed=spec.seed)
        )
        return cls(spec=spec, world=world, city=world.cities[0], meters=CITY_METERS, labelled=None)

    def prepare(self) -> None:
        """Make what blocks share before several threads ask for it; tells what is wrong with the spec."""
        _ = self.workflow, self.language, self.occurrences, self.nearest_stations

    @cached_property
    def workflow(self) -> Workflow:
        """How incidents go on."""
        return read_workflow(self.spec.workflow)

    @cached_property
    def locale(self) -> Locale:
        """Names of people and streets."""
        return locale_of(self.city)

    @cached_property
    def language(self) -> Language:
        """What incidents are told with."""
        return language_of(self.locale.language)

    @cached_property
    def scene_texts(self) -> list[SceneText | None]:
        """What incidents are told with, in the order of `wattif.incidents.kinds.scenes`."""
        return [scene for each in incident_types() for scene in self.language.text_of(each).scenes]

    @cached_property
    def hours(self) -> Hours:
        """The hours of the window."""
        return hours_of(self.world.seed, self.city, incident_types(), self.spec.window_s)

    @cached_property
    def drawn_weights(self) -> Floats:
        """(hours, types): what shows in the readings of a lake occurs where its labels say so, and not otherwise."""
        shows = np.array([bool(each.label) for each in incident_types()])
        weights: Floats = self.hours.weights * ~(shows & (self.labelled is not None))
        return weights

    @cached_property
    def occurrences(self) -> tuple[Numbers, Numbers]:
        """When each incident occurs, in order: seconds since 1970, and the number of its label or -1; 16 bytes each."""
        labels = 0 if self.labelled is None else len(self.labelled)
        count = self.spec.incident_count - labels
        if count < 0:
            reason = (
                f"the lake has {labels:,} labelled outages, sags and swells in the window; ask for so many at least"
            )
            raise InvalidValue("incident_count", self.spec.incident_count, reason)
        drawn = np.sort(uniforms_of(self.spec.seed, Stream.INCIDENT, np.arange(count), 1)[0])
        summed = np.concatenate(([0.0], np.cumsum(np.cumsum(self.drawn_weights, axis=1)[:, -1])))
        hour = np.minimum(np.searchsorted(summed, drawn * summed[-1], side="right") - 1, len(summed) - 2)
        into = (drawn * summed[-1] - summed[hour]) / (summed[hour + 1] - summed[hour])
        starts, ends = self.hours.starts_s[hour], self.hours.ends_s[hour]
        times_s = np.minimum(starts + (into * (ends - starts)).astype(np.int64), ends - 1)
        if self.labelled is None:
            return times_s, np.full(count, -1)
        times_s = np.concatenate((times_s, self.labelled.start_s))
        order = np.argsort(times_s, kind="stable")
        return times_s[order], np.concatenate((np.full(count, -1), np.arange(labels)))[order]

    @cached_property
    def places(self) -> Places:
        """Few of them have many incidents: of gamma-distributed weights, counts are negative binomial."""
        network = self.world.network
        own = self.world.cities.index(self.city)
        numbers = np.arange(own, network.transformers(self.meters), network.cities)
        rows = transformer_columns(self.world, self.meters, numbers)
        zone = Geography(network=network, city=self.city).position(numbers).zone
        hot = normals_of(self.spec.seed, Stream.INCIDENT_PLACE, numbers, 1)[0] ** 2  # gamma of shape 1/2
        streets = uniforms_of(self.spec.seed, Stream.INCIDENT_PLACE, numbers, 2)[1]
        return Places(
            number=numbers,
            transformer_id=rows["transformer_id"],
            feeder_id=rows["feeder_id"],
            zone=zone,
            zone_id=rows["zone_id"],
            longitude=rows["longitude"],
            latitude=rows["latitude"],
            customers=rows["num_meters"],
            weight=rows["num_meters"] * hot,
            street=(streets * len(self.locale.streets)).astype(np.int64),
        )

    @cached_property
    def stations(self) -> Stations:
        """Where many people live; the first one is always in use."""
        count, (start_s, end_s) = self.spec.station_count, self.spec.window_s
        where, age, leaves, when, updated, spread = uniforms_of(self.spec.seed, Stream.STATION, np.arange(count), 6)
        place = chosen(self.places.customers.astype(np.float64), where)
        start_day, end_day = start_s // DAY_S, end_s // DAY_S
        from_day = start_day - 365 - (age * _COMMISSIONED_DAYS).astype(np.int64)
        gone = (leaves < _DECOMMISSIONED) & (np.arange(count) > 0)
        until_day = np.where(gone, start_day - 180 + (when * (end_day - start_day + 180)).astype(np.int64), NEVER)
        south, north, west, east = self.city.bounds_deg
        area_m2 = (north - south) * (east - west) * METERS_PER_DEGREE**2 * cos_turns(self.city.latitude / 360.0)
        reach_m = np.sqrt(area_m2 / count) * (0.8 + 0.6 * spread)
        last_s = np.where(gone, until_day * DAY_S, end_s)
        first_s = np.minimum(np.maximum(from_day * DAY_S, last_s - 365 * DAY_S), last_s)
        return Stations(
            place=place,
            longitude=self.places.longitude[place],
            latitude=self.places.latitude[place],
            from_day=from_day,
            until_day=until_day,
            coverage_m=(reach_m / 50).astype(np.int64) * 50 + 50,
            updated_s=first_s + (updated * (last_s - first_s)).astype(np.int64),
        )

    @cached_property
    def nearest_stations(self) -> Numbers:
        """(places, `NEAREST`): the stations that may answer, the nearest first; the last one is always there."""
        stations, places = self.stations, self.places
        stay = np.flatnonzero(stations.until_day == NEVER)
        near = nearest(places.longitude, places.latitude, stations.longitude, stations.latitude, NEAREST - 1)
        always = nearest(places.longitude, places.latitude, stations.longitude[stay], stations.latitude[stay], 1)
        return np.concatenate((near, stay[always]), axis=1)

    @cached_property
    def station_codes(self) -> list[str]:
        """``MNL_STN_001`` for the first one."""
        return [f"{self.city.key}_STN_{number + 1:03d}" for number in range(self.spec.station_count)]

    @cached_property
    def station_names(self) -> list[str]:
        """In the language of the city."""
        name = self.language.station
        return [name.format(number=number + 1) for number in range(self.spec.station_count)]

    def addresses(self, place: Numbers, house: Numbers, flat: Floats) -> dict[str, pa.Array]:
        """The columns of an address near each place; *flat*, uniform below 1: which unit of the building; 1: none."""
        locale, zone = self.locale, self.places.zone[place]
        before, after = locale.address.split("{number}")
        street = picked([before.format(street=each) for each in locale.streets], self.places.street[place])
        rest = picked([after.format(street=each) for each in locale.streets], self.places.street[place])
        units = [locale.unit.format(number=n + 1) for n in range(_FLATS)]
        has_flat = flat < 1.0
        return {
            "address_line_1": joined([street, pa.array(house).cast(pa.string()), rest], ""),
            "address_line_2": where(has_flat, picked(units, (np.where(has_flat, flat, 0.0) * _FLATS).astype(np.int64))),
            "city": pa.repeat(self.city.name, len(place)),
            "region": pa.repeat(locale.region or self.city.name, len(place)),
            "postal_code": picked(locale.postal_codes, zone % len(locale.postal_codes)),
        }

    def travel_s(self, distance_m: Floats, local_hour: Numbers, normals: Floats) -> Floats:
        """How long a unit is under way: turnout, and the road at the speed of the hour."""
        road_m = distance_m * _DETOUR
        return lognormal(_TURNOUT_S + road_m / np.array(SPEED_M_S)[local_hour], _TRAVEL_SIGMA, normals)


_FLATS = 60  # of a building
NEVER = 10**6  # a day since 1970 that no window reaches
_DETOUR = 1.3  # of roads against the great circle; see docs/incidents.md for the sources of these figures
_TURNOUT_S, _TRAVEL_SIGMA = 80.0, 0.3
SPEED_M_S = (
    13.0, 13.5, 13.5, 13.5, 13.0, 12.5, 11.0, 9.0, 8.5, 9.5, 10.0, 10.0,
    9.8, 10.0, 10.0, 9.5, 9.0, 8.2, 8.5, 9.5, 10.5, 11.5, 12.0, 12.5,
)  # fmt: skip  # twelve hours a row
