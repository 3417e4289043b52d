"""What is delivered of a unit, a pure function of it: table -> blocks -> encoder -> compressor -> bytes.

With faults, there is more around the encoder: `wattif.engine.faulty_content`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from wattif.compress.compressor import Compressor
from wattif.encode.encoder import Bytes
from wattif.engine.plan import Plan
from wattif.lake import layout
from wattif.model.scenario import Scenario
from wattif.tables.block import Block
from wattif.tables.readings import TABLE
from wattif.tables.unit import Unit

if TYPE_CHECKING:
    import pyarrow as pa


class Piece(NamedTuple):
    """The next bytes of an object."""

    name: str
    data: Bytes
    rows: int  # in it


class Content(Protocol):
    """What is delivered of a unit. Threads may share it."""

    @property
    def content_type(self) -> str:
        """The media type of the objects."""

    def names(self, unit: Unit) -> Sequence[str]:
        """The objects that may be delivered."""

    def pieces(self, unit: Unit, labels: list[pa.Table]) -> Iterator[Piece]:
        """The bytes of all objects; each piece is valid until the next one. What went wrong is added to *labels*."""


class CleanContent:
    """The object of any unit of a table when nothing goes wrong on the way."""

    def __init__(
        self, blocks_of: Callable[[Unit], Iterator[Block]], compressor: Compressor, name_of: Callable[[Unit], str]
    ) -> None:
        self.blocks_of = blocks_of
        self.compressor = compressor
        self.encoder = compressor.encoder
        self.name = name_of
        self.content_type = compressor.content_type or self.encoder.content_type
        self.extension = self.encoder.extension + compressor.suffix

    def names(self, unit: Unit) -> Sequence[str]:
        """See `Content.names`."""
        return [self.name(unit)]

    def pieces(self, unit: Unit, labels: list[pa.Table]) -> Iterator[Piece]:
        """See `Content.pieces`; nothing goes wrong."""
        name, encoder = self.name(unit), self.encoder.open()
        compressor = self.compressor.open(encoder)
        yield Piece(name, compressor.data(encoder.start()), 0)
        for block in self.blocks_of(unit):
            yield Piece(name, compressor.block(block), len(block.places))
        yield Piece(name, compressor.data(encoder.finish()), 0)
        yield Piece(name, compressor.finish(), 0)

    def warm_up(self, unit: Unit) -> None:
        """Compile or load the kernels that objects such as that of *unit* need."""
        encoder = self.encoder.open()
        compressor = self.compressor.open(encoder)
        compressor.data(encoder.start())
        compressor.block(next(self.blocks_of(unit)))
        compressor.data(b"\n")  # what has its text made first is compressed in another way
        compressor.data(encoder.finish())
        compressor.finish()

    def blocks(self, unit: Unit) -> Iterator[Bytes]:
        """The same bytes, without what is empty."""
        return (piece.data for piece in self.pieces(unit, []) if len(piece.data))


def clean_content(plan: Plan, scenario: Scenario) -> CleanContent:
    """The objects of the readings that *plan* makes of *scenario*."""

    def name_of(unit: Unit) -> str:
        if plan.meters_per_file == 1:
            return layout.meter_readings_name(unit.day, int(scenario.fleet.part(unit.first, 1).macs[0]), plan.extension)
        return layout.unit_name(TABLE, unit, plan.extension)

    return CleanContent(TABLE.blocks(scenario, plan.columns), plan.compressor, name_of)
