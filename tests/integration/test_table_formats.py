"""The files of a lake as one table of each format: every reader counts the rows that the files hold, each once."""

from __future__ import annotations

import io
import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyiceberg.catalog import load_catalog
from pyiceberg.table import Table

from tests.asking import Asked, Asking, generate
from wattif.answers.reconcile.comparison import Comparison
from wattif.answers.reconcile.run import reconcile
from wattif.errors import LakeError, WattIfError
from wattif.lake import layout
from wattif.table_formats import table_format_names, table_format_of
from wattif.table_formats.table_format import TableDefinition, TablePlace
from wattif.uploader.store import Conflict, Unavailable

pytestmark = pytest.mark.filterwarnings("ignore:Iceberg scan planning")  # of Polars: its plug-in is faster
SUMS = "count(*), sum(consumption_wh), sum(register_kwh), min(timestamp), max(timestamp), count(DISTINCT mac)"
every_format = pytest.mark.parametrize("table_format", table_format_names())


@pytest.fixture
def parquet(settings: Asking) -> Asking:
    """Twelve files in six batches."""

    def make(**changes: Any) -> Asked:
        return settings(**{"format": "parquet", "end": "2024-01-03", **changes})

    return make


def iceberg(lake: Path, namespace: str = "wattif") -> Table:
    catalog = load_catalog("wattif", type="sql", uri=f"sqlite:///{lake}/_iceberg/catalog.db")
    return catalog.load_table(f"{namespace}.readings")


@dataclass(frozen=True)
class Readers:
    """What knows a table format, and nothing of WattIf."""

    arrow: Callable[[Path], pa.Table]
    polars: Callable[[Path], pl.LazyFrame]
    names: Callable[[Path], list[str]]
    names_of_day: Callable[[Path, str], list[str]]
    commits: Callable[[Path], int]


def _delta_names(lake: Path, *filters: tuple[str, str, str]) -> list[str]:
    return [
        uri.rpartition("/dt=")[2] for uri in DeltaTable(lake).file_uris(file_pruning_predicate=list(filters) or None)
    ]


def _iceberg_names(lake: Path, row_filter: str = "true") -> list[str]:
    scan = iceberg(lake).scan() if row_filter == "true" else iceberg(lake).scan(row_filter=row_filter)
    return [task.file.file_path.rpartition("/dt=")[2] for task in scan.plan_files()]


READERS = {
    "delta": Readers(
        arrow=lambda lake: pa.table(DeltaTable(lake).to_pyarrow_table()),
        polars=pl.scan_delta,
        names=_delta_names,
        names_of_day=lambda lake, day: _delta_names(lake, ("dt", "=", day)),
        commits=lambda lake: len(list((lake / "_delta_log").glob("*.json"))),
    ),
    "iceberg": Readers(
        arrow=lambda lake: iceberg(lake).scan().to_arrow(),
        polars=lambda lake: pl.scan_iceberg(iceberg(lake)),
        names=_iceberg_names,
        names_of_day=lambda lake, day: _iceberg_names(lake, f"dt = '{day}'"),
        commits=lambda lake: 1 + len(iceberg(lake).metadata.snapshots),
    ),
}


def files_of(lake: Path) -> list[str]:
    """The Parquet files of the readings, without ``dt=``."""
    return sorted(path.relative_to(lake).as_posix().removeprefix("dt=") for path in lake.glob("dt=*/*.parquet"))


def is_whole(table_format: str, lake: Path) -> bool:
    """Whether the table names each file of the lake once."""
    return sorted(READERS[table_format].names(lake)) == files_of(lake)


def marks_of(lake: Path) -> list[Path]:
    return [path for path in (lake / layout.TABLES).rglob("*") if path.is_file()]


FAULTS = "duplicate=0.02,late=0.02:1h,drop=0.02,out_of_order=0.02,file_missing=0.2,batch_twice=0.3"


