"""A format that is no text and whose bytes cannot be cut into rows: what happens to rows happens before encoding."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from tests.asking import Asking, generate
from tests.undo_faults import read_labels
from wattif import encode
from wattif.encode.encoder import Encoder, RowSchema
from wattif.errors import InvalidValue
from wattif.model.fleet import mac_text
from wattif.tables.block import Block, Rows, TakenRows

FAULTS = "duplicate=0.05,late=0.05:1h,drop=0.05,out_of_order=0.05,file_missing=0.2,batch_twice=0.5"
COLUMNS = "mac,timestamp,power_w,status"


class ArrowEncoder(Encoder):
    """Arrow's stream format: each object begins with its schema and has an end."""

    name, extension, content_type = "batches", ".arrows", "application/vnd.apache.arrow.stream"
    is_text = False

    def __init__(self, schema: RowSchema) -> None:
        super().__init__(schema)
        fields = [
            (schema.written_name(column), pa.timestamp("s") if column.kind == "timestamp" else pa.uint64())
            for column in schema.columns
        ]
        self._form = pa.schema([*fields, *([(schema.added[0], pa.string())] if schema.added else [])])
        self._sink = io.BytesIO()

    @property
    def row_room(self) -> int:
        return 400

    def open(self) -> ArrowEncoder:
        encoder = ArrowEncoder(self.schema)
        encoder._writer = pa.ipc.new_stream(encoder._sink, self._form)
        return encoder

    _writer: pa.RecordBatchStreamWriter

    def start(self) -> bytes:
        data = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return data

    def encode(self, block: Block | TakenRows, rows: Rows | None = None) -> bytes:
        columns = [pa.array(block.values(column.name, rows)) for column in self.schema.columns]
        added = [pa.array([self.schema.added[1]] * len(columns[0]))] if self.schema.added else []
        arrays = [array.cast(each.type) for array, each in zip([*columns, *added], self._form, strict=True)]
        self._writer.write(pa.record_batch(arrays, self._form))
        return self.start()

    def finish(self) -> bytes:
        self._writer.close()
        return self.start()


@pytest.fixture(autouse=True)
def _arrow() -> Iterator[None]:
    encode.register(ArrowEncoder)
    yield
    encode.unregister(ArrowEncoder.name)


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    mac = mac_text(np.array([row["mac"]], np.uint64))[0].decode()
    return {**row, "mac": mac, "timestamp": f"{row['timestamp']:%Y-%m-%dT%H:%M:%SZ}"}


@pytest.mark.parametrize("faults", ["none", FAULTS, f"{FAULTS},schema_drift=2024-01-02"])
def test_the_same_rows_arrive_as_in_ndjson(settings: Asking, tmp_path: Path, faults: str) -> None:
    asked = settings(format="batches", faults=faults, columns=COLUMNS, interval=900)
    other = settings(lake=tmp_path / "ndjson", faults=faults, columns=COLUMNS, interval=900)
    generate(asked)
    generate(other)
    objects = sorted(other.lake.glob("dt=*/*"))
    assert len(objects) == len(list(asked.lake.glob("dt=*/*.arrows"))) > 0
    for path in objects:
        name = path.relative_to(other.lake).with_suffix(".arrows")
        table = pa.ipc.open_stream((asked.lake / name).read_bytes()).read_all()
        rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        assert [_as_json(row) for row in table.to_pylist()] == rows
    labels, others = read_labels(asked.lake), read_labels(other.lake)
    assert {label["original"] for label in labels} <= {None}
    same = ("kind", "action", "row", "mac", "timestamp", "delivered_row", "delay_s")
    told, other_told = ([{name: label[name] for name in same} for label in each] for each in (labels, others))
    assert [each for each in told if each["kind"] != "batch_twice"] == [
        each for each in other_told if each["kind"] != "batch_twice"
    ]
    assert bool(told) == (faults != "none")


@pytest.mark.parametrize("kind", ["corrupt", "partial_line"])
def test_damage_of_text_is_refused_before_anything_is_written(settings: Asking, kind: str) -> None:
    asked = settings(format="batches", faults=f"{kind}=0.1")
    with pytest.raises(InvalidValue, match=f"`faults` {kind}: objects of the `format` batches have no lines"):
        generate(asked)
    assert not asked.lake.exists()
