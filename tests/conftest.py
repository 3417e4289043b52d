"""Shared by all tests: settings of small datasets, and an environment that no test inherits from the user's."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.asking import Asking, asking
from tests.forking import Forking

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.postgres import Database, Server
    from tests.stores import Servers

hypothesis.settings.register_profile("wattif", deadline=None, derandomize=True)  # kernels compile at their first call
hypothesis.settings.load_profile("wattif")
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup, programs that tests hang up on would go on for ever


_FOLDERS = ("unit", "property", "golden", "integration", "fakes", "faults", "e2e", "packaging")  # fast ones first


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--episodes`: of tests that kill processes at random moments."""
    parser.addoption(
        "--episodes", type=int, metavar="N", help="kill N processes of each way to run in each kind of store, not a few"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the fast tests first."""
    top = Path(__file__).parent
    items.sort(key=lambda item: _FOLDERS.index(item.path.relative_to(top).parts[0]))


@pytest.fixture(autouse=True, scope="session")
def _own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests that run at once share no staging folder: the default one lies in the folder for temporary files."""
    tmp_path_factory.getbasetemp()  # stays where it is: it keeps the folders of tests that fail
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
        Path(folder).chmod(0o1777)  # as the real one: some tests run programs as other users
        tempfile.tempdir = folder
        yield
    tempfile.tempdir = before


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if (name.startswith(("WATTIF_", "AWS_", "AZURE_")) and name != "WATTIF_CACHE") or name in (
            "STORAGE_EMULATOR_HOST",
            "DATAPLEX_EMULATOR_HOST",
            "GOOGLE_APPLICATION_CREDENTIALS",
        ):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Servers of S3 and Azure on this machine."""
    from tests.stores import Servers

    running = Servers()
    yield running
    running.close()


@pytest.fixture(scope="session")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forking]:
    """Starts programs in no time."""
    server = Forking(tmp_path_factory.mktemp("forking"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Spark on this machine."""
    from tests.spark_session import spark_session

    with spark_session(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server on this machine."""
    from tests.postgres import running_server

    with running_server() as server:
        yield server


@pytest.fixture
def database(postgres_server: Server) -> Database:
    """An empty database of that server."""
    return postgres_server.create_database()


@pytest.fixture
def settings(tmp_path: Path) -> Asking:
    """Makes a small dataset: 2 days, 10 meters in files of 3, batches of 2, a reading every 5 minutes."""
    (tmp_path / "staging").mkdir()
    return asking(
        {
            "start": "2024-01-01",
            "end": "2024-01-02",
            "lake": tmp_path / "lake",
            "meters": 10,
            "interval": 300,
            "meters_per_file": 3,
            "batch_files": 2,
            "staging_dir": tmp_path / "staging",
            "write_workers": 2,
        }
    )