@every_format
@pytest.mark.parametrize("more", [{}, {"faults": FAULTS, "compression": "zstd"}], ids=["clean", "faults"])
def test_readers_count_what_the_files_hold(parquet: Asking, table_format: str, more: dict[str, Any]) -> None:
    """Clocks that are wrong put rows into other days: their files belong to the day of the lake."""
    asked = parquet(table_format=table_format, anomaly_rate=1.0, anomalies="clock_reset,clock_skew", meters=25, **more)
    generate(asked)
    lake, readers = asked.lake, READERS[table_format]
    held = duckdb.execute(f"SELECT {SUMS} FROM read_parquet('{lake}/dt=*/*.parquet')").fetchall()
    arrow = readers.arrow(lake)
    assert duckdb.execute(f"SELECT {SUMS} FROM arrow").fetchall() == held
    assert arrow.schema.field("consumption_wh").type == pa.decimal128(9, 3)
    frame = readers.polars(lake)
    found = frame.select(pl.len(), pl.col("consumption_wh").sum(), pl.col("timestamp").max()).collect().row(0)
    assert found == (held[0][0], held[0][1], held[0][4])
    by_folder = duckdb.execute(f"SELECT dt, count(*) FROM '{lake}/dt=*/*.parquet' GROUP BY dt ORDER BY dt").fetchall()
    assert duckdb.execute("SELECT dt, count(*) FROM arrow GROUP BY dt ORDER BY dt").fetchall() == by_folder
    if not more:
        assert not date(2024, 1, 1) <= held[0][3].date() <= held[0][4].date() <= date(2024, 1, 3)  # wrong clocks
    of_day = [name for name in files_of(lake) if name.startswith("2024-01-02")]
    assert sorted(readers.names_of_day(lake, "2024-01-02")) == of_day
    assert is_whole(table_format, lake)


@every_format
def test_a_table_asked_for_later_gets_every_batch_once(parquet: Asking, table_format: str) -> None:
    generate(parquet(end="2024-01-02"))
    asked = parquet(table_format=table_format)
    generate(asked)
    assert is_whole(table_format, asked.lake)
    commits = READERS[table_format].commits(asked.lake)
    generate(asked)
    assert READERS[table_format].commits(asked.lake) == commits == 1 + 6


@every_format
def test_a_commit_whose_answer_got_lost_is_found_again(parquet: Asking, table_format: str) -> None:
    asked = parquet(table_format=table_format)
    generate(asked)
    commits, marks = READERS[table_format].commits(asked.lake), marks_of(asked.lake)
    assert len(marks) == 6
    for path in marks[::2]:
        path.unlink()
    generate(asked)
    assert READERS[table_format].commits(asked.lake) == commits
    assert marks_of(asked.lake) == marks


def _compact_delta(lake: Path) -> None:
    DeltaTable(lake).optimize.compact()


def _compact_iceberg(lake: Path) -> None:
    table = iceberg(lake)
    table.overwrite(table.scan().to_arrow())


@pytest.mark.parametrize(("table_format", "compact"), [("delta", _compact_delta), ("iceberg", _compact_iceberg)])
@pytest.mark.filterwarnings("ignore:Delete operation did not match")
def test_a_table_whose_files_were_merged_gets_nothing_twice(
    parquet: Asking, table_format: str, compact: Callable[[Path], None]
) -> None:
    """Neither with the lake's marks nor, as after a lost answer, without."""
    asked = parquet(table_format=table_format)
    generate(asked)
    rows = READERS[table_format].arrow(asked.lake).num_rows
    compact(asked.lake)
    assert not is_whole(table_format, asked.lake)
    marks_of(asked.lake)[0].unlink()
    generate(asked)
    assert READERS[table_format].arrow(asked.lake).num_rows == rows


@every_format
def test_overwriting_leaves_the_new_dataset_alone(parquet: Asking, table_format: str) -> None:
    """Also of other columns; and what was there before, once more."""
    asked = parquet(table_format=table_format)
    generate(asked)
    other = parquet(table_format=table_format, seed=7, meters=5, columns="mac,timestamp,consumption_wh,status")
    with pytest.raises(LakeError, match="another dataset"):
        generate(other)
    assert is_whole(table_format, asked.lake)
    for each in (other, asked):
        generate(each.model_copy(update={"overwrite": True}))
        assert is_whole(table_format, each.lake)
        rows = READERS[table_format].arrow(each.lake)
        assert rows.num_rows == 3 * each.meters * 288
        assert rows.num_columns == (5 if each is other else 11)


