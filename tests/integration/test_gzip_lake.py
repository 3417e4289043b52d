"""A lake of compressed files is the lake of plain ones, for every reader and every verb."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from tests.asking import Asked, generate
from tests.fakes.gcs_server import GcsServer
from tests.lakes import objects
from tests.reconciling import make_lake, report_of
from tests.warehouses import load, rollup, rows
from wattif.cli.main import exit_code
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.open import open_store

FAULTS = (
    "duplicate=0.002,late=0.004:6h,drop=0.002,out_of_order=0.002,corrupt=0.002,partial_line=0.1,file_missing=0.05,"
    "batch_twice=0.2,schema_drift=2024-01-02"
)
CLEAN: dict[str, Any] = {"meters": 30, "anomaly_rate": 0.2}
FAULTY = {**CLEAN, "faults": FAULTS}
FILE = "dt=2024-01-02/readings-00000003-00000005.json.gz"


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Lakes of the same rows: ``clean`` and ``faulty``, plain and ``.gz``."""
    made = {}
    for name, changes in (("clean", CLEAN), ("faulty", FAULTY)):
        for suffix, compression in (("", "none"), (".gz", "gzip")):
            folder = tmp_path_factory.mktemp(f"{name}{suffix}")
            made[name + suffix] = make_lake(folder, **changes, compression=compression)
    return made


