"""From the settings to the picture on the disk."""

from __future__ import annotations

import numpy as np

from wattif.errors import UsageError, WattIfError
from wattif.model.classes import CLASSES
from wattif.model.scenario import fleet_of, world_of
from wattif.show import data
from wattif.show.settings import ShowSettings


def show(settings: ShowSettings) -> None:
    """Draw what *settings* ask for into their file; `UsageError` when there is nothing to draw."""
    from wattif.show import figure  # matplotlib is slow to import

    picture = figure.draw_meter(_meter(settings)) if settings.meter is not None else figure.draw_group(_group(settings))
    try:
        figure.save(picture, settings.out)
    except OSError as error:
        raise WattIfError(f"--out {settings.out}: cannot be written: {error.strerror}; name another file") from None


def _meter(settings: ShowSettings) -> data.MeterData:
    assert settings.meter is not None
    world = world_of(settings)
    fleet = fleet_of(settings, world, settings.meter + 1)
    return data.meter_data(world, fleet, settings.meter, settings.first, settings.days)


def _group(settings: ShowSettings) -> data.GroupData:
    world = world_of(settings)
    fleet = fleet_of(settings, world)
    if settings.meter_class is None:
        members = np.arange(settings.meters)
    else:
        ids = [each.id for each in CLASSES]
        members = np.flatnonzero(fleet.meter_class == ids.index(settings.meter_class))
    if len(members) == 0:
        raise UsageError(
            f"--class {settings.meter_class}: none of the {settings.meters:,} meters belongs to it;"
            " raise --meters, or its share with --class-mix"
        )
    return data.group_data(world, fleet, members, settings.meter_class or "fleet", settings.first, settings.days)
