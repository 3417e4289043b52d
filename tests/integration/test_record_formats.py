"""Lakes in Arrow's formats and in Avro, read by pyarrow, Polars and fastavro: the rows of the same lake in NDJSON."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from tests.asking import Asking, generate
from tests.lakes import objects
from tests.undo_faults import read_labels
from wattif.encode import encoder_of
from wattif.encode.arrow.encoder import BATCH_ROWS
from wattif.encode.encoder import RowSchema
from wattif.errors import InvalidValue
from wattif.tables.block import ColumnBlock
from wattif.tables.column import Column
from wattif.tables.readings import FIELD_NAMES, fields_of, select_fields

FORMATS = {"arrow": ".arrow", "arrow_stream": ".arrows", "avro": ".avro"}
ROW_FAULTS = "duplicate=0.02,late=0.02:1h,drop=0.02,out_of_order=0.02,file_missing=0.2,batch_twice=0.3"


def _read(path: Path) -> pa.Table:
    if path.suffix == ".avro":
        with path.open("rb") as file:
            rows: Any = list(fastavro.reader(file))
            return pa.Table.from_pylist(rows)
    with pa.memory_map(str(path)) as source:
        opened = pa.ipc.open_file(source) if path.suffix == ".arrow" else pa.ipc.open_stream(source)
        table: pa.Table = opened.read_all()
        table.validate(full=True)
        return table


def _compare(lake: Path, other: Path, columns: dict[str, str]) -> None:
    """Object by object, row by row, in order."""
    files = sorted(path.relative_to(lake).as_posix() for path in lake.glob("dt=*/*"))
    assert files
    cast = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in columns.items())
    with duckdb.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        for name in files:
            table = _read(lake / name)
            assert table.column_names == list(columns)
            connection.register("ours", table)
            json = (other / name).with_suffix(".json")
            rows = [
                connection.execute(f"SELECT {cast} FROM {source}").fetchall()
                for source in ("ours", f"read_json('{json}', format='newline_delimited')")
            ]
            assert rows[0] == rows[1], name


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("columns", [None, ",".join(FIELD_NAMES)], ids=["default", "all"])
def test_rows_are_those_of_ndjson(settings: Asking, tmp_path: Path, name: str, columns: str | None) -> None:
    options: dict[str, Any] = {"anomaly_rate": 0.5, "interval": 900, "columns": columns, "city": "manila,london"}
    asked, other = settings(format=name, **options), settings(lake=tmp_path / "ndjson", **options)
    generate(asked)
    generate(other)
    assert {path.suffix for path in asked.lake.glob("dt=*/*")} == {FORMATS[name]}
    _compare(asked.lake, other.lake, {each.name: each.duckdb_type for each in fields_of(asked.spec)})
    again = settings(format=name, lake=tmp_path / "again", write_workers=3, **options)
    generate(again)
    assert objects(again.lake) == objects(asked.lake)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("drift", "changes"),
    [("", {}), (",schema_drift=2024-01-01:renamed", {"power_w": "active_power_w"})],
    ids=["same", "renamed"],
)
def test_what_happens_to_rows_on_the_way(
    settings: Asking, tmp_path: Path, name: str, drift: str, changes: dict[str, str]
) -> None:
    options = {"faults": f"{ROW_FAULTS}{drift}", "interval": 900}
    asked, other = settings(format=name, **options), settings(lake=tmp_path / "ndjson", **options)
    generate(asked)
    generate(other)
    _compare(
        asked.lake, other.lake, {changes.get(each.name, each.name): each.duckdb_type for each in fields_of(asked.spec)}
    )
    told, others = ([(each["kind"], each["row"]) for each in read_labels(lake)] for lake in (asked.lake, other.lake))
    assert told == others


def test_polars_reads_exact_decimals(settings: Asking) -> None:
    asked = settings(format="arrow", interval=900)
    generate(asked)
    frame = pl.read_ipc(min(asked.lake.glob("dt=*/*.arrow")))
    assert frame.schema["consumption_wh"] == pl.Decimal(18, 3)
    assert frame.schema["timestamp"] == pl.Datetime("us", "UTC")


def test_avro_has_logical_types_and_a_mark_of_its_own(settings: Asking) -> None:
    asked = settings(format="avro", interval=900, columns="mac,timestamp,register_kwh,power_w")
    generate(asked)
    path = min(asked.lake.glob("dt=*/*.avro"))
    with path.open("rb") as file:
        read: Any = fastavro.reader(file)
        fields = {field["name"]: field["type"] for field in read.writer_schema["fields"]}
        rows: list[Any] = list(read)
    assert fields["timestamp"] == {"type": "long", "logicalType": "timestamp-millis"}
    assert fields["register_kwh"] == {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 3}
    assert (fields["mac"], fields["power_w"]) == ("string", "long")
    assert rows[0]["timestamp"] == datetime(2024, 1, 1, tzinfo=UTC)
    assert isinstance(rows[0]["register_kwh"], Decimal)
    encoder = encoder_of("avro", RowSchema(columns=fields_of(asked.spec)))
    assert path.stat().st_size <= len(rows) * encoder.row_room + encoder.object_room


def test_avro_of_every_kind_of_column() -> None:
    """Nulls, negative numbers, and decimals of every length, as fastavro reads them."""
    columns = (
        Column("number", "number", "a number", minimum=-(2**62), maximum=2**62),
        Column("decimal", "number", "a decimal", decimals=3),
        Column("maybe", "number", "one that may be missing", decimals=2, nullable=True),
        Column("text", "text", "a text", nullable=True),
        Column("float", "float", "a float"),
        Column("boolean", "boolean", "a truth"),
        Column("date", "date", "a day"),
    )
    sizes = [0, 1, -1, 63, 64, -64, -65, 127, 128, -128, -129, 32767, 32768, -32769, 2**31, -(2**39), 2**55, -(2**59)]
    count = len(sizes)
    values: dict[str, Any] = {
        "number": np.array(sizes),
        "decimal": np.array(sizes[::-1]),
        "maybe": np.array([None if n % 3 == 0 else size for n, size in enumerate(sizes)], object),
        "text": np.array([None if n % 4 == 0 else "é" * n for n in range(count)], object),
        "float": np.linspace(-1e300, 1e300, count),
        "boolean": np.arange(count) % 2 == 0,
        "date": np.datetime64("1969-12-25") + np.arange(count),
    }
    encoder = encoder_of("avro", RowSchema(columns=columns, text_width=2 * count)).open()
    data = bytes(encoder.start()) + bytes(encoder.encode(ColumnBlock(0, count, values))) + bytes(encoder.finish())
    rows: list[Any] = list(fastavro.reader(io.BytesIO(data)))
    for n, row in enumerate(rows):
        assert row == {
            "number": sizes[n],
            "decimal": Decimal(sizes[::-1][n]).scaleb(-3),
            "maybe": None if n % 3 == 0 else Decimal(sizes[n]).scaleb(-2),
            "text": None if n % 4 == 0 else "é" * n,
            "float": values["float"][n],
            "boolean": n % 2 == 0,
            "date": date(1969, 12, 25) + timedelta(days=n),
        }
    assert len(rows) == count


def test_batches_do_not_follow_from_blocks(settings: Asking) -> None:
    asked = settings(format="arrow", interval=10, meters=20, meters_per_file=20, end="2024-01-01")
    generate(asked)
    [path] = asked.lake.glob("dt=*/*.arrow")
    with pa.memory_map(str(path)) as source:
        opened = pa.ipc.open_file(source)
        sizes = [opened.get_batch(n).num_rows for n in range(opened.num_record_batches)]
    assert sizes == [BATCH_ROWS, BATCH_ROWS, 20 * 8640 - 2 * BATCH_ROWS]
    encoder = encoder_of("arrow", RowSchema(columns=select_fields(FIELD_NAMES, 10)))
    assert path.stat().st_size <= sum(sizes) * encoder.row_room + encoder.object_room


def test_text_damage_is_refused(settings: Asking) -> None:
    with pytest.raises(InvalidValue, match="objects of the `format` arrow have no lines that could be damaged"):
        generate(settings(format="arrow", faults="corrupt=0.1"))
