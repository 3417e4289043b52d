"""The hours of some meters in a month as they are measured, delivered and deduplicated, from the spec alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from threading import Event

import numpy as np
from numpy.typing import NDArray

from wattif.answers.arrival_counts import ArrivalCounts
from wattif.answers.far_clocks import FarClocks
from wattif.answers.hour_parts import (
    DEDUPLICATED,
    DELIVERED,
    MEASURED,
    WITHOUT,
    PartHours,
    Renamed,
    Span,
)
from wattif.answers.local_sums import LocalZones
from wattif.engine.plan import Plan
from wattif.errors import Interrupted
from wattif.faults.plan import FaultPlan
from wattif.model import quantities
from wattif.model.reported import Mark, ReportedDays
from wattif.model.scenario import Scenario
from wattif.numeric.calendar import DAY_S, day_number, day_of, month_after
from wattif.tables import hour_kernels as kernels
from wattif.tables.column import Column
from wattif.tables.expected import VIEWS
from wattif.tables.readings import reading_fields

BLOCK_METERS = 200  # many share the weather and the calendar of a day, few stay small
_DAY = timedelta(days=1)


class Hours:
    """Computes parts; each is a pure function of the spec, so that threads may share this.

    Memory: a part takes meters * hours * width * 8 bytes per view, 200 * 744 * 10 * 8 = 12 MB for the default columns,
    36 MB when faults make three views of it, and about twice as much with moments and checksums.
    """

    def __init__(
        self,
        scenario: Scenario,
        plan: Plan,
        faults: FaultPlan | None,
        *,
        checked: Sequence[Column] | None = None,
        renamed: Renamed | None = None,
        zones: LocalZones | None = None,
    ) -> None:
        """*checked*: also make moments, checksums of these numbers, mixed in this order, and count odd readings."""
        self._scenario = scenario
        self._plan = plan
        self._faults = faults
        self._moments = checked is not None
        self._checked = np.array([each.quantity for each in checked or ()], np.int64)
        self._renamed = renamed
        self._zones = zones
        energy = reading_fields(plan.interval_s)["consumption_wh"]
        numbers = [each for each in plan.columns if each.kind == "number" and each != energy]
        # energy comes first, whether it is written or not
        self.fields: tuple[Column, ...] = (energy, *numbers)
        self._quantities = np.array([each.quantity for each in self.fields])
        self._electrical = any(each.quantity in quantities.ELECTRICAL for each in self.fields)
        self._of_thread = threading.local()
        days = range(day_number(plan.start), day_number(plan.end) + 1)
        events = (each for of_meter in scenario.events.values() for each in of_meter.all)
        self._far = FarClocks(events, days, int(zones is not None))

    @property
    def views(self) -> int:
        """How many views the parts have: one stands for all when nothing goes wrong on the way."""
        return 1 if self._faults is None else len(VIEWS)

    def parts(self) -> Iterator[Span]:
        """All parts, month by month; a wrong clock may put readings into the months before and after the dataset's,
        and one that was reset into others.
        """
        around = _DAY * (bool(self._scenario.events) + (self._zones is not None))
        month, last = (self._plan.start - around).replace(day=1), self._plan.end + around
        months = self._far.months()
        while month <= last:
            months.add(month)
            month = month_after(month)
        for month in sorted(months):
            for first in range(0, self._plan.meters, BLOCK_METERS):
                yield Span(month, first, min(BLOCK_METERS, self._plan.meters - first))

    def compute(self, part: Span, stop: Event) -> PartHours:
        """The hours of *part*; `Interrupted` when *stop* is set meanwhile."""
        if not hasattr(self._of_thread, "days"):
            world, fleet, events = self._scenario.world, self._scenario.fleet, self._scenario.events
            self._of_thread.days = ReportedDays(world, fleet, events, electrical=self._electrical)
        arrivals = None if self._faults is None else ArrivalCounts(self._scenario, self._plan, self._faults)
        width = kernels.cell_width(len(self.fields), self._moments)
        shape = (self.views, part.meters, len(part.days) * 24)
        made = PartHours(
            part,
            np.zeros((*shape, width), np.int64),
            np.zeros((self.views, len(part.days), kernels.TOTALS + len(self.fields)), np.int64),
            np.zeros((*shape, 3) if self._moments else (0, 0, 0, 3), np.int64),
            np.zeros((self.views, part.meters, len(part.days) if self._zones else 0, 2), np.int64),
        )
        around = len(self._whole_days(part)) - len(part.days)
        near = range(part.days.start - 1 - around // 2, part.days.stop + 1 + around // 2)
        for number in near:
            day = day_of(number)
            if stop.is_set():
                raise Interrupted("stopped")
            if self._plan.start <= day <= self._plan.end:
                for first, meters in self._blocks(part, day):
                    self._add(made, day, first, meters, arrivals)
        for number, meter in self._far.days_of(part):
            if number not in near:
                self._add(made, day_of(number), meter, 1, arrivals)
        if self.views > 1:
            self._sum_up(made)
        if arrivals is not None:
            made.causes.update(arrivals.causes)
        return made

    def _whole_days(self, part: Span) -> range:
        """The UTC days of which all readings may be the part's: also those of which local days have a share."""
        around = 0 if self._zones is None else 1
        return range(part.days.start - around, part.days.stop + around)

    def _blocks(self, part: Span, day: date) -> Iterator[tuple[int, int]]:
        """Neighbours whose readings of *day* may fall into the part: of the days around it, those with an event."""
        end = part.first_meter + part.meters
        if day_number(day) not in self._whole_days(part):
            for meter in range(part.first_meter, end):
                of_meter = self._scenario.events.get(meter)
                if of_meter is not None and of_meter.on(day_number(day)) is not None:
                    yield meter, 1
            return
        first = part.first_meter
        while first < end:
            neighbours = self._scenario.world.network.neighbors(first)
            last = min(first + min(self._of_thread.days.block_meters, neighbours), end)
            yield first, last - first
            first = last

    def _add(self, made: PartHours, day: date, first: int, meters: int, arrivals: ArrivalCounts | None) -> None:
        days: ReportedDays = self._of_thread.days
        columns, marks = days.compute(day, first, meters)
        part, by_place = made.part, {mark.place: mark for mark in marks}
        number, place = day_number(day), first - part.first_meter
        has_renamed = self._renamed is not None and day >= self._renamed.since
        inside = number in part.days
        at = number - part.days.start
        totals = made.totals[:, at] if inside else np.zeros_like(made.totals[:, 0])
        for mark in marks:
            if mark.negative is not None:
                columns[mark.place, quantities.POWER_W, mark.negative] *= -1
        if self._renamed is not None and has_renamed:
            columns = columns.copy()  # what the model keeps from one day to the next stays as it is
            renamed = next(each for each in self.fields if each.name == self._renamed.column)
            columns[:, renamed.quantity] = 0
        if inside:
            plain = np.array([n not in by_place for n in range(meters)])
            window = made.cells[MEASURED, place : place + meters, at * 24 : (at + 1) * 24]
            kernels.add_days(columns, plain, self._quantities, self._checked, self._moments, window, totals[MEASURED])
            if has_renamed:
                made.odd[MEASURED, place : place + meters, at * 24 : (at + 1) * 24, WITHOUT] += (
                    plain[:, None] * self._plan.rows_per_meter // 24
                )
        whole = number in self._whole_days(part)
        if whole and self._zones is not None:
            plain = np.array([n not in by_place for n in range(meters)])
            kernels.add_local_days(
                columns[:, quantities.CONSUMPTION_MWH],
                plain,
                number * DAY_S,
                self._plan.interval_s,
                *self._zones.places(part.month, first),
                made.local[MEASURED, place : place + meters],
            )
        for n in range(meters):
            of_meter = by_place.get(n)
            if of_meter is not None or (arrivals is not None and whole):
                times = None
                if arrivals is not None:
                    times = arrivals.times(day, first + n, None if of_meter is None else of_meter.sent, count=inside)
                self._add_rows(
                    made,
                    columns[n],
                    place=place + n,
                    at=at,
                    totals=totals,
                    mark=of_meter,
                    times=times,
                    has_renamed=has_renamed,
                )

    def _add_rows(
        self,
        made: PartHours,
        columns: NDArray[np.int64],
        *,
        place: int,
        at: int,
        totals: NDArray[np.int64],
        mark: Mark | None,
        times: NDArray[np.int64] | None,
        has_renamed: bool,
    ) -> None:
        """Add a meter's day whose rows differ: in the measured view, and in the others what differs from that one."""
        interval_s = self._plan.interval_s
        count = self._plan.rows_per_meter
        times_s = at * 86_400 + np.arange(count) * interval_s
        sent = np.ones(count, np.int64)
        if mark is not None:
            times_s += 0 if mark.clock_s is None else mark.clock_s
            sent = sent if mark.sent is None else mark.sent.astype(np.int64)

        energy = columns[quantities.CONSUMPTION_MWH]
        hours = times_s // 3600
        within = (hours >= 0) & (hours < made.cells.shape[2])
        odd = None
        if self._moments and (has_renamed or (mark is not None and mark.clock_s is not None)):
            of_row = (np.full(count, has_renamed), times_s % interval_s != 0, times_s // DAY_S != at)
            odd = np.stack(of_row, axis=1).astype(np.int64)

        def add(view: int, weights: NDArray[np.int64]) -> None:
            cells, total = made.cells[view, place], totals[view]
            kernels.add_rows(
                columns, times_s, weights, self._quantities, self._checked, self._moments, interval_s, cells, total
            )
            if self._zones is not None:
                since_1970_s = times_s + made.part.days.start * DAY_S
                days = self._zones.places(made.part.month, made.part.first_meter + place)
                kernels.add_local_rows(energy, since_1970_s, weights, *days, made.local[view, place])
            if odd is not None:
                np.add.at(made.odd[view, place], hours[within], odd[within] * weights[within, None])

        if mark is not None:
            add(MEASURED, sent)
            totals[MEASURED, kernels.METERS] += bool(sent.any())
            kernels.raise_largest(energy, times_s, sent > 0, made.cells[MEASURED, place])
        if times is not None:
            once = np.minimum(times, 1)
            add(DELIVERED, times - sent)
            add(DEDUPLICATED, once - sent)
            totals[DELIVERED, kernels.METERS] += bool(once.any())
            kernels.raise_largest(energy, times_s, once > 0, made.cells[DELIVERED, place])

    @staticmethod
    def _sum_up(made: PartHours) -> None:
        """From what differs to the whole; what is largest, and who has rows at all, is the same without doubles."""
        made.cells[DEDUPLICATED, ..., kernels.LARGEST] = made.cells[DELIVERED, ..., kernels.LARGEST]
        made.totals[DEDUPLICATED, :, kernels.METERS] = made.totals[DELIVERED, :, kernels.METERS]
        for view in (DELIVERED, DEDUPLICATED):
            made.cells[view, ..., kernels.READINGS] += made.cells[MEASURED, ..., kernels.READINGS]
            made.cells[view, ..., kernels.SUMS :] += made.cells[MEASURED, ..., kernels.SUMS :]
            made.totals[view, :, kernels.ROWS] += made.totals[MEASURED, :, kernels.ROWS]
            made.totals[view, :, kernels.TOTALS :] += made.totals[MEASURED, :, kernels.TOTALS :]
            made.local[view] += made.local[MEASURED]
            if made.odd.size:
                made.odd[view] += made.odd[MEASURED]
