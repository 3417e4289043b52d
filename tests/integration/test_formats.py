"""The same spec in every format and compression that there is: equal tables in a warehouse, equal verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import wattif
from tests.asking import Asked, Asking, generate
from tests.lakes import objects
from tests.reconciling import report_of
from tests.warehouses import load, rows
from wattif.cli.main import exit_code
from wattif.compress import compression_names, compressor_of, file_compression
from wattif.encode import encoder_of, encoder_type, format_names
from wattif.encode.encoder import RowSchema
from wattif.errors import InvalidValue, LakeError
from wattif.tables.readings import fields_of

ROW_FAULTS = "duplicate=0.02,late=0.02:1h,drop=0.02,out_of_order=0.02,file_missing=0.1,batch_twice=0.3"
TEXT_FAULTS = "corrupt=0.02,partial_line=0.3"
READINGS = "SELECT * FROM smart_meter_readings ORDER BY ALL"


def _pairs() -> Iterator[tuple[str, str]]:
    """Whatever the registries name and the formats take."""
    schema = RowSchema(columns=fields_of(Asked(start="2024-01-01", end="2024-01-01").spec))
    for name in format_names():
        encoder = encoder_of(name, schema)
        for compression in dict.fromkeys((*compression_names(), *encoder.codecs)):
            try:
                compressor_of(compression, encoder)
            except InvalidValue:
                continue
            yield name, compression


PAIRS = list(_pairs())
OTHERS = [pair for pair in PAIRS if pair != ("ndjson", "none")]


def _told(asked: Asked) -> tuple[Any, ...]:
    """What a user sees of a lake that was loaded: the load, the table, and the verdict on the table."""
    report = load(lake=asked.lake)
    database = asked.lake / "wattif.duckdb"
    bad = "SELECT dt, count(*) FROM smart_meter_bad_records GROUP BY dt ORDER BY dt"
    table = report_of("--lake", str(asked.lake), "--table", "smart_meter_readings", "--database", str(database))
    return (
        (report.rows, report.files, report.bad_record_count, report.unknown_fields, report.missing_fields),
        rows(database, READINGS),
        rows(database, bad),
        table.explained,
        table.told("mac", "hour", "column", "verdict"),
    )


@pytest.mark.parametrize(
    ("faults", "only_text"),
    [("none", False), (f"{ROW_FAULTS},schema_drift=2024-01-02", False), (TEXT_FAULTS, True)],
    ids=["clean", "rows and drift", "text"],
)
def test_every_format_gives_the_same_tables_and_verdicts(
    settings: Asking, tmp_path: Path, faults: str, only_text: bool
) -> None:
    told = {}
    for name, compression in PAIRS:
        if only_text and not encoder_type(name).is_text:
            continue
        asked = settings(
            lake=tmp_path / f"{name}-{compression}",
            format=name,
            compression=compression,
            faults=faults,
            interval=1800,
            meters=4,
            meters_per_file=2,
            city="manila,london",
        )
        generate(asked)
        deep = report_of("--lake", str(asked.lake), "--deep")
        told[name, compression] = (deep.explained, deep.differences, *_told(asked))
    first = told["ndjson", "none"]
    assert first[0]
    assert first[2][0] > 150
    assert bool(first[2][2]) == only_text
    for pair, other in told.items():
        assert other == first, pair


def test_expected_tables_and_rows_do_not_depend_on_the_format(settings: Asking) -> None:
    found = []
    for name, compression in PAIRS:
        spec = settings(format=name, compression=compression, interval=3600, meters=3, anomaly_rate=1).spec
        found.append((wattif.expect(spec), wattif.read(spec, numbers="decimal").read_all()))
    assert found[0][1].num_rows > 0
    for tables, readings in found[1:]:
        assert tables == found[0][0]
        assert readings == found[0][1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--format parquett", "--format parquett: unknown format; did you mean parquet"),
        ("--compression brotli", "--compression brotli: unknown compression"),
        ("--format avro --compression gzip", "--compression gzip: "),
        ("--format parquet --compression gzip", "the --format parquet takes none or"),
        ("--compression zstd", "--format ndjson do not take it, those of parquet do"),
        ("--format parquet --row-group-rows 0", "--row-group-rows 0: "),
        ("--row-group-rows 10", "--row-group-rows 10: the --format ndjson has no such thing"),
        ("--format parquet --faults corrupt=0.1", "corrupt"),
    ],
)
def test_what_no_format_takes_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: str, words: str
) -> None:
    lake = tmp_path / "lake"
    days = ["--start", "2024-01-01", "--end", "2024-01-01", "--meters", "1"]
    assert exit_code(["generate", *days, *options.split(), "--lake", str(lake)]) == 2
    told = capsys.readouterr().err
    assert (words in told, told.count("\n")) == (True, 1), told
    assert not lake.exists()


def test_another_format_under_the_same_prefix_is_refused(settings: Asking) -> None:
    asked = settings(format="parquet")
    generate(asked)
    before = objects(asked.lake)
    for name, compression in PAIRS:
        if (name, compression) != ("parquet", "none"):
            with pytest.raises(LakeError, match="holds another dataset: format is"):
                generate(settings(format=name, compression=compression))
    assert objects(asked.lake) == before


@pytest.mark.parametrize("name", [name for name in format_names() if not encoder_type(name).is_text])
def test_files_that_are_damaged_are_named(settings: Asking, name: str) -> None:
    asked = settings(format=name, interval=900)
    generate(asked)
    file = min(asked.lake.glob(f"dt=*/*{encoder_type(name).extension}"))
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1  # may still read as values
    for content in (b"", b"nothing", whole[:-5], whole[: len(whole) // 2], bytes(flipped)):
        file.write_bytes(content)
        with pytest.raises(LakeError, match=f"{file.name} is no longer what was committed"):
            load(lake=asked.lake)
    file.write_bytes(whole)
    assert load(lake=asked.lake).rows > 0


def test_avro_is_read_as_polars_reads_it(settings: Asking) -> None:
    asked = settings(format="avro", city="manila,london", columns="mac,timestamp,consumption_wh,power_w,city_id")
    generate(asked)
    load(lake=asked.lake)
    frame = pl.concat([pl.read_avro(file) for file in asked.lake.glob("dt=*/*.avro")])
    with duckdb.connect() as connection:
        connection.register("frame", frame.to_arrow())
        connection.execute(f"ATTACH '{asked.lake}/wattif.duckdb' AS loaded")
        ours = "SELECT * EXCLUDE dt FROM loaded.smart_meter_readings"
        for one, two in ((ours, "FROM frame"), ("FROM frame", ours)):
            assert connection.execute(f"SELECT count(*) FROM ({one} EXCEPT ALL {two})").fetchall() == [(0,)]


def test_lines_of_csv_that_are_no_readings_are_named(settings: Asking) -> None:
    """Quotes, returns, bytes that are no text, and empty lines: each line is one, whatever stands in it."""
    asked = settings(format="csv", interval=3600, meters=1, end="2024-01-01", columns="mac,timestamp,consumption_wh")
    generate(asked)
    [file] = asked.lake.glob("dt=*/*.csv")
    good = file.read_bytes().splitlines(keepends=True)
    mac = good[1][:17]
    bad = [
        b'"open\n',
        b"\xff\xfe\0,2024-01-01T00:00:00Z\n",
        b"a\rb,2024-01-01T00:00:00Z\n",
        mac + b",yesterday,1\n",
        mac + b",2024-01-01T00:00:00Z,much\n",
        mac + b",2024-01-01T00:00:00Z,1,2\n",
        b",2024-01-01T00:00:00Z,1\n",
        mac + b",9999-01-01T00:00:00Z,1\n",
        mac,
    ]
    file.write_bytes(b"".join([*good[:3], b"\n", *good[3:], *bad]))
    report = load(lake=asked.lake)
    assert (report.rows, report.bad_record_count) == (24, len(bad))
    found = rows(asked.lake / "wattif.duckdb", "SELECT line, error FROM smart_meter_bad_records ORDER BY line")
    assert [line for line, _ in found] == list(range(27, 27 + len(bad)))
    assert found[6][1] == "no mac"
    assert found[0][1] == "not a row: 1 fields for 3 columns"


@pytest.mark.parametrize("name", [name for name in format_names() if encoder_type(name).bigquery is None])
def test_what_bigquery_does_not_load_is_refused_with_what_it_does(settings: Asking, name: str) -> None:
    asked = settings(format=name, interval=3600)
    generate(asked)
    there = sorted(asked.lake.rglob("*"))
    with pytest.raises(InvalidValue, match=f"loads no files that are {name}; .* avro, csv, ndjson, parquet, or"):
        load(lake=asked.lake, warehouse="bigquery", project="p", dataset="d")
    assert sorted(asked.lake.rglob("*")) == there


def test_pairs_name_what_there_is() -> None:
    assert {("csv", "gzip"), ("ndjson", "gzip"), ("avro", "none"), ("parquet", "zstd")} <= set(PAIRS)
    assert file_compression(encoder_type("parquet"), "zstd").name == "none"
