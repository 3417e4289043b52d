"""Each fault on a file of five rows that is written out here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import numpy as np
import orjson
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from tests.labels import labels_of
from wattif.compress import compressor_of
from wattif.encode.encoder import Bytes, RowSchema
from wattif.encode.ndjson import NdjsonEncoder
from wattif.encode.ndjson.template import row_template
from wattif.engine.content import CleanContent
from wattif.engine.faulty_content import Drift, FaultyContent
from wattif.faults.damage import corrupt, cut
from wattif.faults.drift import drifted
from wattif.faults.plan import RowFault
from wattif.faults.rates import FaultRates
from wattif.model import quantities
from wattif.model.reported import Mark
from wattif.tables.block import Block, Rows, TakenRows
from wattif.tables.fault_labels import FaultLabel
from wattif.tables.reading_blocks import ReadingsBlock
from wattif.tables.readings import FIELD_NAMES, select_fields
from wattif.tables.unit import Unit

DAY = date(2024, 1, 15)
UNIT = Unit("readings", DAY.isoformat(), 0, 2)
MAIN = "dt=2024-01-15/readings-00000000-00000001.json"
LATE = MAIN.replace(".json", ".late.json")
FIELDS = select_fields(["mac", "power_w"], 3600)
ENCODER = NdjsonEncoder(RowSchema(columns=FIELDS))
MACS = np.array([0x020000000001, 0x020000000002], np.uint64)
# meter 0 sent its readings 0, 1, 2 and 5, meter 1 its reading 3
A = b'{"mac":"02:00:00:00:00:01","power_w":     10}\n'
B = b'{"mac":"02:00:00:00:00:01","power_w":     11}\n'
C = b'{"mac":"02:00:00:00:00:01","power_w":     12}\n'
D = b'{"mac":"02:00:00:00:00:01","power_w":     15}\n'
E = b'{"mac":"02:00:00:00:00:02","power_w":     23}\n'
READINGS = ((0, 0), (0, 1), (0, 2), (0, 5), (1, 3))


def _blocks(unit: Unit) -> Iterator[ReadingsBlock]:
    """The file above, a block a meter; a block's numbers are gone when the next one is made."""
    for meter in (0, 1):
        sent = np.zeros(24, bool)
        sent[[reading for owner, reading in READINGS if owner == meter]] = True
        columns = np.zeros((1, quantities.COUNT, 24), np.int64)
        columns[0, quantities.POWER_W] = 10 * (meter + 1) + np.arange(24)
        yield ReadingsBlock(
            fields=FIELDS,
            day=DAY,
            first=meter,
            city="manila",
            macs=MACS[meter : meter + 1],
            quantities=columns,
            marks=(Mark(place=0, sent=sent, clock_s=None, negative=None),),
        )
        columns[:] = 0


CLEAN = CleanContent(_blocks, compressor_of("none", ENCODER), lambda unit: MAIN)


class Injected:
    """A plan with a fault at each of some (meter, reading), all of the same detail."""

    def __init__(
        self,
        faults: dict[tuple[int, int], RowFault],
        detail: int = 0,
        *,
        withheld: bool = False,
        partial: bool = False,
        twice: bool = False,
        drift: bool = False,
    ) -> None:
        self.rates = FaultRates(late_s=3600, schema_drift=DAY if drift else None)
        self._faults = faults
        self._detail = detail
        self._withheld, self._partial, self._twice = withheld, partial, twice

    def rows(self, meter: int, day: date) -> NDArray[np.uint8]:
        codes = np.zeros(24, np.uint8)
        for (owner, reading), fault in self._faults.items():
            if owner == meter:
                codes[reading] = fault
        return codes

    def details(self, meters: NDArray[np.int64], day: date, readings: NDArray[np.int64]) -> NDArray[np.uint64]:
        return np.full(len(meters), self._detail, np.uint64)

    def withheld(self, unit: Unit) -> bool:
        return self._withheld

    def partial(self, unit: Unit) -> bool:
        return self._partial

    def twice(self, unit: Unit) -> bool:
        return self._twice


