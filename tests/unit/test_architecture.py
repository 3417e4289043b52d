"""The design's rules: which module may know which, who removes data, who talks to the cloud."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = [*sorted(ROOT.glob("wattif/**/*.py")), *sorted(ROOT.glob("uploader/*.py")), ROOT / "generator.py"]
CLOUD = ("google", "requests")
FORBIDDEN = {
    "wattif/world": ("wattif.engine", "wattif.lake", "wattif.formats", "wattif.settings", "uploader", *CLOUD),
    "wattif/kernels": ("wattif.engine", "wattif.lake", "wattif.formats", "wattif.settings", "uploader", *CLOUD),
    "wattif/formats": ("wattif.engine", "wattif.lake", "wattif.settings", "uploader", *CLOUD),
    "wattif/lake": ("wattif.engine", "wattif.reconcile", *CLOUD),
    "wattif/engine": ("wattif.show", "wattif.reconcile", *CLOUD),
    "wattif/reconcile": ("wattif.show", *CLOUD),
    "wattif/show": ("wattif.lake", "wattif.reconcile", "uploader", *CLOUD),
    "uploader": ("wattif.engine", "wattif.lake", "wattif.world", "wattif.kernels", "wattif.formats", "wattif.settings"),
}


def _imports(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _name(source: Path) -> str:
    return source.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_dependencies_point_one_way(folder: str) -> None:
    wrong = [
        f"{_name(source)} imports {name}"
        for source in SOURCES
        if _name(source).startswith(folder)
        for name in _imports(source)
        if any(name == module or name.startswith(f"{module}.") for module in FORBIDDEN[folder])
    ]
    assert not wrong


def test_only_one_module_imports_the_cloud() -> None:
    users = {_name(source) for source in SOURCES for name in _imports(source) if name.startswith("google")}
    assert users == {"uploader/gcs.py"}


def test_only_the_pictures_import_matplotlib() -> None:
    users = {_name(source) for source in SOURCES for name in _imports(source) if name.startswith("matplotlib")}
    assert users == {"wattif/show/figure.py", "wattif/show/panels.py"}


def test_only_staging_removes_staged_data_and_only_a_lake_its_own_objects() -> None:
    removing = re.compile(r"\.unlink\(|os\.remove\(|\.rmdir\(|rmtree|\.delete\(|\.truncate\(")
    users = {_name(source) for source in SOURCES if removing.search(source.read_text(encoding="utf-8"))}
    assert users == {"wattif/engine/staging.py", "uploader/local.py", "uploader/gcs.py", "wattif/lake/claim.py"}


def test_no_clock_and_no_chance_in_what_makes_bytes() -> None:
    for source in SOURCES:
        if _name(source).startswith(("wattif/world", "wattif/kernels", "wattif/formats")):
            used = set(_imports(source)) & {"time", "random", "secrets", "uuid"}
            assert not used, f"{_name(source)} imports {used}"
            assert not re.search(r"np\.random|\.now\(|\.today\(", source.read_text(encoding="utf-8")), _name(source)


def test_no_file_has_outgrown_its_topic() -> None:
    long = {
        _name(source): lines for source in SOURCES if (lines := source.read_text(encoding="utf-8").count("\n")) > 330
    }
    assert not long
