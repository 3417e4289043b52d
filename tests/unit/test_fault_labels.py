"""Labels of faults: declared once, documented, the same in both formats."""

from __future__ import annotations

import io
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import orjson
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wattif.tables.arrow import arrow_schema
from wattif.tables.fault_kinds import FaultKind
from wattif.tables.fault_labels import TABLE, FaultLabel, label_table
from wattif.tables.label_objects import labels_ndjson, labels_parquet

ROWS = [
    FaultLabel("a.json", FaultKind.FILE_MISSING, "never delivered"),
    FaultLabel(
        "b.json",
        FaultKind.LATE,
        "delivered late",
        7,
        "02:1A:7F:00:3B:C9",
        datetime(2024, 1, 1, 2, 3, 4, tzinfo=UTC),
        "b.late.json",
        0,
        90,
        '{"power_w":  1}',
        '{"power_w":  1,"firmware":"2.4.1"}',
    ),
]
LABELS = label_table(ROWS)


def test_a_line_a_label() -> None:
    lines = labels_ndjson(LABELS).splitlines()
    assert orjson.loads(lines[0]) == {
        "file": "a.json",
        "kind": "file_missing",
        "action": "never delivered",
        "row": None,
        "mac": None,
        "timestamp": None,
        "delivered_in": None,
        "delivered_row": None,
        "delay_s": None,
        "original": None,
        "delivered": None,
    }
    assert orjson.loads(lines[1])["timestamp"] == "2024-01-01T02:03:04Z"


def test_any_text_is_escaped_as_json_wants_it() -> None:
    texts = [
        "",
        '"',
        "\\",
        '\\"',
        "\x00\x1f\x7f",
        "\b\t\n\f\r",
        "São Paulo 東京 \U0001f50c",
        "'{}[],:/",
        *map(chr, range(33)),
    ]
    rows = [FaultLabel(text, FaultKind.CORRUPT, text, original=text, delivered=None) for text in texts]
    option = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    assert labels_ndjson(label_table(rows)) == b"".join(orjson.dumps(row, option=option) for row in rows)
    assert labels_ndjson(label_table(ROWS)) == b"".join(orjson.dumps(row, option=option) for row in ROWS)
    plain = label_table(rows).filter(pc.equal(label_table(rows)["file"], '"'))  # rows of a larger buffer
    assert labels_ndjson(plain) == orjson.dumps(rows[1], option=option)


def test_parquet_holds_the_same(tmp_path: Path) -> None:
    table = pq.read_table(io.BytesIO(labels_parquet(LABELS)))
    texts = {"timestamp": lambda time: time and time.strftime("%Y-%m-%dT%H:%M:%SZ")}
    rows = [
        {name: texts.get(name, lambda value: value)(value) for name, value in row.items()} for row in table.to_pylist()
    ]
    assert rows == [orjson.loads(line) for line in labels_ndjson(LABELS).splitlines()]
    (tmp_path / "labels.ndjson").write_bytes(labels_ndjson(LABELS))
    (tmp_path / "labels.parquet").write_bytes(labels_parquet(LABELS))
    with duckdb.connect() as connection:
        differences = connection.sql(
            f"SELECT * FROM read_parquet('{tmp_path}/labels.parquet') EXCEPT"
            f" SELECT * REPLACE (timestamp AT TIME ZONE 'UTC' AS timestamp) FROM read_json('{tmp_path}/labels.ndjson')"
        ).fetchall()
    assert differences == []


def test_the_same_labels_give_the_same_bytes() -> None:
    assert labels_parquet(LABELS) == labels_parquet(label_table(list(ROWS)))


def test_a_label_has_every_column() -> None:
    assert tuple(each.name for each in fields(FaultLabel)) == TABLE.column_names


def test_every_column_is_described_and_what_does_not_apply_may_be_null() -> None:
    schema = arrow_schema(TABLE.columns)
    assert [(field.name, str(field.type), field.nullable) for field in schema] == [
        ("file", "string", False),
        ("kind", "string", False),
        ("action", "string", False),
        ("row", "int64", True),
        ("mac", "string", True),
        ("timestamp", "timestamp[us, tz=UTC]", True),
        ("delivered_in", "string", True),
        ("delivered_row", "int64", True),
        ("delay_s", "int64", True),
        ("original", "string", True),
        ("delivered", "string", True),
    ]
    for column, field in zip(TABLE.columns, schema, strict=True):
        assert len(column.description) > 10
        assert field.metadata[b"description"].decode() == column.description
