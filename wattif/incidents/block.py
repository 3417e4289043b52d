"""Some consecutive incidents: their facts as arrays, from which the rows of all tables are made.

A block is a pure function of the setting and its range, so that threads, shards and readers may make any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.incidents import texts
from wattif.incidents.draws import Floats, Numbers, chosen, lognormal
from wattif.incidents.kinds import codes, incident_types, scenes
from wattif.incidents.setting import NEAREST, Setting
from wattif.incidents.sphere import distances_m
from wattif.incidents.steps import Cases, Steps, outcome, steps_of
from wattif.model.geography import DECIMALS, METER_SPREAD_M, METERS_PER_DEGREE
from wattif.numeric.calendar import DAY_S, HOUR_S
from wattif.numeric.ieee import cos_turns
from wattif.numeric.streams import Stream, normals_of, uniforms_of


class For(IntEnum):
    """What the random numbers of an incident are for: uniform ones first, then normal ones."""

    OCCURRENCE = 0  # used by the setting
    KIND = 1
    SEVERITY = 2
    SOURCE = 3
    PLACE = 4
    HOUSE = 5
    TOLD = 6
    CAUSE = 7
    CASUALTIES = 8
    INJURIES = 9
    UNITS = 10
    ASSETS = 11
    SECOND_ASSET = 12
    NOTES = 13
    NOTE_COUNT = 14
    REFERENCE = 15
    REFERENCED = 16
    SCENE = 17
    NORTH = 18
    EAST = 19
    TRAVEL = 20
    HANDLING = 21
    DAMAGE = 22


_STORM_BACKLOG = 5.0  # crews of the grid have too much to do: so much longer at the height of a storm; assumed
SEVERITY_FACTORS = np.array([0.6, 1.0, 1.7, 2.6])  # of times and losses, against medium severity; assumed


@dataclass(frozen=True, kw_only=True)
class Block:
    """The incidents from number *first* on."""

    setting: Setting
    first: int
    count: int

    @cached_property
    def number(self) -> Numbers:
        """Their numbers, from 0."""
        return np.arange(self.first, self.first + self.count)

    @cached_property
    def drawn(self) -> Floats:
        """(numbers, incidents): uniform."""
        return uniforms_of(self.setting.spec.seed, Stream.INCIDENT, self.number, For.NORTH)

    def normals(self, counter: int) -> Floats:
        """Standard normal."""
        numbers: Floats = normals_of(self.setting.spec.seed, Stream.INCIDENT, self.number, 1, counter)[0]
        return numbers

    @cached_property
    def occurrence_s(self) -> Numbers:
        """In order, seconds since 1970."""
        return self.setting.occurrences[0][self.first : self.first + self.count]

    @cached_property
    def label(self) -> Numbers:
        """The number of the label that tells of it, or -1."""
        return self.setting.occurrences[1][self.first : self.first + self.count]

    @cached_property
    def hour(self) -> Numbers:
        """The hour of the window."""
        return self.occurrence_s // HOUR_S - self.setting.spec.window_s[0] // HOUR_S

    @cached_property
    def kind(self) -> Numbers:
        """The place of its type: by the hour, among those that show as the label says where there is one."""
        kinds = chosen(self.setting.drawn_weights[self.hour], self.drawn[For.KIND])
        labels, types = self.setting.labelled, incident_types()
        if labels is not None:
            labelled = np.flatnonzero(self.label >= 0)
            shown_as = labels.kind[self.label[labelled]]
            for kind in sorted(set(shown_as)):
                own = labelled[shown_as == kind]
                shows = np.array([each.label == kind for each in types])
                kinds[own] = chosen(self.setting.hours.weights[self.hour[own]] * shows, self.drawn[For.KIND][own])
        return kinds

    @cached_property
    def severity(self) -> Numbers:
        """The place of its code."""
        return chosen(_of_types("severities")[self.kind], self.drawn[For.SEVERITY])

    @cached_property
    def scene(self) -> Numbers:
        """The place among `scenes`."""
        outdoors = self.drawn[For.SCENE] >= _of_types("indoors_share")[self.kind]
        place: Numbers = 2 * self.kind + outdoors
        return place

    @cached_property
    def flat(self) -> Floats:
        """Uniform in [0, 1) where the address has a flat, and says which; 1 where it has none."""
        indoors = _of_types("indoors_share")[self.kind]
        flats = np.array([each.flats if each else 0.0 for each in scenes()])[self.scene]
        drawn, within = self.drawn[For.SCENE], indoors * flats  # the draws of those indoors are the lowest ones
        return np.where(drawn < within, drawn / np.where(within > 0.0, within, 1.0), 1.0)

    @cached_property
    def source(self) -> Numbers:
        """The place of its code: where labels tell of it, the meters do if they can."""
        known = codes("sources")
        weights = np.array([[each.sources.get(code, 0.0) if each else 0.0 for code in known] for each in scenes()])
        drawn = chosen(weights[self.scene], self.drawn[For.SOURCE])
        meter = known.index("METER")
        return np.where((self.label >= 0) & (weights[self.scene, meter] > 0.0), meter, drawn)

    @cached_property
    def place(self) -> Numbers:
        """The place among those of the setting."""
        drawn = chosen(self.setting.places.weight, self.drawn[For.PLACE])
        labels = self.setting.labelled
        if labels is None or not len(labels):
            return drawn
        return np.where(
            self.label >= 0, np.searchsorted(self.setting.places.number, labels.transformer)[self.label], drawn
        )

    @cached_property
    def is_of_grid(self) -> NDArray[np.bool_]:
        """Whether it occurs at the transformer itself."""
        return _of_types("is_of_grid")[self.kind]

    @cached_property
    def coordinates(self) -> tuple[Floats, Floats]:
        """Longitude and latitude in degrees: at the transformer, or around it."""
        places, city = self.setting.places, self.setting.city
        around = ~self.is_of_grid * METER_SPREAD_M / METERS_PER_DEGREE
        east = around / max(cos_turns(city.latitude / 360.0), 0.01)
        south, north, west, most_east = city.bounds_deg
        longitude = np.clip(places.longitude[self.place] + east * self.normals(For.EAST), west, most_east)
        latitude = np.clip(places.latitude[self.place] + around * self.normals(For.NORTH), south, north)
        return longitude.round(DECIMALS), latitude.round(DECIMALS)

    @cached_property
    def answering(self) -> Numbers:
        """(incidents, `NEAREST`): stations that may answer, the nearest first; -1 for those that are not there."""
        near = self.setting.nearest_stations[self.place]
        until_day = self.setting.stations.until_day[near]
        found = np.where((near >= 0) & (until_day > self.occurrence_s[:, None] // DAY_S), near, -1)
        found[:, NEAREST - 1] = np.where(
            (found[:, : NEAREST - 1] == found[:, NEAREST - 1 :]).any(axis=1), -1, found[:, NEAREST - 1]
        )
        return np.take_along_axis(found, np.argsort(found < 0, axis=1, kind="stable"), axis=1)

    @cached_property
    def station(self) -> Numbers:
        """The one whose units come first."""
        return self.answering[:, 0]

    @cached_property
    def cases(self) -> Cases:
        """What the workflow has to know of them."""
        stations, types = self.setting.stations, self.kind
        longitude, latitude = self.coordinates
        away_m = distances_m(longitude, latitude, stations.longitude[self.station], stations.latitude[self.station])
        handling_s = 60.0 * _of_types("handling_min")[types] * SEVERITY_FACTORS[self.severity]
        handling_s *= 1.0 + _STORM_BACKLOG * self.setting.hours.storm[self.hour] * self.is_of_grid
        handling_s[_of_types("loses_power")[types]] *= self.setting.locale.restoration
        labels = self.setting.labelled
        ends = np.full(self.count, -1)
        if labels is not None and len(labels):
            ends = np.where(self.label >= 0, labels.end_s[self.label], -1)
        local_hour = self.setting.hours.local_s[self.hour] // HOUR_S
        return Cases(
            number=self.number,
            occurrence_s=self.occurrence_s,
            kind=types,
            severity=self.severity,
            source=self.source,
            travel_s=self.setting.travel_s(away_m, local_hour, self.normals(For.TRAVEL)),
            handling_s=lognormal(handling_s, _of_types("handling_sigma")[types], self.normals(For.HANDLING)),
            end_s=ends,
        )

    @cached_property
    def steps(self) -> Steps:
        """What the workflow made of them until the end of the window."""
        spec = self.setting.spec
        return steps_of(spec.seed, self.setting.workflow, self.cases, spec.window_s[1])

    @cached_property
    def outcome(self) -> tuple[Numbers, dict[str, Numbers]]:
        """The place of the status of each, and its times by column, -1 where there is none."""
        return outcome(self.steps, self.setting.workflow, self.count)

    @property
    def status(self) -> Numbers:
        """The place of its code."""
        return self.outcome[0]

    @property
    def times(self) -> dict[str, Numbers]:
        """When it was reported and so on, by column."""
        return self.outcome[1]

    def has_status(self, *statuses: str) -> NDArray[np.bool_]:
        """Whether it has one of these."""
        return np.isin(self.status, [codes("statuses").index(each) for each in statuses])

    @cached_property
    def customers(self) -> Numbers:
        """The meters behind the transformer."""
        return self.setting.places.customers[self.place]

    @cached_property
    def incident_number(self) -> pa.Array:
        """``INC-MNL-00000042``."""
        return texts.numbered(f"INC-{self.setting.city.key}-", self.number + 1, 8)

    @cached_property
    def house(self) -> Numbers:
        """The number of the house."""
        number: Numbers = 1 + (self.drawn[For.HOUSE] ** 2 * 299).astype(np.int64)
        return number

    @cached_property
    def slots(self) -> texts.Slots:
        """What texts tell of."""
        places, hours = self.setting.places, self.setting.hours
        causes = [each.causes if each else () for each in self.setting.scene_texts]
        clock_s = hours.local_s[self.hour] + self.occurrence_s % HOUR_S
        return {
            "street": texts.picked(self.setting.locale.streets, places.street[self.place]),
            "number": pa.array(self.house).cast(pa.string()),
            "time": texts.clock(clock_s),
            "cause": texts.picked(*self.one_of(causes, For.CAUSE)),
            "temperature": pa.array(hours.temperature_c.round().astype(np.int64)[self.hour]).cast(pa.string()),
            "station": texts.picked(self.setting.station_names, self.station),
            "transformer": texts.picked(places.transformer_id, self.place),
            "feeder": texts.picked(places.feeder_id, self.place),
            "customers": pa.array(self.customers).cast(pa.string()),
        }

    def one_of(self, texts_of_scenes: Sequence[Sequence[str]], number: For) -> tuple[list[str], Numbers]:
        """All texts of the scenes, and which of those of its own each takes by the random number for it."""
        counts = np.array([len(each) for each in texts_of_scenes])
        first = (np.cumsum(counts) - counts)[self.scene]
        which = first + (self.drawn[number] * counts[self.scene]).astype(np.int64)
        return [text for each in texts_of_scenes for text in each], which


def _of_types(name: str) -> NDArray[Any]:
    """A figure of all types, in their order."""
    return np.array([getattr(each, name) for each in incident_types()])
