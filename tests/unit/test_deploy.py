"""The files of deploy/: each is well-formed, as its own linter says, and the command in it is one that WattIf takes."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import orjson
import pytest
import yaml

from wattif.cli.main import exit_code
from wattif.engine.shard import ARRAYS

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
TASKS = {  # the service whose array of tasks each file makes
    "cloud-run-job.yaml": "Cloud Run job",
    "google-batch.json": "Google Batch",
    "kubernetes-job.yaml": "Kubernetes indexed job",
    "aws-batch.json": "AWS Batch array",
    "slurm.sh": "Slurm array",
}


def _lists(node: Any) -> Iterator[list[str]]:
    """All lists in *node* that begin with the verb."""
    if isinstance(node, list) and node[:1] == ["generate"]:
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _lists(child)


def _command(name: str) -> list[str]:
    text = (DEPLOY / name).read_text()
    if name.endswith(".sh"):
        (line,) = re.findall(r"^wattif (generate .*)$", text, re.MULTILINE)
        return shlex.split(line.replace('"$1"', "lake").replace('--staging-dir "$staging"', ""))
    (found,) = _lists(orjson.loads(text) if name.endswith(".json") else yaml.safe_load(text))
    return found


@pytest.mark.parametrize("name", TASKS)
def test_the_command_is_one_that_wattif_takes(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the third of four tasks of the service, with fewer meters."""
    array = next(array for array in ARRAYS if array.name == TASKS[name])
    first, step = (10, 3) if isinstance(array.first, str) else (0, 1)
    environment = {array.first: first, array.step: step, array.index: first + 2 * step, array.count: 4}
    for variable, value in environment.items():
        if isinstance(variable, str):
            monkeypatch.setenv(variable, str(value))
    few = ["--end", "2024-01-01", "--meters", "100", "--dry-run"]
    assert exit_code([*_command(name), *few]) == 0, capsys.readouterr().err
    assert "readings" in capsys.readouterr().out


def test_every_service_has_a_file() -> None:
    assert set(TASKS.values()) == {array.name for array in ARRAYS}


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["shellcheck", "slurm.sh"],
        ["kubernetes-validate", "--strict", "kubernetes-job.yaml"],
    ],
    ids=lambda command: str(command[0]),
)
def test_its_linter_has_nothing_to_say(command: list[str]) -> None:
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:]], cwd=DEPLOY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_account_has_no_right_to_more_than_its_bucket_and_dataset() -> None:
    with (DEPLOY / "main.tf").open() as file:
        resources = hcl2.load(file)["resource"]
    granted = {
        kind.strip('"'): str(body["role"]).strip('"')
        for resource in resources
        for kind, named in resource.items()
        for body in named.values()
        if "role" in body
    }
    assert granted == {
        "google_storage_bucket_iam_member": "roles/storage.objectAdmin",
        "google_bigquery_dataset_iam_member": "roles/bigquery.dataEditor",
        "google_project_iam_member": "roles/bigquery.jobUser",
    }