@pytest.fixture
def packed(lakes: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the clean lake, to be damaged."""
    return shutil.copytree(lakes["clean.gz"], tmp_path / "packed")


def _query(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


def _files(lake: Path) -> dict[str, bytes]:
    return {path.relative_to(lake).as_posix(): path.read_bytes() for path in sorted(lake.glob("dt=*/readings*"))}


@pytest.mark.parametrize("name", ["clean", "faulty"])
def test_files_hold_the_bytes_of_the_plain_ones(lakes: dict[str, Path], name: str) -> None:
    plain, files = _files(lakes[name]), _files(lakes[f"{name}.gz"])
    assert {each.removesuffix(".gz"): gzip.decompress(content) for each, content in files.items()} == plain
    assert sum(map(len, files.values())) < sum(map(len, plain.values())) / 6
    assert any(".late.json.gz" in each for each in files) == any(".again.json.gz" in each for each in files)
    assert any(".late.again.json.gz" in each for each in files) == (name == "faulty")


@pytest.mark.parametrize("columns", [None, "mac,timestamp,city_id,consumption_wh"], ids=["one width", "cities"])
def test_csv_is_compressed_too(tmp_path: Path, columns: str | None) -> None:
    changes: dict[str, Any] = {**FAULTY, "format": "csv", "columns": columns, "city": "manila,london"}
    changes |= {"extra_tables": "air_quality", "faults": FAULTS.replace("drop=0.002,", "")}
    plain = make_lake(tmp_path / "plain", **changes)
    packed = make_lake(tmp_path / "packed", **changes, compression="gzip")
    files = {path.relative_to(packed).as_posix(): path for path in packed.rglob("*.csv.gz")}
    assert any(name.startswith("air_quality/") for name in files) or not list(plain.glob("air_quality/dt=*"))
    for name, path in files.items():
        assert gzip.decompress(path.read_bytes()) == (plain / name.removesuffix(".gz")).read_bytes()
    sizes = [sum(path.stat().st_size for path in lake.glob("dt=*/readings*")) for lake in (packed, plain)]
    assert sizes[0] < sizes[1] / 3
    assert report_of("--lake", str(packed), "--deep").explained
    counts = [_query(f"SELECT count(*) FROM read_text('{lake}/dt=*/*')") for lake in (packed, plain)]
    assert counts[0] == counts[1]


def test_labels_speak_of_the_same_lines(lakes: dict[str, Path]) -> None:
    for path in (lakes["faulty"] / layout.FAULT_LABELS).rglob("*.ndjson"):
        other = lakes["faulty.gz"] / path.relative_to(lakes["faulty"])
        assert other.read_text().replace(".json.gz", ".json") == path.read_text()


def test_every_reader_reads_every_row(lakes: dict[str, Path]) -> None:
    lake, paths = lakes["clean.gz"], sorted(lakes["clean.gz"].glob("dt=*/*.json.gz"))
    subprocess.run(["gzip", "--test", *map(str, paths)], check=True)
    pattern = f"{lake}/dt=*/*.json.gz"
    query = "SELECT count(*), sum(consumption_wh::DECIMAL(18, 3)) FROM read_json('{}')"
    wanted = _query(query.format(f"{lakes['clean']}/dt=*/*.json"))
    assert _query(query.format(pattern)) == wanted
    frames = [pd.read_json(path, lines=True) for path in paths]
    assert sum(len(frame) for frame in frames) == wanted[0][0]
    assert float(sum(frame["consumption_wh"].sum() for frame in frames)) == pytest.approx(float(wanted[0][1]))


@pytest.mark.parametrize("target", ["duckdb", "arrow", "pandas", "polars"])
def test_the_code_of_schema_reads_it(lakes: dict[str, Path], capsys: pytest.CaptureFixture[str], target: str) -> None:
    assert exit_code(["schema", "--for", target, "--lake", str(lakes["clean.gz"])]) == 0
    code = capsys.readouterr().out
    query = f"SELECT sum(consumption_wh::DECIMAL(18, 3)) FROM read_json('{lakes['clean']}/dt=*/*.json')"
    ((wanted,),) = _query(query)
    if target == "duckdb":
        with duckdb.connect() as connection:
            connection.execute(code)
            ((found,),) = connection.execute("SELECT sum(consumption_wh) FROM readings").fetchall()
    else:
        made: dict[str, Any] = {}
        exec(code, made)
        table = made["readings"]
        table = table.collect() if target == "polars" else table
        column = table["consumption_wh"]
        found = sum(map(Decimal, map(str, column.to_pylist() if target == "arrow" else column.to_list())))
    assert found == wanted


def test_bigquery_is_told_that_files_are_compressed(lakes: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    for name, told in (("clean.gz", True), ("clean", False)):
        assert exit_code(["schema", "--for", "bigquery", "--lake", str(lakes[name])]) == 0
        assert ('compression = "GZIP"' in capsys.readouterr().out) == told
        assert exit_code(["schema", "meters", "--for", "bigquery", "--lake", str(lakes[name])]) == 0
        assert "compression" not in capsys.readouterr().out


@pytest.mark.parametrize("deep", [False, True], ids=["quick", "deep"])
@pytest.mark.parametrize("name", ["clean.gz", "faulty.gz"])
def test_an_undamaged_lake_is_what_it_must_be(lakes: dict[str, Path], name: str, deep: bool) -> None:
    report = report_of("--lake", str(lakes[name]), *(["--deep"] if deep else []))
    assert report.explained
    assert not report.differences


def _altered(content: bytes) -> bytes:
    rows = gzip.decompress(content).splitlines(keepends=True)
    rows[7] = rows[7].replace(b'"status":  0', b'"status":  8')
    del rows[20]
    return gzip.compress(b"".join(rows))


def test_altered_rows_are_named_as_in_plain_files(packed: Path) -> None:
    (packed / FILE).write_bytes(_altered((packed / FILE).read_bytes()))
    found = report_of("--lake", str(packed), "--deep").differences
    assert {each["place"] for each in found} == {FILE}
    assert sorted((each["verdict"], each["column"] or "") for each in found) == [("altered", "status"), ("missing", "")]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: content[: len(content) // 2], "no gzip: "),
        (lambda content: content[:500] + bytes(50) + content[550:], "no gzip: "),
        (gzip.decompress, "no gzip: Not a gzipped file"),
        (lambda content: gzip.compress(gzip.decompress(content)), "the same rows in other bytes"),
    ],
    ids=["cut", "overwritten", "unpacked", "packed again"],
)
def test_other_bytes_are_told(packed: Path, damage: Any, words: str) -> None:
    (packed / FILE).write_bytes(damage((packed / FILE).read_bytes()))
    (found,) = report_of("--lake", str(packed)).differences
    assert (found["verdict"], found["place"]) == ("altered", FILE)
    (found,) = report_of("--lake", str(packed), "--deep").differences
    assert (found["verdict"], found["place"], found["column"]) == ("altered", FILE, "bytes")
    assert words in found["found"]


def _loaded(lake: Path, database: Path) -> tuple[Any, ...]:
    report = load(lake=lake, database=database)
    if not report.bad_record_count:
        rollup(lake=lake, database=database)
    tables = [
        "SELECT * FROM smart_meter_readings ORDER BY ALL",
        "SELECT * EXCLUDE (file), replace(file, '.json.gz', '.json') FROM smart_meter_bad_records ORDER BY ALL",
    ]
    return (
        [rows(database, sql) for sql in tables],
        report.rows,
        report.bad_record_count,
        [replace(each, file=each.file.removesuffix(".gz")) for each in report.bad_records],
        report.unknown_fields,
        report.missing_fields,
    )


@pytest.mark.parametrize("name", ["clean", "faulty"])
def test_duckdb_loads_what_it_loads_of_plain_files(lakes: dict[str, Path], tmp_path: Path, name: str) -> None:
    plain, loaded = (_loaded(lakes[name + suffix], tmp_path / f"{name}{suffix}.duckdb") for suffix in ("", ".gz"))
    assert loaded == plain
    assert bool(loaded[2]) == (name == "faulty")


def test_a_file_with_too_few_lines_is_not_loaded(packed: Path, tmp_path: Path) -> None:
    lines = gzip.decompress((packed / FILE).read_bytes()).splitlines(keepends=True)
    (packed / FILE).write_bytes(gzip.compress(b"".join(lines[:-1])))
    with pytest.raises(LakeError, match=f"has {len(lines) - 1} of the {len(lines)} lines"):
        load(lake=packed, database=tmp_path / "x.duckdb")


def test_a_run_goes_on_where_it_was_and_does_not_mix(lakes: dict[str, Path], packed: Path, tmp_path: Path) -> None:
    whole = objects(lakes["clean.gz"])
    for path in sorted(packed.rglob("*.ndjson"))[::2]:
        if "manifest" in path.as_posix():
            path.unlink()
    (tmp_path / "staging").mkdir()
    asked: dict[str, Any] = {
        "start": "2024-01-01",
        "end": "2024-01-02",
        "interval": 300,
        "meters_per_file": 3,
        "batch_files": 2,
        "lake": packed,
        "staging_dir": tmp_path / "staging",
        **CLEAN,
    }
    generate(Asked(**asked, compression="gzip"))
    assert objects(packed) == whole
    with pytest.raises(LakeError, match=r"format is 'ndjson\+gzip' there and 'ndjson' here"):
        generate(Asked(**asked))


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[GcsServer]:
    with GcsServer(["lake"]) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        yield server


def test_cloud_storage_never_unpacks_files_on_the_way(storage: GcsServer, tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    asked = Asked(
        start="2024-01-01",
        end="2024-01-01",
        meters=4,
        meters_per_file=2,
        interval=900,
        bucket="lake",
        prefix="raw",
        staging_dir=tmp_path / "staging",
        compression="gzip",
    )
    generate(asked)
    files = {name: each for name, each in storage.objects("lake").items() if name.endswith(".gz")}
    assert len(files) == 2
    store = open_store("gs://lake/raw")
    for name, each in files.items():
        assert (each.content_type, each.content_encoding) == ("application/gzip", "")
        file = store.open_object(name.removeprefix("raw/"))
        assert file is not None
        with file:
            assert file.read() == each.content
        assert store.fetch(name.removeprefix("raw/"), tmp_path).read_bytes() == each.content
        assert gzip.decompress(each.content).count(b"\n") == 2 * 96
    assert report_of("--bucket", "lake", "--prefix", "raw", "--deep").explained


def test_a_dry_run_says_about_how_large_files_will_be(
    capsys: pytest.CaptureFixture[str], lakes: dict[str, Path]
) -> None:
    arguments = ["--start", "2024-01-01", "--end", "2024-01-02", "--meters", "30", "--interval", "300", "--dry-run"]
    assert exit_code(["generate", *arguments, "--compression", "gzip"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (told,) = (line for line in lines if line.startswith("bytes:"))
    about, number = told.split()[1:3]
    assert about == "about"
    size = sum(map(len, _files(lakes["clean.gz"]).values()))
    assert 0.5 < int(number.replace(",", "")) / size < 1.5
    assert any(line.startswith("readings:") and "bytes each" in line and "about" in line for line in lines)
