"""What has to be made: batches of files, day by day, and how large everything is. Nothing is listed in advance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from wattif.compress import compressor_of
from wattif.compress.compressor import Compressor
from wattif.encode import encoder_of, encoder_type
from wattif.encode.encoder import Encoder, RowSchema
from wattif.engine.shard import ALL, Shard
from wattif.errors import InvalidValue
from wattif.faults.damage import check_format
from wattif.faults.drift import drifted
from wattif.faults.rates import FaultRates, rates_of
from wattif.lake.identity import Identity
from wattif.model.scenario import world_of
from wattif.numeric.calendar import DAY_S
from wattif.spec import Spec
from wattif.tables.column import Column
from wattif.tables.readings import READINGS, fields_of
from wattif.tables.table import LakeTable
from wattif.tables.unit import Unit


@dataclass(frozen=True)
class Batch:
    """Units of one table and partition that are uploaded and committed together."""

    day: date
    index: int
    units: tuple[Unit, ...]

    @property
    def table(self) -> str:
        """The table."""
        return self.units[0].table

    @property
    def identity(self) -> dict[str, Any]:
        """What the events of a batch have in common."""
        return {"table": self.table, "partition": self.day.isoformat(), "index": self.index}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All batches of one table between two days, in order."""

    start: date
    end: date
    meters: int  # or whatever else the table is about
    meters_per_file: int
    batch_files: int
    rows_per_meter: int  # on a day
    compressor: Compressor
    faults: FaultRates = field(default_factory=FaultRates)
    table: str = READINGS
    sampled_row_bytes: float | None = None  # of some rows that were made, where sizes follow from values

    @classmethod
    def of(cls, spec: Spec) -> Plan:
        """The plan of what *spec* asks for; `InvalidValue` names what is unknown, or what a format cannot carry."""
        schema = RowSchema(columns=fields_of(spec), text_width=max(map(len, spec.city_ids)))
        encoder, faults = _encoder(spec, schema, READINGS), rates_of(spec)
        check_format(faults, encoder)
        return cls(
            start=spec.start,
            end=spec.end,
            meters=spec.meters,
            meters_per_file=spec.meters_per_file,
            batch_files=spec.batch_files,
            rows_per_meter=DAY_S // spec.interval,
            compressor=compressor_of(spec.compression, encoder),
            faults=faults,
        )

    @classmethod
    def of_table(cls, spec: Spec, table: LakeTable) -> Plan:
        """The plan of another *table* that is made in units; nothing happens to it on the way.

        `ValueError` when its partitions are not the days of the dataset.
        """
        partitions = list(table.partitions(spec))
        days = [spec.start + timedelta(days=n) for n in range((spec.end - spec.start).days + 1)]
        if partitions != [day.isoformat() for day in days]:
            raise ValueError(f"{table.name}: a table that is made in units has a partition per day")
        entities = table.entities(spec, partitions[0])
        encoder = _encoder(spec, RowSchema(columns=table.columns_in(spec)), table.name)
        return cls(
            start=spec.start,
            end=spec.end,
            meters=entities,
            meters_per_file=spec.meters_per_file,
            batch_files=spec.batch_files,
            rows_per_meter=-(-table.rows(spec, partitions[0]).rows // entities),
            compressor=compressor_of(spec.compression, encoder),
            table=table.name,
        )

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of a row, in order."""
        return self.encoder.schema.columns

    @property
    def encoder(self) -> Encoder:
        """What makes the bytes of rows."""
        return self.compressor.encoder

    @property
    def extension(self) -> str:
        """What the names of the objects end with."""
        return self.encoder.extension + self.compressor.suffix

    @property
    def is_about(self) -> bool:
        """Whether how many bytes a row takes follows from its values, and is mostly less than it may be."""
        return self.row_width is None and self.row_bytes < self.compressor.row_room

    @property
    def row_width(self) -> int | None:
        """Bytes of every row; None when the size of an object shows only when it is made."""
        return self.compressor.row_width

    @property
    def row_bytes(self) -> float:
        """Bytes of a row before anything goes wrong; about so many where they are not the same for all rows."""
        return self.sampled_row_bytes or self.compressor.usual_row_bytes

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days + 1

    @property
    def files_per_day(self) -> int:
        """Files of a day."""
        return -(-self.meters // self.meters_per_file)

    @property
    def batches_per_day(self) -> int:
        """Batches of a day."""
        return -(-self.files_per_day // self.batch_files)

    @property
    def interval_s(self) -> int:
        """Seconds between two rows of a meter."""
        return DAY_S // self.rows_per_meter

    @property
    def rows(self) -> int:
        """Rows of all meters on all days."""
        return self.days * self.meters * self.rows_per_meter

    @property
    def size(self) -> int:
        """Bytes of all readings, as `row_bytes` has them."""
        return round(self.rows * self.row_bytes) + self.days * self.files_per_day * self._besides_rows

    @property
    def _besides_rows(self) -> int:
        """Bytes of an object besides its rows, where its size is known beforehand: a header."""
        return 0 if self.row_width is None else self.compressor.object_room

    @cached_property
    def widest(self) -> Compressor:
        """What makes the bytes of rows that are as wide as they may become."""
        if self.faults.schema_drift is None:
            return self.compressor
        return type(self.compressor)(self.encoder.with_schema(drifted(self.encoder.schema, self.faults.drift)[0]))

    def _room(self, rows: int, units: int = 1) -> int:
        """Most bytes that the files of *units* with so many *rows* may take in staging, with all copies."""
        widest, faults = self.widest, self.faults
        return widest.row_room * faults.copies * rows + widest.object_room * faults.objects_per_file * units

    def rows_of(self, unit: Unit) -> int:
        """All readings of *unit*, before anything goes wrong."""
        return unit.count * self.rows_per_meter

    def size_of(self, unit: Unit) -> int:
        """Bytes of all its readings, as `row_bytes` has them."""
        return round(self.rows_of(unit) * self.row_bytes) + self._besides_rows

    def room_of(self, unit: Unit) -> int:
        """Most bytes that the unit's files may take in staging."""
        return self._room(self.rows_of(unit))

    @property
    def largest_file(self) -> int:
        """Most bytes that a unit's files may take in staging."""
        return self._room(min(self.meters_per_file, self.meters) * self.rows_per_meter)

    @property
    def largest_batch(self) -> int:
        """Most bytes that a batch may take in staging."""
        meters = min(self.meters_per_file * self.batch_files, self.meters)
        return self._room(meters * self.rows_per_meter, min(self.batch_files, self.files_per_day))

    @property
    def day_units(self) -> tuple[tuple[Unit, int], ...]:
        """Units as those of the first day are, and how many: all but the last are alike."""
        last = self.files_per_day - 1
        return ((self._unit(self.start, 0), last), (self._unit(self.start, last), 1))

    def batch(self, day: date, index: int) -> Batch:
        """Batch *index* of *day*."""
        first = index * self.batch_files
        last = min(first + self.batch_files, self.files_per_day)
        return Batch(day, index, tuple(self._unit(day, number) for number in range(first, last)))

    def position_of(self, batch: Batch) -> int:
        """The number of *batch* among all of the table's, from 0."""
        return (batch.day - self.start).days * self.batches_per_day + batch.index

    def batches(self) -> Iterator[Batch]:
        """All batches, day by day."""
        for number in range(self.days):
            for index in range(self.batches_per_day):
                yield self.batch(self.start + timedelta(days=number), index)

    def _unit(self, day: date, number: int) -> Unit:
        first = number * self.meters_per_file
        return Unit(self.table, day.isoformat(), first, min(self.meters_per_file, self.meters - first))


def _encoder(spec: Spec, schema: RowSchema, table: str) -> Encoder:
    """The encoder of rows of *table*."""
    if encoder_type(spec.format).has_metadata:
        dataset = Identity.of(spec, world_of(spec).cities)
        told = {"wattif.dataset": dataset.fingerprint, "wattif.version": str(dataset.version), "wattif.table": table}
        schema = replace(schema, metadata=tuple(told.items()))
    return encoder_of(spec.format, schema, spec.format_options)


def batches_of(plans: Sequence[Plan], shard: Shard = ALL) -> Iterator[Batch]:
    """The batches of all *plans* that fall to *shard*: day by day, so that a day is complete early.

    *plans* have the same days.
    """
    number = 0
    for day in range(plans[0].days):
        for plan in plans:
            for own in shard.of(range(number, number + plan.batches_per_day)):
                yield plan.batch(plan.start + timedelta(days=day), own - number)
            number += plan.batches_per_day


@dataclass(frozen=True)
class Totals:
    """How much some batches are, before anything goes wrong."""

    rows: int
    bytes: int
    batches: int


def totals(plans: Sequence[Plan], shard: Shard = ALL) -> Totals:
    """How much falls to *shard*. All batches of a table but the last of a day are alike, so only two are looked at."""
    rows = size = batches = number = 0
    for day in range(plans[0].days):
        for plan in plans:
            numbers = range(number, number + plan.batches_per_day)
            for index, count in ((0, len(shard.of(numbers[:-1]))), (len(numbers) - 1, len(shard.of(numbers[-1:])))):
                if count:
                    units = plan.batch(plan.start + timedelta(days=day), index).units
                    rows += count * sum(map(plan.rows_of, units))
                    size += count * sum(map(plan.size_of, units))
            batches += len(shard.of(numbers))
            number = numbers.stop
    return Totals(rows, size, batches)


def staging_needed(plans: Sequence[Plan], write_workers: int) -> int:
    """The smallest staging limit, in bytes: one batch on its way, one in the making, a file per worker."""
    largest_batch = max(plan.largest_batch for plan in plans)
    return 2 * largest_batch + write_workers * max(plan.largest_file for plan in plans)


def check_staging(plans: Sequence[Plan], limit: int, write_workers: int) -> None:
    """`InvalidValue` when *limit* bytes of staging are too few to keep disk and network busy."""
    needed = staging_needed(plans, write_workers)
    if limit < needed:
        raise InvalidValue(
            "staging_limit",
            limit,
            f"cannot hold two batches and a file for each of {write_workers} write workers; raise it to at least"
            f" {needed} ({needed / 2**20:.0f} MiB), or make files and batches smaller: `meters_per_file`,"
            " `batch_files`",
        )
