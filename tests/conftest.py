"""Shared by all tests: settings of small datasets, and an environment that no test inherits from the user's."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

from tests.asking import Asking, asking

hypothesis.settings.register_profile("wattif", deadline=None, derandomize=True)  # kernels compile at their first call
hypothesis.settings.load_profile("wattif")


_FOLDERS = ("unit", "property", "golden", "integration", "fakes", "faults", "e2e", "packaging")  # fast ones first


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the fast tests first."""
    top = Path(__file__).parent
    items.sort(key=lambda item: _FOLDERS.index(item.path.relative_to(top).parts[0]))


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if (name.startswith("WATTIF_") and name != "WATTIF_CACHE") or name in (
            "STORAGE_EMULATOR_HOST",
            "DATAPLEX_EMULATOR_HOST",
            "GOOGLE_APPLICATION_CREDENTIALS",
        ):
            monkeypatch.delenv(name)


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