@every_format
def test_a_table_of_another_dataset_is_left_alone_where_the_lake_is_empty(parquet: Asking, table_format: str) -> None:
    asked = parquet(table_format=table_format, end="2024-01-01")
    generate(asked)
    for kept in (layout.MANIFESTS, layout.TABLES):
        shutil.rmtree(asked.lake / kept)
    for file in [*asked.lake.glob("dt=*/*"), asked.lake / layout.DATASET]:
        file.unlink()
    with pytest.raises(LakeError, match=r"names the files of another dataset; use another .*, or generate with `ov"):
        generate(asked.model_copy(update={"seed": 7}))
    assert not list(asked.lake.rglob("readings-*"))


@every_format
def test_two_runs_at_once_add_each_batch_once(parquet: Asking, table_format: str, tmp_path: Path) -> None:
    generate(parquet(end="2024-01-01", table_format=table_format))
    gate = threading.Barrier(2)

    def run(number: int) -> None:
        staging = tmp_path / f"staging{number}"
        staging.mkdir()
        gate.wait()
        generate(parquet(end="2024-01-05", table_format=table_format, staging_dir=staging, batch_files=2))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    assert is_whole(table_format, tmp_path / "lake")
    assert READERS[table_format].arrow(tmp_path / "lake").num_rows == 5 * 10 * 288


@every_format
def test_another_programs_table_is_left_alone(parquet: Asking, table_format: str) -> None:
    asked = parquet(table_format=table_format, overwrite=True)
    rows = pa.table({"mac": ["a"]})
    if table_format == "delta":
        from deltalake import write_deltalake

        write_deltalake(str(asked.lake), rows)
    else:
        (asked.lake / "_iceberg").mkdir(parents=True)
        uri = f"sqlite:///{asked.lake}/_iceberg/catalog.db"
        catalog = load_catalog("wattif", type="sql", uri=uri, warehouse=f"file://{asked.lake}/_iceberg")
        catalog.create_namespace("wattif")
        catalog.create_table("wattif.readings", rows.schema).append(rows)
    with pytest.raises(LakeError, match="another program's"):
        generate(asked)
    assert READERS[table_format].arrow(asked.lake).num_rows == 1
    assert not (asked.lake / layout.DATASET).exists()


