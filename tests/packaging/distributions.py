"""Distributions of the project, built from a copy of its files, and environments that hold only what they declare."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wattif.numeric.kernel_cache import kernel_folder

ROOT = Path(__file__).resolve().parent.parent.parent
_BUILD = (
    "import sys; from setuptools import build_meta; print(getattr(build_meta, f'build_{sys.argv[1]}')(sys.argv[2]))"
)
_NO_NETWORK = re.compile(r"dns error|error sending request|client error \(Connect\)|timed out")
_FILES = (
    *("LICENSE", "MANIFEST.in", "README.md", "CHANGELOG.md", "pyproject.toml", "requirements.txt"),
    *("generator.py", "pyspark_wattif.py"),
)


def copy_of_project(folder: Path) -> Path:
    """A copy of what a distribution is made of; building leaves things behind."""
    shutil.copytree(ROOT / "wattif", folder / "wattif", ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        shutil.copy(ROOT / name, folder)
    (folder / "uploader").symlink_to("wattif/uploader")
    return folder


def build(kind: str, project: Path, out: Path) -> Path:
    """The ``wheel`` or ``sdist`` of *project*, made in *out*."""
    command = [sys.executable, "-c", _BUILD, kind, str(out)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    return out / done.stdout.splitlines()[-1]


def unpacked(sdist: Path, folder: Path) -> Path:
    """The project in *sdist*."""
    shutil.unpack_archive(sdist, folder)  # our own: no filter, which the first releases of Python 3.11 do not know
    (project,) = folder.iterdir()
    return project


def install(wheel: Path, environment: Path, versions: str) -> Path:
    """A clean environment with *wheel* and the libraries that it declares, no others; its folder of commands.

    *versions*: the list of requirements whose versions they have. Skips the test where no index of packages answers.
    """
    uv = [sys.executable, "-m", "uv", "--quiet", "--no-config"]
    subprocess.run([*uv, "venv", "--python", sys.executable, environment], check=True)
    python = str(environment / "bin" / "python")
    command = [*uv, "pip", "install", "--python", python, "--constraint", str(ROOT / versions), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and _NO_NETWORK.search(done.stderr):
        pytest.skip(f"no index of packages answers: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    subprocess.run([*uv, "pip", "check", "--python", python], check=True)
    return environment / "bin"


def plain_environment(**more: str) -> dict[str, str]:
    """The environment of a user whose home cannot be written to; compiled kernels are shared with the tests."""
    folder = kernel_folder()
    assert folder is not None
    return {"PATH": os.environ["PATH"], "HOME": "/proc", "WATTIF_CACHE": str(folder.parent), **more}
