"""`wattif schema`: what it prints is run by each engine and gives the sum that DuckDB's exact decimals give."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import duckdb
import jsonschema
import pytest
import sqlglot

from tests.asking import Asked, generate
from tests.forking import Forking
from tests.postgres import Database
from wattif.cli.main import exit_code
from wattif.errors import InvalidValue
from wattif.tables import catalog, readings
from wattif.tables.ddl import statement, targets
from wattif.tables.ddl.target import Source

SUMS = {"readings": "consumption_wh", "anomaly_labels": "energy_wh"}  # JSON and Parquet
PYTHON = {  # how a program prints the exact sum of a column
    "arrow": "import pyarrow.compute as pc\nprint(pc.sum({table}['{column}']))",
    "pandas": "print({table}['{column}'].sum())",
    "polars": "print({table}.collect()['{column}'].sum())",
    "spark": "print({table}.selectExpr('sum({column})').first()[0])",
}
TIMES = {  # and the first moment, with its zone
    "arrow": "print(min({table}['timestamp'].to_pylist()).isoformat())",
    "pandas": "print({table}['timestamp'].min().isoformat())",
    "polars": "print({table}.collect()['timestamp'].min().isoformat())",
    "spark": 'print({table}.selectExpr("date_format(min(timestamp), \\"yyyy-MM-dd\'T\'HH:mm:ssXXX\\")").first()[0])',
}
ENGINES = {"arrow": "pyarrow", "pandas": "pandas", "polars": "polars", "spark": "pyspark"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small lake: negative powers, gaps and wrong clocks included."""
    folder = tmp_path_factory.mktemp("schema")
    (folder / "staging").mkdir()
    values = {"start": "2024-01-01", "end": "2024-01-03", "meters": 25, "interval": 600, "anomaly_rate": 1}
    generate(Asked.model_validate({**values, "lake": folder / "lake", "staging_dir": folder / "staging"}))
    return folder


