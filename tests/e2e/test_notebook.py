"""The notebook from top to bottom, headless: on this machine with DuckDB, and with a cloud of local servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell

from tests.fakes.bigquery_models import Front, bigquery_with_models
from tests.fakes.bigquery_server import DATASET, PROJECT
from tests.fakes.dataplex_server import DataplexServer
from tests.fakes.dataplex_tables import Dataset, Model
from tests.fakes.gcs_server import GcsServer
from tests.forking import Forking
from tests.notebooks import ROOT, pictures, run_notebook, text
from tests.warehouses import rows

NOTEBOOK = ROOT / "notebooks" / "Smart_Meter_Anomaly_Detection.ipynb"
REGION, BUCKET = "europe-west3", "my-lake"
SMALL = {"METERS": "24", "INTERVAL": "900", "ANOMALY_RATE": "0.5", "START": "2024-01-01", "END": "2024-01-10"}
HOURLY = "smart_meter_readings_hour_rolled"
SKIPPED = "skipped: Dataplex needs a project; fill in PROJECT at the top\n"


@pytest.fixture
def notebook() -> Any:
    """The notebook as it is kept."""
    return nbformat.read(NOTEBOOK, 4)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the notebook may write."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "home"))  # how the kernel is reached
    for name in ("notebooks", "staging", "home"):
        (tmp_path / name).mkdir()
    return tmp_path / "notebooks"


def _run(notebook: Any, folder: Path, **environment: str) -> dict[str, Any]:
    """Execute all cells, without pandas: requirements.txt does not name it."""
    (folder.parent / "home" / "pandas.py").write_text("raise ImportError('pandas')", encoding="utf-8")
    small = {f"WATTIF_{name}": value for name, value in SMALL.items()}
    staging = str(folder.parent / "staging")
    return run_notebook(notebook, folder, **{"WATTIF_STAGING_DIR": staging, **small, **environment})


def test_on_this_machine(notebook: Any, folder: Path) -> None:
    outputs = _run(notebook, folder)
    database = folder / "lake" / "wattif.duckdb"
    ((readings,),) = rows(database, f"SELECT count(*) FROM read_json('{folder}/lake/dt=*/*.json')")
    assert text(outputs["load"]).startswith(f"{readings:,} readings of 10 days, ")
    flagged = dict(rows(database, "SELECT metric, count(*) FROM smart_meter_anomalies WHERE is_anomaly GROUP BY ALL"))
    for metric in ("AVG", "MAX"):
        assert f"{metric}: {flagged[metric]:,} of 1,728 hours are anomalies" in text(outputs["train"])  # 24 · 3 · 24
    assert [text(outputs[name]) for name in outputs if name.startswith("dataplex")] == [SKIPPED] * 3
    assert re.search(r"^AVG or MAX .*\d\.\d\d", text(outputs["score"]), re.MULTILINE)
    assert pictures(outputs) == ["look", "flags", "scorecard"]
    assert {path.name for path in folder.iterdir()} == {"lake", "score.png"}


def test_in_a_checkout_it_takes_that(notebook: Any, folder: Path) -> None:
    (folder.parent / "wattif").symlink_to(ROOT / "wattif")
    notebook.cells = [cell for cell in notebook.cells if cell.id in ("parameters", "settings", "install", "options")]
    where = "%%bash\npython -c 'import wattif; print(wattif.__file__)'"
    notebook.cells += [
        new_code_cell(where, id="verbs"),
        new_code_cell("import wattif\nprint(wattif.__file__)", id="own"),
    ]
    outputs = _run(notebook, folder, PYTHONPATH="")  # not installed
    assert {text(outputs[name]) for name in ("verbs", "own")} == {f"{folder.parent}/wattif/__init__.py\n"}


def test_a_cell_that_fails_stops_it(notebook: Any, folder: Path) -> None:
    with pytest.raises(CellExecutionError, match="python -m wattif generate"):
        _run(notebook, folder, WATTIF_METERS="0")
    assert not any(cell.outputs for cell in notebook.cells if cell.get("id") in ("load", "look", "score"))


def _asked(client: Any, sql: str) -> Any:
    """The rows that a query returns."""
    return client.query(sql, retry=None, timeout=20).result(retry=None, timeout=20)


class _Cloud(Dataset):
    """The emulator's dataset as Dataplex sees it: copied when a scan of one of its tables is created."""

    def __init__(self, client: Any) -> None:
        connection = duckdb.connect()
        models = [Model(f"smart_meter_arima_{name}", f"consumption_{name}", []) for name in ("avg", "max")]
        super().__init__(PROJECT, DATASET, REGION, connection, models)
        self._client, self._tables, self._of_metrics = client, connection, models

    def has_table(self, name: str) -> bool:
        if name in {table.table_id for table in self._client.list_tables(DATASET, timeout=20)}:
            self._copy(name, f"SELECT * FROM `{PROJECT}.{DATASET}.{name}`")
            for model in self._of_metrics:
                self._copy(
                    f"judged_{model.name}",
                    "SELECT mac, time_hour_rolled, anomaly_probability AS probability FROM ML.DETECT_ANOMALIES("
                    f"MODEL `{PROJECT}.{DATASET}.{model.name}`, STRUCT(0.99 AS anomaly_prob_threshold), (SELECT mac,"
                    f" time_hour_rolled, {model.value_column} FROM `{PROJECT}.{DATASET}.{name}`))",
                )
        return super().has_table(name)

    def _copy(self, name: str, sql: str) -> None:
        self._tables.register("content", _asked(self._client, sql).to_arrow(create_bqstorage_client=False))
        self._tables.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM content')
        self._tables.unregister("content")

    def close(self) -> None:
        vars(self).pop("_tables")
        super().close()