def _drift(kind: str) -> Drift:
    schema, action = drifted(ENCODER.schema, kind)
    return Drift(compressor=compressor_of("none", NdjsonEncoder(schema)), action=action)


def _deliver(faults: Injected, drift: Drift | None = None) -> tuple[dict[str, bytes], list[FaultLabel]]:
    content = FaultyContent(CLEAN, faults, drift)
    objects: dict[str, bytes] = {}
    labels: list[pa.Table] = []
    for piece in content.pieces(UNIT, labels):
        objects[piece.name] = objects.get(piece.name, b"") + bytes(piece.data)
    return objects, labels_of(labels)


def _places(labels: Sequence[FaultLabel]) -> list[tuple[str, int | None, str | None, int | None]]:
    return [(str(label.kind), label.row, label.delivered_in, label.delivered_row) for label in labels]


def test_without_faults_the_blocks_pass_through_uncopied() -> None:
    encoded: list[object] = []

    class Remembering(NdjsonEncoder):
        def encode(self, block: Block | TakenRows, rows: Rows | None = None) -> Bytes:
            data = super().encode(block, rows)
            encoded.append(data)
            return data

    clean = CleanContent(_blocks, compressor_of("none", Remembering(ENCODER.schema)), lambda unit: MAIN)
    labels: list[pa.Table] = []
    pieces = [
        (piece.data, bytes(piece.data), piece.rows)
        for piece in FaultyContent(clean, Injected({})).pieces(UNIT, labels)
        if piece.rows
    ]
    assert b"".join(text for _, text, _ in pieces) == A + B + C + D + E
    assert [rows for *_, rows in pieces] == [4, 1]
    assert all(data is made for (data, *_), made in zip(pieces, encoded, strict=True))
    assert labels == []


def test_drop() -> None:
    objects, labels = _deliver(Injected({(0, 1): RowFault.DROP, (1, 3): RowFault.DROP}))
    assert objects == {MAIN: A + C + D}
    assert _places(labels) == [("drop", 1, None, None), ("drop", 4, None, None)]
    assert labels[1] == FaultLabel(
        MAIN,
        labels[1].kind,
        "dropped",
        4,
        "02:00:00:00:00:02",
        datetime(2024, 1, 15, 3, tzinfo=UTC),
        original=E.decode().strip(),
    )


def test_a_reading_that_was_not_sent_meets_no_fault() -> None:
    objects, labels = _deliver(Injected({(0, 3): RowFault.DUPLICATE, (1, 0): RowFault.LATE}))
    assert (objects, labels) == ({MAIN: A + B + C + D + E}, [])


def test_duplicate() -> None:
    objects, labels = _deliver(Injected({(0, 5): RowFault.DUPLICATE, (1, 3): RowFault.DUPLICATE}))
    assert objects == {MAIN: A + B + C + D + D + E + E}
    assert _places(labels) == [("duplicate", 3, MAIN, 4), ("duplicate", 4, MAIN, 6)]
    assert labels[0].delivered == labels[0].original == D.decode().strip()


def test_late_rows_come_in_the_order_of_their_arrival() -> None:
    """The third row by 1 + 1799 s, at 02:30; the first and the last one likewise, at 00:30 and 03:30."""
    late = {(0, 0): RowFault.LATE, (0, 2): RowFault.LATE, (1, 3): RowFault.LATE}
    objects, labels = _deliver(Injected(late, detail=1799))
    assert objects == {MAIN: B + D, LATE: A + C + E}
    assert _places(labels) == [("late", 0, LATE, 0), ("late", 2, LATE, 1), ("late", 4, LATE, 2)]
    assert [label.delay_s for label in labels] == [1800] * 3


