"""A Spark of this machine for all tests of a process: starting one takes longer than what most of them do."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import processes

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def spark_session(folder: Path) -> Iterator[SparkSession]:
    """Two threads; what it writes by itself lies in *folder*. Skips the test where Spark or Java is not installed."""
    for name, there in (("pyspark", find_spec("pyspark")), ("java", shutil.which("java"))):
        if there is None:
            pytest.skip(f"{name} is not installed")
    from pyspark.sql import SparkSession

    python = {"PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable}
    surroundings = processes.environment(folder, **python, TMPDIR=str(folder))
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - {*surroundings, "JAVA_HOME", "LANG", "LC_ALL"}:
            patch.delenv(name)
        for name, value in surroundings.items():
            patch.setenv(name, value)
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.local.dir", str(folder))
            .config("spark.sql.python.filterPushdown.enabled", "true")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .getOrCreate()
        )
    session.sparkContext.setLogLevel("OFF")
    yield session
    gateway: Any = session.sparkContext._gateway
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()  # Java ends with it
    gateway.proc.wait(30)
