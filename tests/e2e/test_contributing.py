"""The recipes of CONTRIBUTING.md, followed to the letter in a copy of the package: each adds files, and edits none."""

from __future__ import annotations

import bz2
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.processes import environment

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"`(?P<file>wattif/[\w/.]+\.(?:py|toml))`:\n\n```(?:python|toml)\n(?P<code>.*?)^```\n", re.M | re.S)
MAKE = """
import json, sys
import wattif

asked = json.loads(sys.argv[1])
spec = wattif.Spec(start="2024-03-01", end="2024-03-08", meters=10, interval=900, meters_per_file=4, **asked)
wattif.generate(spec, sys.argv[2])
print(json.dumps([wattif.reconcile(sys.argv[2], deep=deep).to_dict() for deep in (False, True)]))
"""
DAYS, METERS, READINGS = 8, 10, 96
CLEAN = "clean"  # a lake of which nothing is one's own but the table


class _Checkout:
    """A copy of the package with what the recipes add."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = environment(folder, PYTHONPATH=str(folder), TMPDIR=str(folder))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The package's command line or a program, with any exit code."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def made(self, lake: str, **asked: Any) -> list[dict[str, Any]]:
        """What `reconcile` says of the dataset that is made of what is *asked* for: of the files, and of every row."""
        done = self.run("-c", MAKE, json.dumps(asked), lake)
        assert done.returncode == 0, done.stderr
        reports: list[dict[str, Any]] = json.loads(done.stdout)
        return reports


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> _Checkout:
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "wattif", folder / "wattif", ignore=shutil.ignore_patterns("__pycache__"))
    new = {match["file"] for match in BLOCK.finditer(PAGE)}
    assert not [name for name in new if (folder / name).exists()], "a recipe edits a file that is there"
    for match in BLOCK.finditer(PAGE):
        with (folder / match["file"]).open("a", encoding="utf-8") as file:
            file.write(match["code"])
    made = _Checkout(folder)
    made.made(CLEAN)
    return made


def test_every_block_is_followed_and_is_short() -> None:
    assert PAGE.count("```python\n") + PAGE.count("```toml\n") == len(BLOCK.findall(PAGE))
    for match in BLOCK.finditer(PAGE):
        assert match["code"].count("\n") < 40, match["file"]
    assert len(re.findall(r"^### Add ", PAGE, re.M)) == len({match["file"] for match in BLOCK.finditer(PAGE)}) == 8


def _query(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


def _rows(checkout: _Checkout, lake: str) -> dict[tuple[str, datetime], int]:
    """Milliwatt-hours by meter and moment."""
    read = f"read_json('{checkout.folder}/{lake}/dt=*/*.json', columns = {{mac: 'VARCHAR', timestamp: 'TIMESTAMP', "
    read += "consumption_wh: 'DECIMAL(18, 3)'})"
    return {
        (mac, at): mwh for mac, at, mwh in _query(f"SELECT mac, timestamp, (1000 * consumption_wh)::BIGINT FROM {read}")
    }


def test_an_anomaly(checkout: _Checkout) -> None:
    reports = checkout.made("thefts", anomaly_rate=0.5, anomalies="theft_by_night")
    assert [report["differences"] for report in reports] == [0, 0]
    stolen, clean = _rows(checkout, "thefts"), _rows(checkout, CLEAN)
    labels = [
        json.loads(line)
        for line in (checkout.folder / "thefts/_wattif/labels/anomalies/anomalies.ndjson").read_text().splitlines()
    ]
    assert [label["kind"] for label in labels] == ["theft_by_night"] * (METERS // 2)
    hidden = {label["mac"]: 0 for label in labels}
    spans = {label["mac"]: (label["start"], label["end"]) for label in labels}
    for (mac, at), energy in clean.items():
        start, end = spans.get(mac, ("", ""))
        if start <= f"{at:%Y-%m-%dT%H:%M:%SZ}" < end and at.hour < 6:
            hidden[mac] += energy
            assert stolen[mac, at] == 0
        else:
            assert stolen[mac, at] == energy
    told = {label["mac"]: round(1000 * label["not_registered_wh"]) for label in labels}
    assert told == hidden
    assert min(hidden.values()) > 0


def _prices() -> Iterator[tuple[datetime, int]]:
    for n in range(DAYS):
        day = date(2024, 3, 1) + timedelta(days=n)
        for hour in range(24):
            yield datetime(day.year, day.month, day.day, hour), 20 + hour * day.day % 7


def test_a_table_and_a_format(checkout: _Checkout) -> None:
    reports = checkout.made("tables", format="tsv")
    assert [report["differences"] for report in reports] == [0, 0]
    lake = checkout.folder / "tables"
    prices = _query(f"SELECT hour::TIMESTAMP, price_eur_mwh FROM read_csv('{lake}/prices/dt=*/*.tsv') ORDER BY hour")
    assert prices == list(_prices())
    in_tsv = _query(
        "SELECT mac, timestamp::TIMESTAMP, (1000 * consumption_wh::DECIMAL(18, 3))::BIGINT"
        f" FROM read_csv('{lake}/dt=*/*.tsv', all_varchar = true)"
    )
    assert len(in_tsv) == DAYS * METERS * READINGS
    assert {(mac, at): mwh for mac, at, mwh in in_tsv} == _rows(checkout, CLEAN)
    changed = min(lake.glob("prices/dt=2024-03-05/*.tsv"))
    changed.write_text(changed.read_text().replace("\t20.00", "\t21.00", 1))
    done = checkout.run("-m", "wattif", "reconcile", "--lake", "tables", "--deep")
    assert done.returncode == 1
    assert "2024-03-05T00:00:00Z·21.00" in done.stdout  # a tabulator, made visible


def test_a_compression(checkout: _Checkout) -> None:
    reports = checkout.made("packed", compression="bzip2")
    assert [report["differences"] for report in reports] == [0, 0]
    packed, plain = checkout.folder / "packed", checkout.folder / CLEAN
    files = sorted(path.relative_to(plain).as_posix() for path in plain.glob("dt=*/readings*"))
    assert files
    for name in files:
        assert bz2.decompress((packed / f"{name}.bz2").read_bytes()) == (plain / name).read_bytes()
    changed = packed / f"{files[0]}.bz2"
    changed.write_bytes(bz2.compress(bz2.decompress(changed.read_bytes()).replace(b'"status":  0', b'"status":  8', 1)))
    done = checkout.run("-m", "wattif", "reconcile", "--lake", "packed", "--deep")
    assert done.returncode == 1
    assert "status" in done.stdout


def test_a_store(checkout: _Checkout) -> None:
    place = checkout.folder / "lake.db"
    reports = checkout.made(f"sqlite://{place}")
    assert [report["differences"] for report in reports] == [0, 0]
    with sqlite3.connect(place) as connection:
        stored = dict(connection.execute("SELECT name, content FROM objects WHERE name LIKE 'dt=%'").fetchall())
        files = {
            path.relative_to(checkout.folder / CLEAN).as_posix(): path.read_bytes()
            for path in (checkout.folder / CLEAN).glob("dt=*/*")
        }
        assert stored == files
        connection.execute("DELETE FROM objects WHERE name = ?", (min(files),))
    connection.close()
    report = "import wattif; print(wattif.reconcile('sqlite://lake.db').to_dict()['verdicts'].keys())"
    done = checkout.run("-c", report)
    assert done.stdout == "dict_keys(['missing'])\n", done.stderr


def test_an_engine(checkout: _Checkout) -> None:
    asked = ["--start", "2024-03-01", "--end", "2024-03-08", "--meters", "10", "--interval", "900"]
    where = ["--meters-per-file", "4", "--lake", "pooled", "--engine", "pool", "--write-workers", "2", "-q"]
    done = checkout.run("-m", "wattif", "generate", *asked, *where)
    assert done.returncode == 0, done.stderr
    pooled, alone = (
        {path.relative_to(lake): path.read_bytes() for path in lake.glob("dt=*/*")}
        for lake in (checkout.folder / "pooled", checkout.folder / CLEAN)
    )
    assert pooled == alone
    assert len(list((checkout.folder / "pooled" / "_wattif" / "runs").iterdir())) == 8  # shards


def test_a_type_and_a_language_of_incidents(checkout: _Checkout) -> None:
    """Each told with its own words; a type at the hours that it declares, and in the look-up table."""
    locales, cities = checkout.folder / "wattif/incidents/locales", checkout.folder / "wattif/model/data/cities.toml"
    pools = json.loads((locales / "PH.json").read_text(encoding="utf-8"))
    (locales / "MX.json").write_text(json.dumps({**pools, "country": "MX", "language": "es"}), encoding="utf-8")
    own = checkout.folder / "cities.toml"
    own.write_text(cities.read_text(encoding="utf-8").replace('country = "PH"', 'country = "MX"'), encoding="utf-8")
    words = ["--incident-count", "2000", "--seed", "3", "--window-end", "2024-07-01", "--no-verbose"]
    done = checkout.run("-m", "wattif", "incidents", *words, "--cities", str(own), "--output-dir", "bees")
    assert done.returncode == 0, done.stderr
    folder = checkout.folder / "bees"
    assert _query(f"SELECT count(*) FROM '{folder}/incident_types.csv' WHERE code = 'SWARM'") == [(1,)]
    ((swarms, told, first, last),) = _query(
        f"""SELECT count(*), count(*) FILTER (title LIKE 'Swarm of bees, %' AND narrative LIKE '%bees%'),
        min(hour(timezone('Asia/Manila', occurrence_at))), max(hour(timezone('Asia/Manila', occurrence_at)))
        FROM '{folder}/incidents.csv' WHERE type_code = 'SWARM'"""
    )
    assert swarms == told
    ((cases, in_spanish),) = _query(
        f"""SELECT count(*), count(*) FILTER (title LIKE 'Asistencia %' AND narrative LIKE 'Persona desplomada%')
        FROM '{folder}/incidents.csv' WHERE type_code = 'MEDICAL'"""
    )
    assert in_spanish == cases > 500
    assert swarms == pytest.approx(2_000 * 0.05 / 1.01, rel=0.4)  # the other shares add up to 0.96
    assert 9 <= first <= last <= 17
