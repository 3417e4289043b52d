"""From the spec to the picture on the disk."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from wattif.errors import InvalidValue, WattIfError
from wattif.extras import needs
from wattif.model.classes import CLASSES
from wattif.model.scenario import fleet_of, world_of
from wattif.show import data
from wattif.spec import Spec


def show(
    spec: Spec,
    out: Path,
    *,
    meter: int | None = None,
    meter_class: str | None = None,
    first_day: date | None = None,
) -> None:
    """Draw one meter, a class of meters or, without either, the fleet, from *first_day* to the end of *spec*.

    `InvalidValue` when there is nothing to draw.
    """
    with needs("plot"):
        from wattif.show import figure  # matplotlib is slow to import

    first = first_day or spec.start
    days = (spec.end - first).days + 1
    if meter is not None:
        picture = figure.draw_meter(_meter(spec, meter, first, days))
    else:
        picture = figure.draw_group(_group(spec, meter_class, first, days))
    try:
        figure.save(picture, out)
    except OSError as error:
        raise WattIfError(f"`out` {out}: cannot be written: {error.strerror}; name another file") from None


def _meter(spec: Spec, meter: int, first: date, days: int) -> data.MeterData:
    world = world_of(spec)
    return data.meter_data(world, fleet_of(spec, world, meter + 1), meter, first, days)


def _group(spec: Spec, meter_class: str | None, first: date, days: int) -> data.GroupData:
    world = world_of(spec)
    fleet = fleet_of(spec, world)
    if meter_class is None:
        members = np.arange(spec.meters)
    else:
        ids: list[str] = [each.id for each in CLASSES]
        members = np.flatnonzero(fleet.meter_class == ids.index(meter_class))
    if len(members) == 0:
        raise InvalidValue(
            "meter_class",
            meter_class,
            f"none of the {spec.meters:,} meters belongs to it; raise `meters`, or its share with `class_mix`",
        )
    return data.group_data(world, fleet, members, first, days, name=meter_class or "fleet")
