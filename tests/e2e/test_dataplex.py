"""`python -m wattif dataplex` as a user types it, against a Dataplex on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands import run_wattif
from tests.fakes.dataplex_server import DataplexServer
from tests.integration.dataplex_home import PLAIN, dataset

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ("--project", "my-project", "--location", "europe-west3", "--dataset", "meters")


@pytest.fixture
def server() -> Iterator[DataplexServer]:
    with DataplexServer(dataset(average=[(*PLAIN[0][:2], 0.999), *PLAIN[1:]])) as running:
        yield running


Wattif = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def wattif(tmp_path: Path) -> Wattif:
    """Runs a verb; *emulator*: where Dataplex answers."""

    def run(*arguments: str, emulator: str | None = None) -> subprocess.CompletedProcess[str]:
        there = {} if emulator is None else {"DATAPLEX_EMULATOR_HOST": emulator}
        return run_wattif(tmp_path, *arguments, COLUMNS="200", **there)

    return run


def test_from_creation_to_deletion(server: DataplexServer, wattif: Wattif) -> None:
    created = wattif("dataplex", "create", *PLACE, emulator=server.address)
    assert (created.returncode, created.stderr) == (0, "")
    assert created.stdout.endswith("/dataScans/smart-meter-anomalies, 12 rules\n")
    assert wattif("dataplex", "run", *PLACE[:4], emulator=server.address).returncode == 0
    results = wattif("dataplex", "results", *PLACE[:4], emulator=server.address)
    assert (results.returncode, results.stderr) == (1, "")
    assert "1 of 12 rules failed" in results.stdout
    assert "FAILED  anomaly-avg " in results.stdout
    as_json = wattif("dataplex", "results", *PLACE[:4], "--json", emulator=server.address)
    assert as_json.returncode == 1
    assert [rule["name"] for rule in json.loads(as_json.stdout)["rules"] if not rule["passed"]] == ["anomaly-avg"]
    deleted = wattif("dataplex", "delete", *PLACE[:4], emulator=server.address)
    assert (deleted.returncode, deleted.stderr) == (0, "")


def test_results_of_a_scan_in_order_leave_with_0(server: DataplexServer, wattif: Wattif) -> None:
    wattif("dataplex", "create", *PLACE, "--metrics", "MAX", emulator=server.address)
    wattif("dataplex", "run", *PLACE, emulator=server.address)
    results = wattif("dataplex", "results", *PLACE, emulator=server.address)
    assert (results.returncode, results.stderr) == (0, "")


def test_ctrl_c_leaves_the_job_to_the_cloud(server: DataplexServer, wattif: Wattif) -> None:
    wattif("dataplex", "create", *PLACE, emulator=server.address)
    server.scans.polls = 10**9
    command = [sys.executable, "-m", "wattif", "dataplex", "run", *PLACE]
    environment = {**os.environ, "DATAPLEX_EMULATOR_HOST": server.address}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while server.count("GetDataScanJob") == 0 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert (process.returncode, error.count("\n")) == (130, 1)
    assert "interrupted: the work may continue in the cloud" in error


def test_an_empty_field_is_the_whole_table(wattif: Wattif) -> None:
    assert (
        "--incremental-field" not in wattif("dataplex", "create", *PLACE, "--incremental-field", "", "--print").stdout
    )
    assert (
        "--incremental-field=other"
        in wattif("dataplex", "create", *PLACE, "--incremental-field", "other", "--print").stdout
    )


def test_printing_needs_no_service(wattif: Wattif) -> None:
    printed = wattif("dataplex", "create", *PLACE, "--print")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.startswith("# gcloud dataplex datascans create data-quality smart-meter-anomalies ")


def test_errors_are_one_line(wattif: Wattif) -> None:
    wrong = wattif("dataplex", "create", *PLACE, "--threshold", "2")
    assert (wrong.returncode, wrong.stderr) == (2, "wattif dataplex: error: --threshold 2: must be less than 1\n")
    nobody = wattif("dataplex", "run", *PLACE, emulator="127.0.0.1:1")
    assert nobody.returncode == 1
    assert nobody.stderr.startswith("wattif dataplex: error: Dataplex: 127.0.0.1:1 does not answer: ")
    assert nobody.stderr.count("\n") == 1
    stranger = wattif("dataplex", "results", *PLACE)
    assert stranger.returncode == 1
    assert stranger.stderr.startswith("wattif dataplex: error: Dataplex: no credentials; run 'gcloud auth ")
    assert stranger.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["dataplex", "--help"], ["dataplex", "create", "--project", "x"]])
def test_help_and_wrong_options_load_no_cloud(arguments: list[str]) -> None:
    code = (
        "import sys\nbefore = set(sys.modules)  # an installed package may declare a namespace at the start\n"
        "import contextlib, wattif.cli\n"
        "with contextlib.suppress(SystemExit):\n"
        f"    wattif.cli.main({arguments!r})\n"
        "new = set(sys.modules) - before\n"
        "print([name for name in new if name.split('.')[0] in ('google', 'grpc', 'yaml', 'requests')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
