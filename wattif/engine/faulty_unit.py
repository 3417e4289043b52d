"""One delivery of a unit whose rows meet faults on the way: what arrives, and the labels of what happened."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wattif.compress.compressor import Compressor
from wattif.encode.encoded_rows import EncodedRows
from wattif.encode.encoder import Bytes, Encoder
from wattif.engine.content import CleanContent, Piece
from wattif.engine.row_labels import Damage, HappenedRows, Texts, label_chunks
from wattif.faults.arrange import PARTIAL
from wattif.faults.damage import corrupt, cut
from wattif.faults.rows import Arrival, CodedBlock, RowEvents, RowFaults
from wattif.tables.block import Block, TakenRows

_own = threading.local()  # a buffer for what arrives of a block


class FaultyUnit:
    """*names*: of the main object, and of the one with late rows; *drifted*: of rows of another schema."""

    def __init__(
        self, clean: CleanContent, faults: RowFaults, names: tuple[str, str], drifted: Compressor | None = None
    ) -> None:
        self._name, self._late_name = self._names = names
        self._original_encoder = clean.encoder if drifted else None  # of rows as they were before the drift
        self._compressor = drifted or clean.compressor
        self._encoder = self._compressor.encoder
        self._faults = faults
        self._lines = 0  # of the main object, so far
        self._happened: list[HappenedRows] = []
        self._late_order = np.zeros(0, np.int64)

    def pieces(self, blocks: Iterator[Block]) -> Iterator[Piece]:
        """The main object with the rows of *blocks*, then the one with its late rows."""
        encoder = self._encoder.open()
        compressor = self._compressor.open(encoder)
        yield self._piece(compressor.data(encoder.start()), 0)  # an object arrives even if all of its rows are dropped
        in_ranges = encoder.is_text or encoder.row_width is not None
        for coded in self._faults.coded(blocks):
            if not coded.codes.any():
                yield self._piece(compressor.block(coded.block), len(coded.codes))
                continue
            arrival = self._faults.arrival(coded)
            data = (self._ranges if in_ranges else self._selected)(encoder, coded, arrival)
            yield self._piece(compressor.data(data), arrival.lines)
        yield self._piece(compressor.data(encoder.finish()), 0)
        yield self._piece(compressor.finish(), 0)
        self._happened.sort(key=lambda each: each.first_row)  # a block may have been held back
        if any(each.late is not None for each in self._happened):
            yield from self._late_object()

    def labels(self) -> list[pa.Table]:
        """The labels of rows, once all pieces were made; nothing when nothing happened."""
        if not self._happened:
            return []
        lines = np.empty_like(self._late_order)
        lines[self._late_order] = np.arange(len(lines))
        return [pa.Table.from_batches(label_chunks(self._happened, lines, self._names))]

    def _piece(self, data: Bytes, rows: int) -> Piece:
        """The next *rows* of the main object."""
        self._lines += rows
        return Piece(self._name, data, rows)

    def _ranges(self, encoder: Encoder, coded: CodedBlock, arrival: Arrival) -> Bytes:
        """What arrives of a block as ranges of its encoded rows, some of them damaged."""
        encoded = EncodedRows.of(encoder.encode(coded.block), encoder.row_width)
        events = arrival.events
        damages = {number: _damaged(encoder, encoded, events, number) for number in arrival.damaged.values()}
        texts = None
        if encoder.is_text:
            lines = {number: damage.line.removesuffix(b"\n") for number, damage in damages.items()}
            delivered = encoded.take(events.rows, lines, cut=1)
            original = encoded.take(events.rows, cut=1) if lines else delivered
            if self._original_encoder is not None:
                rows = self._original_encoder.encode(coded.block, events.rows)
                original = EncodedRows.of(rows, self._original_encoder.row_width)
                original = original.take(np.arange(len(original)), cut=1)
            texts = Texts(original=original, delivered=delivered)
        late = encoded.take(events.rows[events.late]) if len(events.late) else None
        self._happen(coded, events, late, damages, texts)
        replaced = {number: damages[event].line for number, event in arrival.damaged.items()}
        buffer: NDArray[np.uint8] | None = getattr(_own, "buffer", None)
        arrived = encoded.ranges(arrival.starts, arrival.ends, replaced, into=buffer).data
        if buffer is None or len(arrived) > len(buffer):
            _own.buffer = arrived
        return memoryview(arrived.data)

    def _selected(self, encoder: Encoder, coded: CodedBlock, arrival: Arrival) -> Bytes:
        """What arrives of a block of a format whose bytes cannot be cut into rows."""
        events = arrival.events
        late = coded.block.take(events.rows[events.late]) if len(events.late) else None
        self._happen(coded, events, late, {}, None)
        return encoder.encode(coded.block, arrival.order)

    def _happen(
        self,
        coded: CodedBlock,
        events: RowEvents,
        late: EncodedRows | TakenRows | None,
        damages: dict[int, Damage],
        texts: Texts | None,
    ) -> None:
        if not len(events.rows):
            return
        macs, times = coded.block.whose(events.rows)
        self._happened.append(
            HappenedRows(
                events=events,
                first_row=coded.first_row,
                first_line=self._lines,
                macs=macs,
                times=times,
                damages=damages,
                texts=texts,
                late=late,
            )
        )

    def _late_object(self) -> Iterator[Piece]:
        """The rows that were late, in the order in which they arrived."""
        name, encoder = self._late_name, self._encoder.open()
        compressor = self._compressor.open(encoder)
        due_s = np.concatenate([each.events.due_s[each.events.late] for each in self._happened])
        order = self._late_order = np.argsort(due_s, kind="stable")
        yield Piece(name, compressor.data(encoder.start()), 0)
        taken = [each.late for each in self._happened if isinstance(each.late, TakenRows)]
        if taken:
            data = encoder.encode(TakenRows.joined(taken, order))
        else:
            encoded = EncodedRows.joined([each.late for each in self._happened if isinstance(each.late, EncodedRows)])
            data = memoryview(encoded.take(order).data.data)
        yield Piece(name, compressor.data(data), len(order))
        yield Piece(name, compressor.data(encoder.finish()), 0)
        yield Piece(name, compressor.finish(), 0)


def _damaged(encoder: Encoder, encoded: EncodedRows, events: RowEvents, number: int) -> Damage:
    """What becomes of the row of an event."""
    line, bits = encoded.row(int(events.rows[number])), int(events.bits[number])
    if events.faults[number] == PARTIAL:
        return Damage(line=cut(encoder, line, bits), action="")
    damaged, action = corrupt(encoder, line, bits)
    return Damage(line=damaged, action=action)