def _schema(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert exit_code(["schema", *arguments]) == 0
    return capsys.readouterr().out


def _exact(folder: Path, table: str) -> Decimal:
    """Of the rows themselves, by DuckDB."""
    files = f"read_parquet('{folder}/lake/_wattif/labels/anomalies/anomalies.parquet')"
    if table == "readings":
        columns = "{consumption_wh: 'DECIMAL(18,3)'}"
        files = f"read_json('{folder}/lake/dt=*/*.json', format = 'newline_delimited', columns = {columns})"
    with duckdb.connect() as connection:
        (total,) = connection.sql(f"SELECT sum({SUMS[table]}) FROM {files}").fetchall()[0]
    assert isinstance(total, Decimal)
    assert total > 1000
    return total


def _run(folder: Path, *command: str, text: str = "") -> str:
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("table", SUMS)
@pytest.mark.parametrize("target", PYTHON)
@pytest.mark.timeout(300)
def test_python_reads_every_digit_and_the_time_zone(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    forking: Forking,
    *,
    target: str,
    table: str,
) -> None:
    if find_spec(ENGINES[target]) is None:
        pytest.skip(f"{target} is not installed")
    monkeypatch.chdir(folder)
    code = _schema(capsys, table, "--for", target, "--lake", str(folder / "lake"))
    code += PYTHON[target].format(table=table, column=SUMS[table])
    if table == "readings":
        code += "\n" + TIMES[target].format(table=table)
    if target == "spark":
        request.getfixturevalue("spark")  # which the code finds instead of starting one
        exec(code, {})
        printed = capsys.readouterr().out.splitlines()
    else:
        printed = _run(folder, str(forking.interpreter), "-c", code).splitlines()
    assert Decimal(printed[0]) == _exact(folder, table)
    if table == "readings":
        assert printed[1] in ("2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00Z") or printed[1] < "2024-01-01"


@pytest.mark.parametrize("table", SUMS)
def test_duckdb_reads_every_digit(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.chdir(folder)
    with duckdb.connect() as connection:
        connection.execute(_schema(capsys, table, "--for", "duckdb"))
        found = connection.sql(f"SELECT sum({SUMS[table]}) FROM {table}").fetchall()
    assert found == [(_exact(folder, table),)]


@pytest.mark.parametrize("table", SUMS)
def test_clickhouse_reads_every_digit(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    if find_spec("chdb") is None:
        pytest.skip("chdb is not installed")
    monkeypatch.chdir(folder)
    view = _schema(capsys, table, "--for", "clickhouse")
    code = (
        f"from chdb.session import Session\nsession = Session()\nsession.query({view!r})\n"
        f"print(session.query('SELECT sum({SUMS[table]}) FROM {table}', 'TSV'))"
    )
    assert Decimal(_run(folder, sys.executable, "-c", code).strip()) == _exact(folder, table)


@pytest.mark.parametrize("table", SUMS)
def test_postgres_reads_every_digit(
    folder: Path, database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    psql = ("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-At", database.url())
    query = f"SELECT sum({SUMS[table]}) FROM {table};\n"
    found = _run(folder, *psql, text=_schema(capsys, table, "--for", "postgres") + query)
    assert Decimal(found.strip()) == _exact(folder, table)


def test_bigquery_gets_statements_that_parse(capsys: pytest.CaptureFixture[str]) -> None:
    """No engine here runs them; the grammar is held against."""
    text = statement("bigquery", Source.of(readings.TABLE, "gs://my-lake/raw"))
    assert 'uris = ["gs://my-lake/raw/dt=*"]' in text
    assert 'hive_partition_uri_prefix = "gs://my-lake/raw"' in text
    for table in catalog.tables():
        if table.name != "readings":
            sqlglot.parse_one(_schema(capsys, table.name, "--for", "bigquery"), dialect="bigquery")


def test_rows_are_as_the_json_schema_says(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    validator = jsonschema.Draft202012Validator(json.loads(_schema(capsys, "--for", "json-schema")))
    lines = next((folder / "lake").glob("dt=*/*.json")).read_text().splitlines()
    for line in lines[:200]:
        validator.validate(json.loads(line))
    assert not validator.is_valid({**json.loads(lines[0]), "power_w": "a lot"})


def test_columns_are_those_of_the_dataset(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "staging").mkdir()
    values = {"start": "2024-01-01", "end": "2024-01-01", "meters": 1, "interval": 3600, "columns": "seq,mac"}
    generate(Asked.model_validate({**values, "lake": tmp_path / "lake", "staging_dir": tmp_path / "staging"}))
    monkeypatch.chdir(tmp_path)
    found = json.loads(_schema(capsys, "--for", "json-schema"))
    assert list(found["properties"]) == ["seq", "mac"]


@pytest.mark.parametrize("target", ["arrow", "clickhouse", "pandas", "polars", "postgres", "spark"])
@pytest.mark.parametrize("place", ["s3://my-lake/raw", "az://my-lake/raw"])
def test_a_store_that_no_statement_was_tried_with_is_refused(target: str, place: str) -> None:
    with pytest.raises(InvalidValue, match=f"{place}: statements read a folder or Cloud Storage, no other store"):
        statement(target, Source.of(readings.TABLE, place))


@pytest.mark.parametrize("target", targets())
def test_every_table_has_a_schema_for_every_target(capsys: pytest.CaptureFixture[str], target: str) -> None:
    for table in catalog.tables():
        code = exit_code(["schema", table.name, "--for", target, "--lake", "nowhere"])
        printed = capsys.readouterr()
        if code == 0:
            assert len(printed.out) > len(table.name)
        else:  # a table of a warehouse has no files
            assert code == 2
            assert "lies in a warehouse" in printed.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--for", "duckdp"], "--for duckdp: there is no such target; did you mean duckdb?"),
        (["wether", "--for", "duckdb"], "wether: unknown table; did you mean weather?"),
    ],
)
def test_what_there_is_not_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert exit_code(["schema", *arguments]) == 2
    assert message in capsys.readouterr().err
