"""Tables of small datasets in DuckDB, and small lakes."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.asking import Asking
from tests.reconciling import make_lake
from tests.rows import ALL_COLUMNS, PatternPlan, load
from tests.tables import Table


@pytest.fixture
def table(settings: Asking, tmp_path: Path) -> Table:
    """Three days of ten meters, a reading every five minutes."""
    return Table(settings(start="2024-01-30", end="2024-02-01"), tmp_path)


@pytest.fixture
def faulty(settings: Asking, tmp_path: Path) -> tuple[Table, PatternPlan]:
    """What is delivered of a dataset in which much goes wrong, in the table ``delivered``."""
    asked = settings(start="2024-01-30", end="2024-02-02", columns=ALL_COLUMNS, anomaly_rate=1, meters=25)
    table, faults = Table(asked, tmp_path), PatternPlan(asked)
    with duckdb.connect(table.path) as connection:
        load(connection, "delivered", tmp_path / "delivered", faults.deliver())
    return table, faults


@pytest.fixture(scope="session")
def sound_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small lake that no test changes."""
    return make_lake(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def lake(sound_lake: Path, tmp_path: Path) -> Path:
    """A copy of it to be damaged."""
    return shutil.copytree(sound_lake, tmp_path / "lake")