def test_a_late_row_of_a_later_hour_may_arrive_first() -> None:
    class Uneven(Injected):
        def details(self, meters: NDArray[np.int64], day: date, readings: NDArray[np.int64]) -> NDArray[np.uint64]:
            return np.array([3599, 0], np.uint64)[readings]

    objects, labels = _deliver(Uneven({(0, 0): RowFault.LATE, (0, 1): RowFault.LATE}))
    assert objects[LATE] == A + B  # both at 01:00, one a second after
    assert [label.delay_s for label in labels] == [3600, 1]


@pytest.mark.parametrize(
    ("detail", "expected", "row", "steps"),
    [(0, B + A + C + D + E, 1, 1), (1, B + C + A + D + E, 2, 2), (29, B + C + D + A + E, 3, 3)],
)
def test_out_of_order(detail: int, expected: bytes, row: int, steps: int) -> None:
    """At most to the end of the meter's own rows."""
    objects, labels = _deliver(Injected({(0, 0): RowFault.OUT_OF_ORDER}, detail))
    assert objects == {MAIN: expected}
    assert _places(labels) == [("out_of_order", 0, MAIN, row)]
    assert labels[0].action == f"moved {steps} rows later"


def test_a_row_that_none_follows_stays_in_order() -> None:
    objects, labels = _deliver(Injected({(0, 5): RowFault.OUT_OF_ORDER, (1, 3): RowFault.OUT_OF_ORDER}))
    assert (objects, labels) == ({MAIN: A + B + C + D + E}, [])


def test_only_rows_in_their_place_count_as_steps() -> None:
    faults = {(0, 0): RowFault.OUT_OF_ORDER, (0, 1): RowFault.DROP, (0, 2): RowFault.DUPLICATE}
    objects, labels = _deliver(Injected(faults))
    assert objects == {MAIN: C + C + A + D + E}
    assert _places(labels) == [("out_of_order", 0, MAIN, 2), ("drop", 1, None, None), ("duplicate", 2, MAIN, 1)]


def test_corrupt_by_cutting() -> None:
    objects, labels = _deliver(Injected({(0, 1): RowFault.CORRUPT}, detail=1 + 2 * 9))
    assert objects == {MAIN: A + b'{"mac":"02\n' + C + D + E}
    assert _places(labels) == [("corrupt", 1, MAIN, 1)]
    assert (labels[0].action, labels[0].delivered) == ("cut", '{"mac":"02')


def test_corrupt_by_overwriting() -> None:
    objects, labels = _deliver(Injected({(0, 1): RowFault.CORRUPT}, detail=2 << 16))
    assert objects == {MAIN: A + B.replace(b':"02', b"###2", 1) + C + D + E}
    assert labels[0].action == "3 bytes overwritten"


def test_partial_line() -> None:
    objects, labels = _deliver(Injected({}, detail=9, partial=True))
    assert objects == {MAIN: A + B + C + D + b'{"mac":"02'}
    assert _places(labels) == [("partial_line", 4, MAIN, 4)]


def test_the_partial_line_is_the_last_one_that_is_neither_dropped_nor_late() -> None:
    """Nothing else happens to it, and no row moves behind it."""
    faults = {(0, 2): RowFault.OUT_OF_ORDER, (0, 5): RowFault.DUPLICATE, (1, 3): RowFault.LATE}
    objects, labels = _deliver(Injected(faults, detail=9, partial=True))
    assert objects == {MAIN: A + B + C + b'{"mac":"02', LATE: E}
    assert _places(labels) == [("partial_line", 3, MAIN, 3), ("late", 4, LATE, 0)]


def test_a_file_without_rows_has_no_partial_line() -> None:
    objects, labels = _deliver(Injected(dict.fromkeys(READINGS, RowFault.DROP), partial=True))
    assert objects == {MAIN: b""}
    assert {str(label.kind) for label in labels} == {"drop"}