@pytest.fixture
def storage() -> Iterator[GcsServer]:
    """The bucket."""
    with GcsServer([BUCKET]) as server:
        yield server


@pytest.fixture
def front(storage: GcsServer, tmp_path: Path) -> Iterator[Front]:
    """BigQuery."""
    (tmp_path / "buckets").mkdir()
    with bigquery_with_models(storage, tmp_path / "buckets") as front:
        yield front


@pytest.fixture
def client(front: Front, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The official client, with an empty dataset."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", front.url)
    anonymous: Any = AnonymousCredentials
    client: Any = bigquery.Client(PROJECT, credentials=anonymous())
    dataset: Any = bigquery.Dataset(f"{PROJECT}.{DATASET}")
    dataset.location = REGION
    client.create_dataset(dataset, timeout=20)
    yield client
    client.close()


@pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result:UserWarning")  # the emulator's own
def test_in_the_cloud(
    notebook: Any, folder: Path, storage: GcsServer, front: Front, client: Any, forking: Forking
) -> None:
    """Verbs start at once; those on this machine have an interpreter of their own."""
    (options,) = [number for number, cell in enumerate(notebook.cells) if cell.id == "options"]
    forked = f"os.environ['PATH'] = {str(forking.interpreter.parent)!r} + ':' + os.environ['PATH']"
    notebook.cells.insert(options + 1, new_code_cell(forked, id="forked"))
    with DataplexServer(_Cloud(client)) as dataplex:
        outputs = _run(
            notebook,
            folder,
            WATTIF_PROJECT=PROJECT,
            WATTIF_BUCKET=BUCKET,
            WATTIF_DATASET=DATASET,
            WATTIF_LOCATION=REGION,
            BIGQUERY_EMULATOR_HOST=front.url,
            STORAGE_EMULATOR_HOST=storage.url,
            DATAPLEX_EMULATOR_HOST=dataplex.address,
        )
        asked = [dataplex.count(f"{verb}DataScan") for verb in ("Create", "Run")]
    readings = sum(
        stored.content.count(b"\n") for name, stored in storage.objects(BUCKET).items() if name.startswith("dt=")
    )
    assert text(outputs["load"]).startswith(f"{readings:,} readings of 10 days, ")
    assert {name.rsplit(".", 1)[1] for name in front.models} == {"smart_meter_arima_avg", "smart_meter_arima_max"}
    assert asked == [1, 1]
    flagged = f"SELECT COUNT(*) FROM `{PROJECT}.{DATASET}.smart_meter_anomalies` WHERE is_anomaly AND metric = 'AVG'"
    (count,) = next(iter(_asked(client, flagged)))
    assert count
    assert f"AVG: {count:,} of 1,728 hours are anomalies" in text(outputs["train"])
    results = text(outputs["dataplex-results"])
    rules = dict(re.findall(r"^  (?:FAILED|passed)  (\S+) +[A-Z]+ +(.*)$", results, re.MULTILINE))
    assert rules["anomaly-avg"] == f"{count:,} rows found"  # two ways to ask the same model
    learnt = f"SELECT COUNT(*) FROM `{PROJECT}.{DATASET}.{HOURLY}` WHERE time_hour_rolled < TIMESTAMP '2024-01-08'"
    (hours,) = next(iter(_asked(client, learnt)))
    assert rules["anomaly-max-not-judged"] == f"{hours:,} rows found"  # those that were learned from
    assert rules["meter-hour-unique"] == "0 rows found"
    assert re.search(r"^AVG or MAX .*\d\.\d\d", text(outputs["score"]), re.MULTILINE)
    assert pictures(outputs) == ["look", "flags", "scorecard"]
    assert {path.name for path in folder.iterdir()} == {"score.png"}  # the lake is in the bucket
