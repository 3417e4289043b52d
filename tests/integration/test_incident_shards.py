"""`wattif incidents --shard`: the folders of all shards are the whole, row by row, and are loaded only as the whole."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wattif
from tests.commands import run_wattif
from wattif.errors import InvalidValue, UsageError
from wattif.incidents.load import load_incidents
from wattif.incidents.rows import all_rows
from wattif.incidents.setting import Setting
from wattif.incidents.spec import IncidentSpec
from wattif.incidents.write import write_setting
from wattif.warehouse.place import WarehousePlace

SPEC = IncidentSpec(incident_count=110, seed=7, window_end="2024-07-01", city="berlin")
WORDS = ["--incident-count", "110", "--seed", "7", "--window-end", "2024-07-01", "--city", "berlin", "--no-verbose"]


_setting = cache(Setting.of)


def _write(spec: IncidentSpec, folder: Path, shard: str | None = None, ending: str = "csv") -> Path:
    settings, told = spec.model_dump(mode="json", exclude_none=True), list[int]()
    written = write_setting(
        _setting(spec), settings, folder, output_format=ending, overwrite=False, progress=told.append, shard=shard
    )
    assert sum(told) == written.rows["incidents"]
    return written.folder


def _joined(files: list[Path]) -> pa.Table | list[bytes]:
    """The rows of *files*, one after the other: lines, or what pyarrow reads; all headers are the same."""
    if files[0].suffix == ".parquet":
        return pa.concat_tables(pq.read_table(file) for file in files).combine_chunks()
    lines = [file.read_bytes().splitlines(keepends=True) for file in files]
    if files[0].suffix == ".ndjson":
        return [line for each in lines for line in each]
    assert len({each[0] for each in lines}) == 1
    return [*lines[0][:1], *(line for each in lines for line in each[1:])]


@pytest.mark.parametrize("ending", ["csv", "parquet", "ndjson"])
def test_the_folders_of_all_shards_are_the_whole(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattif.incidents.write.BLOCK_INCIDENTS", 20)
    whole = _write(SPEC, tmp_path / "whole", ending=ending)
    shards = [_write(SPEC, tmp_path / "shards", f"{index}/3", ending) for index in (1, 2, 3)]
    assert [each.relative_to(tmp_path).as_posix() for each in shards] == [f"shards/shard-{n}-of-3" for n in (1, 2, 3)]
    for name, rows in all_rows().items():
        files = [folder / f"{name}.{ending}" for folder in (whole, *shards)]
        if "incident_number" in rows.table.column_names:
            assert _joined(files[1:]) == _joined(files[:1]), name
            assert len({file.read_bytes() for file in files}) == 4
        else:
            assert len({file.read_bytes() for file in files}) == 1, name


@pytest.mark.parametrize("ending", ["csv", "parquet", "ndjson"])
def test_more_shards_than_incidents_are_loaded_as_the_whole(tmp_path: Path, ending: str) -> None:
    spec = SPEC.model_copy(update={"incident_count": 3})
    for index in range(1, 6):
        _write(spec, tmp_path / "shards", f"{index}/5", ending)
    place = WarehousePlace(database=tmp_path / "w.duckdb")
    load_incidents(tmp_path / "shards", place)
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in all_rows():
            connection.register("expected", wattif.read(spec, name).read_all())
            different = f'(FROM "{name}" EXCEPT ALL FROM expected) UNION ALL (FROM expected EXCEPT ALL FROM "{name}")'
            assert connection.sql(different).fetchall() == [], name
        assert connection.sql("SELECT count(*) FROM incidents").fetchall() == [(3,)]
    assert load_incidents(tmp_path / "shards", place).tables_skipped == len(all_rows())


def test_what_is_not_the_whole_is_not_loaded(tmp_path: Path) -> None:
    place, folder = WarehousePlace(database=tmp_path / "w.duckdb"), tmp_path / "shards"
    for index in (1, 2, 4):
        _write(SPEC, folder, f"{index}/4")

    def refused(named: Path, reason: str) -> None:
        with pytest.raises(InvalidValue, match=f"^`incidents` {named}: {reason}$"):
            load_incidents(named, place)

    way_out = "name the folder that holds the folders of all 4"
    refused(folder, f"lacks shard 3/4; {way_out}")
    refused(folder / "shard-2-of-4", f"lacks shard 1/4 and 2 more; {way_out}")
    keep = "keep the shards of one data set there"
    other = _write(SPEC.model_copy(update={"seed": 8}), tmp_path / "other", "3/4")
    shutil.move(other, folder)
    refused(folder, f"shard-1-of-4 has seed 7, shard-3-of-4 8; {keep}")
    shutil.rmtree(folder / "shard-3-of-4")
    _write(SPEC, folder, "3/3")
    refused(folder, f"shard-1-of-4 has shard of 4, shard-3-of-3 of 3; {keep}")
    shutil.rmtree(folder / "shard-3-of-3")
    shutil.copytree(folder / "shard-2-of-4", folder / "third")
    refused(folder, "shard-2-of-4 and third are both shard 2/4; remove one of them")
    assert not (tmp_path / "w.duckdb").exists()
    shutil.rmtree(folder / "third")
    _write(SPEC, folder, "3/4")
    assert load_incidents(folder, place).tables["incidents"] == 110
    damaged = folder / "shard-3-of-4" / "incident_units.csv"
    damaged.write_text(damaged.read_text().replace("station_code", "station", 1))
    with pytest.raises(UsageError, match=rf"^{damaged}: has no column station_code"):
        load_incidents(folder, place)


def test_a_task_of_a_service_writes_its_shard(tmp_path: Path) -> None:
    words = ["incidents", *WORDS, "--shard", "auto/2", "--output-dir", "out"]
    for index, count in enumerate((55, 55)):
        done = run_wattif(tmp_path, *words, JOB_COMPLETION_INDEX=str(index))
        assert done.returncode == 0, done.stderr
        assert f"incidents {count};" in done.stdout
        assert f"data: {tmp_path / 'out' / f'shard-{index + 1}-of-2'}" in done.stdout
    done = run_wattif(tmp_path, "load", "--incidents", "out")
    assert (done.returncode, "incidents (110 rows)" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--shard", "2"], "--shard 2: not a shard; write which one of how many as 3/64, or auto"),
        (["--shard", "9/8"], "--shard 9/8: of 8 shards, there is no shard 9"),
        (["--shard", "auto"], "--shard auto: no service says which task this is"),
        (["--shard", "2/8"], "--shard 2/8: needs --seed and --window-end, the same for all shards; give them"),
        (["--shard", "2/8", "--seed", "3"], "--shard 2/8: needs --window-end, the same for all shards"),
        (["--shard", "2/8", "--start-datetime", "2024-07-01"], "--shard 2/8: needs --seed, the same for all shards"),
    ],
)
def test_a_shard_that_cannot_be_is_refused(tmp_path: Path, words: list[str], said: str) -> None:
    done = run_wattif(tmp_path, "incidents", *words, "--output-dir", "out", "--no-verbose")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