def test_a_table_of_another_lake_is_left_alone(parquet: Asking, tmp_path: Path) -> None:
    catalog = f"sqlite:///{tmp_path}/shared.db"
    first = parquet(table_format="iceberg", catalog=catalog)
    generate(first)
    second = first.model_copy(update={"lake": tmp_path / "second", "overwrite": True})
    with pytest.raises(LakeError, match=r"another lake.*`namespace`"):
        generate(second)
    generate(second.model_copy(update={"namespace": "second"}))
    tables = load_catalog("wattif", type="sql", uri=catalog)
    assert [tables.load_table(f"{name}.readings").scan().count() for name in ("wattif", "second")] == [8640, 8640]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"table_format": "hudi"}, "`table_format` hudi: unknown table format; choose from delta, iceberg"),
        ({"table_format": "delta", "format": "ndjson"}, "`table_format` delta: names files of parquet alone"),
        ({"table_format": "delta", "catalog": "mine"}, "`catalog` mine: Delta Lake has no catalog"),
        ({"table_format": "delta", "namespace": "mine"}, "`namespace` mine: Delta Lake has no catalog"),
        ({"catalog": "https://me:secret@catalog.example"}, "`catalog` https://me:***@catalog.example: is of a table"),
        ({"catalog": "mine"}, "`catalog` mine: is of a table; name its `table_format`"),
        ({"table_format": "iceberg", "faults": "schema_drift=2024-01-02"}, "`faults` schema_drift: a table has one"),
        (
            {"table_format": "iceberg", "catalog": "sqlite:////no/such/folder/catalog.db"},
            "unable to open database file; its folder must exist and be writable",
        ),
        (
            {"table_format": "iceberg", "catalog": "no-such-name"},
            "`catalog` no-such-name: no catalog of this name is configured; give its address, or declare it in"
            " .pyiceberg.yaml or PYICEBERG_CATALOG__NO_SUCH_NAME__URI",
        ),
        ({"table_format": "iceberg", "catalog": "no_such_name"}, "or declare it in .pyiceberg.yaml"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(
    parquet: Asking, changes: dict[str, Any], words: str
) -> None:
    asked = parquet(**changes)
    with pytest.raises(WattIfError) as refused:
        generate(asked)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not asked.lake.exists()


def test_no_password_is_kept_or_told(parquet: Asking) -> None:
    asked = parquet(table_format="iceberg", catalog="https://me:secret@catalog.example/")
    assert "secret" not in str(asked.run.model_dump(mode="json"))
    assert asked.run.model_dump(mode="json")["catalog"] == "https://me:***@catalog.example/"


def _reconciled(asked: Asked) -> dict[str, Any]:
    told = io.StringIO()
    comparison = Comparison(table_format=asked.table_format)
    ok = reconcile(asked.spec, asked.place, comparison, told, as_json=True)
    report: dict[str, Any] = json.loads(told.getvalue())
    assert ok == (report["differences"] == [])
    return report


@every_format
def test_reconcile_tells_which_files_a_table_lacks_or_should_not_name(parquet: Asking, table_format: str) -> None:
    asked = parquet(table_format=table_format)
    with pytest.raises(LakeError, match=r"holds no dataset|there is no"):
        _reconciled(asked)
    generate(parquet(end="2024-01-02"))
    first = parquet(end="2024-01-02", table_format=table_format)
    with pytest.raises(LakeError, match=r"there is no (Delta|Iceberg) table"):
        _reconciled(first)
    generate(first)
    assert _reconciled(first)["differences"] == []
    generate(parquet())  # a day more, in the lake alone
    lacking = _reconciled(asked)["differences"]
    assert sorted(each["place"] for each in lacking) == [
        f"dt={name}" for name in files_of(asked.lake) if "-03/" in name
    ]
    assert {each["verdict"] for each in lacking} == {"missing"}
    generate(asked)
    assert _reconciled(asked)["differences"] == []
    removed = asked.lake / layout.manifest_name(date(2024, 1, 3), 1)
    content = removed.read_bytes()
    removed.unlink()
    extra = [each["place"] for each in _reconciled(asked)["differences"] if each["verdict"] == "extra"]
    assert len(extra) >= 2
    removed.write_bytes(content)
    assert _reconciled(asked)["differences"] == []


def test_reconcile_tells_which_files_a_table_names_twice(parquet: Asking) -> None:
    """Of Iceberg: Delta's log counts a path once."""
    asked = parquet(table_format="iceberg")
    generate(asked)
    table = iceberg(asked.lake)
    name = _iceberg_names(asked.lake)[0]
    table.add_files([f"file://{asked.lake}/dt={name}"], check_duplicate_files=False)
    (doubled,) = _reconciled(asked)["differences"]
    assert (doubled["place"], doubled["verdict"], doubled["found"][:7]) == (f"dt={name}", "doubled", "2 times")


@every_format
def test_a_table_that_another_run_made_at_the_same_moment_is_taken(parquet: Asking, table_format: str) -> None:
    asked = parquet(table_format=table_format)
    definition = TableDefinition(
        name="readings",
        root=str(asked.lake),
        folder="",
        schema=pa.schema([pa.field("mac", pa.string())]),
        dataset="f00d",
        place=TablePlace(),
    )
    first, second = (table_format_of(table_format)(definition) for _ in range(2))
    assert first.find() is second.find() is None
    first.create(replace=False)
    with pytest.raises(Unavailable):
        second.create(replace=False)
    found = second.find()
    assert found is not None
    assert (found.dataset, found.wrong_columns, second.id) == ("f00d", (), first.id)
    first.create(replace=True)
    with pytest.raises(Conflict, match="replaced"):
        second.holds("batch", [])
