"""Incidents of a lake: in its network and weather, and among them all that its labels tell of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from wattif.errors import InvalidValue, choose_from
from wattif.incidents.kinds import incident_types
from wattif.incidents.labelled import Labelled
from wattif.incidents.setting import Setting
from wattif.incidents.spec import IncidentSpec
from wattif.model.scenario import drawn_events, fleet_of, world_of
from wattif.spec import Spec


def span_of_labels(dataset: Spec) -> tuple[datetime, datetime]:
    """From when to when *dataset* may have labels."""
    first = dataset.epoch if dataset.rate.per is not None else dataset.start  # at a rate, whole months have theirs
    begin, end = (datetime.combine(day, time(), UTC) for day in (first, dataset.end + timedelta(days=1)))
    return begin, end


def setting_of_dataset(dataset: Spec, given: Mapping[str, Any]) -> Setting:
    """The setting of *dataset*; *given*: fields of `IncidentSpec`. The window is that of the lake unless it is given.

    `InvalidValue` names the city when it is not the lake's, or has to be told, and cities that are the lake's to tell.
    """
    if "cities" in given:
        raise InvalidValue("cities", given["cities"], "is what `lake` says; leave it out")
    if len(dataset.city_ids) > 1 and "city" not in given:
        names = ", ".join(dataset.city_ids)
        raise InvalidValue("city", None, f"the lake has several; name one of {names}, and run once for each")
    city = given.get("city", dataset.city_ids[0])
    if city not in dataset.city_ids:
        raise InvalidValue("city", city, f"is not in the lake{choose_from(city, dataset.city_ids)}")
    begin, end = span_of_labels(dataset)
    window = {"window_end": end, "window_days": (end - begin).days}
    spec = IncidentSpec(**{**window, **given, "city": city, "cities": dataset.cities})
    world = world_of(dataset)
    own = next(each for each in world.cities if each.id == city)
    kinds = frozenset(each.label for each in incident_types() if each.label)
    all_labelled = Labelled.of(drawn_events(dataset, world, fleet_of(dataset, world)), world.network, kinds)
    (start_s, end_s), network = spec.window_s, world.network
    in_city = network.city_of(all_labelled.transformer) == world.cities.index(own)
    those = in_city & (all_labelled.start_s >= start_s) & (all_labelled.start_s < end_s)
    return Setting(spec=spec, world=world, city=own, meters=dataset.meters, labelled=all_labelled.kept(those))
