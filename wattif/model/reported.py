"""What meters report: the model's readings, and at the meters where something goes wrong what they say instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wattif.model import quantities
from wattif.model.anomalies import Event
from wattif.model.anomaly_kinds import KINDS
from wattif.model.electrical import reported_load
from wattif.model.fleet import Fleet
from wattif.model.measuring import NONE, MeterEvents, energies, true_day
from wattif.model.world import MeterDays, World
from wattif.numeric.calendar import day_number, day_of

_REGISTER_WH = quantities.REGISTER_MAX_WH + 1  # where it restarts
_VOLTAGE_MAX_DV = quantities.VOLTAGE_MAX_DV
_NUMBERED = quantities.SEQ  # what stands before it is measured


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What the numbers of a block cannot say of one of its meters; arrays have one element per reading."""

    place: int  # of the meter in the block
    sent: NDArray[np.bool_] | None  # the rows that are sent; None for all
    clock_s: NDArray[np.int64] | None  # how far its clock is ahead
    negative: NDArray[np.bool_] | None  # where its power has the wrong sign


class ReportedDays:
    """Computes what meters report on a day, as `MeterDays` does the truth. Not thread-safe."""

    def __init__(
        self, world: World, fleet: Fleet, events: Mapping[int, MeterEvents], *, electrical: bool = True
    ) -> None:
        self._world = world
        self._fleet = fleet
        self._days = MeterDays(world, fleet, electrical=electrical)
        self._events = events
        self._electrical = electrical

    @property
    def block_meters(self) -> int:
        """How many meters one call should compute."""
        return self._days.block_meters

    def compute(self, day: date, first_meter: int, meters: int) -> tuple[NDArray[np.int64], list[Mark]]:
        """The columns that `MeterDays.compute` gives, as they are reported, and what they cannot say.

        Rows that are not sent have columns, too: those of what the meter measured.
        """
        if not self._events:
            return self._days.compute(day, first_meter, meters), []
        number = day_number(day)
        affected = [
            (place, self._events[first_meter + place]) for place in range(meters) if first_meter + place in self._events
        ]
        ledger = self._days.ledger
        for place in range(meters):
            ledger.lost_mwh[place] = ledger.lost_export_mwh[place] = 0
        for place, of_meter in affected:
            ledger.lost_mwh[place], ledger.lost_export_mwh[place] = of_meter.lost_before(number)
        columns = self._days.compute(day, first_meter, meters)
        marks: list[Mark] = []
        events = ((place, of_meter.on(number)) for place, of_meter in affected)
        active = [(place, measured) for place, measured in events if measured is not None]
        if active:
            columns = columns.copy()  # the model goes on from what it left in its own
        for place, measured in active:
            own = columns[place]
            registers = int(ledger.register_mwh[place]), int(ledger.export_register_mwh[place])
            mark = self._report(measured.event, place, number, own, registers)
            marks += [mark] if mark is not None else []
        return columns, marks

    def _report(
        self, event: Event, place: int, day: int, own: NDArray[np.int64], registers: tuple[int, int]
    ) -> Mark | None:
        """Write over a meter's columns what it reports."""
        true = true_day(self._world, event, day, own, registers)
        report = KINDS[event.kind].report(true, event)
        inside = true.inside(event)
        energy_mwh, export_mwh = energies(report, true, inside)
        negative = None
        if report.energy_mwh is not None:
            own[quantities.CONSUMPTION_MWH] = energy_mwh
            own[quantities.POWER_W] = _power_w(energy_mwh, self._world.interval_s)
            own[quantities.REGISTER_WH] = (registers[0] + np.cumsum(energy_mwh)) // 1000 % _REGISTER_WH
        if report.export_mwh is not None:
            own[quantities.EXPORT_MWH] = export_mwh
            own[quantities.EXPORT_REGISTER_WH] = (registers[1] + np.cumsum(export_mwh)) // 1000 % _REGISTER_WH
        if report.backwards:
            negative = np.zeros(len(energy_mwh), np.bool_)
            negative[inside] = (export_mwh > energy_mwh)[inside]
            own[quantities.POWER_W, negative] = _power_w(export_mwh[negative], self._world.interval_s)
        if report.restart is not None:
            for column, mwh in ((quantities.REGISTER_WH, energy_mwh), (quantities.EXPORT_REGISTER_WH, export_mwh)):
                own[column, report.restart :] = np.cumsum(mwh[report.restart :]) // 1000
        if report.register_mwh is not None:
            own[quantities.REGISTER_WH, inside] = report.register_mwh[inside] // 1000
        if report.voltage is not None:
            voltage = np.floor(own[quantities.VOLTAGE_DV] * report.voltage + 0.5).astype(np.int64)
            own[quantities.VOLTAGE_DV, inside] = np.minimum(voltage, _VOLTAGE_MAX_DV)[inside]
        if report.status is not None:
            own[quantities.STATUS, inside] = report.status[inside]
        if self._electrical and (report.energy_mwh is not None or report.voltage is not None):
            interval_s = self._world.interval_s
            reported_load(self._world.seed, event.meter, interval_s, inside.start, inside.stop, own)
        if report.partner is not None:
            own[:_NUMBERED, inside] = self._true_columns(report.partner, day)[:_NUMBERED, inside]
        if report.shown is not None:
            own[:_NUMBERED, inside] = own[:_NUMBERED, report.shown[inside]]
        sent, clock_s = None, None
        if report.sent is not None:
            sent = np.ones(len(energy_mwh), np.bool_)
            sent[inside] = report.sent[inside]
        if report.clock_s is not None:
            clock_s = np.zeros(len(energy_mwh), np.int64)
            clock_s[inside] = report.clock_s[inside]
        return (
            None
            if sent is None and clock_s is None and negative is None
            else Mark(place=place, sent=sent, clock_s=clock_s, negative=negative)
        )

    @cached_property
    def _partners(self) -> MeterDays:
        return MeterDays(self._world, self._fleet, electrical=self._electrical)

    def _true_columns(self, meter: int, day: int) -> NDArray[np.int64]:
        """What a meter to which nothing happens on *day* measures; its registers know of earlier days."""
        ledger = self._partners.ledger
        ledger.lost_mwh[0], ledger.lost_export_mwh[0] = self._events.get(meter, NONE).lost_before(day)
        columns: NDArray[np.int64] = self._partners.compute(day_of(day), meter, 1)[0]
        return columns


def _power_w(energy_mwh: NDArray[np.int64], interval_s: int) -> NDArray[np.int64]:
    watts: NDArray[np.int64] = (energy_mwh * (3600 // interval_s) + 500) // 1000
    return watts