def test_file_missing() -> None:
    """Nothing of it arrives, whatever else would have happened."""
    objects, labels = _deliver(Injected({(0, 0): RowFault.LATE}, withheld=True, twice=True, partial=True))
    assert objects == {}
    assert _places(labels) == [("file_missing", None, None, None)]
    assert labels[0].file == MAIN


def test_batch_twice() -> None:
    objects, labels = _deliver(Injected({(0, 0): RowFault.LATE, (0, 1): RowFault.DROP}, twice=True))
    again, late_again = MAIN.replace(".json", ".again.json"), LATE.replace(".json", ".again.json")
    assert late_again.endswith(".late.again.json")
    assert objects == {MAIN: C + D + E, LATE: A, again: C + D + E, late_again: A}
    assert _places(labels) == [
        ("late", 0, LATE, 0),
        ("drop", 1, None, None),
        ("batch_twice", None, again, None),
        ("batch_twice", None, late_again, None),
    ]


@pytest.mark.parametrize(
    ("drift", "row", "action"),
    [
        ("added", b'{"mac":"02:00:00:00:00:01","power_w":     10,"firmware":"2.4.1"}\n', 'added "firmware":"2.4.1"'),
        ("renamed", b'{"mac":"02:00:00:00:00:01","active_power_w":     10}\n', "renamed power_w to active_power_w"),
    ],
)
def test_schema_drift(drift: str, row: bytes, action: str) -> None:
    objects, labels = _deliver(Injected({(0, 0): RowFault.DUPLICATE}, drift=True), _drift(drift))
    assert objects[MAIN].splitlines(keepends=True)[:2] == [row, row]
    assert (labels[0].original, labels[0].delivered) == (A.decode().strip(), row.decode().strip())
    assert _places(labels) == [("duplicate", 0, MAIN, 1), ("schema_drift", None, MAIN, None)]
    assert labels[1].action == action


def test_before_the_day_of_the_drift_nothing_drifts() -> None:
    objects, labels = _deliver(Injected({}), _drift("added"))
    assert (objects, labels) == ({MAIN: A + B + C + D + E}, [])


@pytest.mark.parametrize(
    ("columns", "renamed"),
    [
        ("mac,voltage_v,power_w", "power_w"),
        ("mac,voltage_v,current_a", "voltage_v"),
        ("timestamp,mac", "timestamp"),
    ],
)
def test_the_field_that_is_renamed(columns: str, renamed: str) -> None:
    schema = RowSchema(columns=select_fields(columns.split(","), 3600))
    text, new_text = (row_template(each).text for each in (schema, drifted(schema, "renamed")[0]))
    assert new_text == text.replace(f'"{renamed}"'.encode(), f'"active_{renamed}"'.encode())


@pytest.mark.parametrize("columns", [["power_w"], ["mac", "timestamp", "status"], list(FIELD_NAMES)])
def test_corrupt_lines_are_one_line_and_no_json(columns: list[str]) -> None:
    encoder = NdjsonEncoder(RowSchema(columns=select_fields(columns, 10)))
    template = encoder.template
    row = template.text.replace(b'"timestamp":"                   0"', b'"timestamp":"2024-01-01T00:00:00Z"')
    row = row.replace(b" 0,", b" 7,")
    assert orjson.loads(template.text)
    colons = encoder.weak_places(row)
    assert [row[colon : colon + 1] for colon in colons] == [b":"] * len(columns)
    chance = np.random.default_rng(1)
    actions = set()
    for bits in chance.integers(0, 2**64, 5000, np.uint64).tolist():
        line, action = corrupt(encoder, row, bits)
        actions.add(action)
        assert line.endswith(b"\n")
        assert 2 <= len(line) <= len(row)
        assert len(line.splitlines()) == 1
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(line)
        end = cut(encoder, row, bits)
        assert row.startswith(end)
        assert 1 <= len(end) < len(row) - 1
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(end)
    assert len(actions) >= 10
