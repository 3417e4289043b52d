"""The libraries of the map's page are those of npm, in the versions that are locked, with their licenses."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.vendor_map import FILES, different, fetch
from wattif.map.page_text import VENDOR


def test_each_library_has_its_license() -> None:
    packages = json.loads((VENDOR / "package-lock.json").read_text())["packages"]
    names = {path.removeprefix("node_modules/") for path in packages if path}
    files = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert files == {*FILES.values(), "package.json", "package-lock.json"}
    assert {path.removesuffix("/LICENSE") for path in files if path.endswith("/LICENSE")} == names
    assert {path.partition("/")[0] for path in files if "/" in path} == names


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_the_copies_are_those_that_npm_has(tmp_path: Path) -> None:
    try:
        modules = fetch(tmp_path)
    except subprocess.CalledProcessError:
        pytest.skip("no registry of packages answers npm")
    assert different(modules) == []
