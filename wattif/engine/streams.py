"""The tables of a dataset that are made unit by unit, and what is delivered of them."""

from __future__ import annotations

from dataclasses import dataclass

from wattif.engine.content import CleanContent, Content, clean_content
from wattif.engine.faulty_content import faulty_content
from wattif.engine.plan import Plan
from wattif.lake import layout
from wattif.model.scenario import Scenario, scenario_of
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.tables.readings import READINGS
from wattif.tables.readings import TABLE as READINGS_TABLE
from wattif.tables.table import LakeTable
from wattif.tables.unit import Unit


@dataclass(frozen=True, kw_only=True)
class Stream:
    """What is to be made of a table, and the bytes of each unit."""

    table: LakeTable
    plan: Plan
    clean: CleanContent  # when nothing goes wrong on the way
    content: Content

    def warm_up(self) -> None:
        """Compile or load the kernels, before any clock runs."""
        unit = self.plan.batch(self.plan.start, 0).units[0]
        self.clean.warm_up(unit)
        if self.content is not self.clean:
            next((piece for piece in self.content.pieces(unit, []) if piece.rows), None)


def streams_of(spec: Spec, scenario: Scenario) -> list[Stream]:
    """Those of the dataset: the readings first."""
    plan = Plan.of(spec)
    clean = clean_content(plan, scenario)
    readings = Stream(table=READINGS_TABLE, plan=plan, clean=clean, content=faulty_content(plan, spec.seed, clean))
    return [readings, *(_stream_of(table, spec, scenario) for table in tables_in_units(spec))]


def tables_in_units(spec: Spec) -> list[LakeTable]:
    """The tables of the dataset that are made in units, but the readings."""
    return [table for table in catalog.lake_tables_of(spec, "stream") if table.name != READINGS]


def plans_of(spec: Spec) -> list[Plan]:
    """The plans of all tables that are made in units: the readings first."""
    return [Plan.of(spec), *(Plan.of_table(spec, table) for table in tables_in_units(spec))]


def _stream_of(table: LakeTable, spec: Spec, scenario: Scenario) -> Stream:
    plan = Plan.of_table(spec, table)
    blocks_of = table.blocks(scenario, plan.columns)
    clean = CleanContent(blocks_of, plan.compressor, lambda unit: layout.unit_name(table, unit, plan.extension))
    return Stream(table=table, plan=plan, clean=clean, content=clean)


def content_of(spec: Spec, unit: Unit, scenario: Scenario | None = None) -> dict[str, bytes]:
    """All that is delivered of *unit*, by the name of the object: in any process, without anything but the two.

    *scenario*: that of the spec, where it is made already.
    """
    streams = streams_of(spec, scenario or scenario_of(spec))
    content = next(stream.content for stream in streams if stream.plan.table == unit.table)
    objects: dict[str, bytearray] = {}
    for piece in content.pieces(unit, []):
        objects.setdefault(piece.name, bytearray()).extend(piece.data)
    return {name: bytes(data) for name, data in objects.items()}
