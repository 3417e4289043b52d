"""Distributions of the project, built from a copy of its files, and environments that hold only what they declare."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from wattif.numeric.kernel_cache import kernel_folder

ROOT = Path(__file__).resolve().parent.parent.parent
_BUILD = (
    "import sys; from setuptools import build_meta; print(getattr(build_meta, f'build_{sys.argv[1]}')(sys.argv[2]))"
)
_FILES = ("LICENSE", "MANIFEST.in", "README.md", "CHANGELOG.md", "generator.py", "pyproject.toml", "requirements.txt")


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
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (project,) = folder.iterdir()
    return project


def install(wheel: Path, environment: Path) -> Path:
    """A clean environment with *wheel* and the libraries that it declares, no others; its folder of commands.

    The libraries are links to those that the tests run with: installing them anew would take minutes.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--python", str(python)]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (own,) = site.glob("wattif-*.dist-info")
    for distribution in _closure(metadata.PathDistribution(own).requires or []):
        for top in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution.locate_file(top))))
    subprocess.run([*pip, "check"], check=True)
    return environment / "bin"


def _closure(declared: list[str]) -> Iterator[metadata.Distribution]:
    waiting, seen = declared, set()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        distribution = metadata.distribution(name)
        yield distribution
        waiting += distribution.requires or []


def plain_environment(**more: str) -> dict[str, str]:
    """The environment of a user whose home cannot be written to; compiled kernels are shared with the tests."""
    folder = kernel_folder()
    assert folder is not None
    return {"PATH": os.environ["PATH"], "HOME": "/proc", "WATTIF_CACHE": str(folder.parent), **more}
