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
    "wattif/lake": ("wattif.engine", "wattif.reconcile", "wattif.warehouse", *CLOUD),
    "wattif/engine": ("wattif.show", "wattif.reconcile", "wattif.warehouse", *CLOUD),
    "wattif/reconcile": ("wattif.show", *CLOUD),
    "wattif/show": ("wattif.lake", "wattif.reconcile", "wattif.warehouse", "uploader", *CLOUD),
    "wattif/warehouse": ("wattif.engine", "wattif.kernels", "wattif.show", "wattif.reconcile"),
    "wattif/warehouse/dataplex": ("wattif.engine", "wattif.lake", "wattif.world", "wattif.kernels", "uploader"),
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


def test_each_part_of_the_cloud_has_its_modules() -> None:
    users: dict[str, set[str]] = {}
    for source in SOURCES:
        for name in _imports(source):
            if name.startswith(("google", "grpc")):
                users.setdefault(_name(source), set()).add(".".join(name.split(".")[:3]))
    assert set(users) == {
        "uploader/gcs.py",
        "wattif/warehouse/bigquery_warehouse.py",
        "wattif/warehouse/dataplex.py",
        "wattif/warehouse/dataplex_errors.py",
        "wattif/warehouse/dataplex_preview.py",
        "wattif/warehouse/dataplex_results.py",
        "wattif/warehouse/dataplex_scan.py",
    }
    storage = {name for name, modules in users.items() if "google.cloud.storage" in modules}
    scans = {
        name for name, modules in users.items() if any(part.startswith("google.cloud.dataplex") for part in modules)
    }
    assert storage == {"uploader/gcs.py"}
    tables = {name for name, modules in users.items() if "google.cloud.bigquery" in modules}
    assert scans == set(users) - storage - tables - {"wattif/warehouse/dataplex_errors.py"}
    assert tables == {"wattif/warehouse/bigquery_warehouse.py"}


def test_a_module_of_the_cloud_is_imported_when_it_is_needed() -> None:
    for source in (ROOT / "wattif/cli.py", ROOT / "wattif/warehouse/dataplex_settings.py"):
        tree = ast.parse(source.read_text(encoding="utf-8"))
        at_once = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
        assert not at_once & {"wattif.warehouse", "wattif.warehouse.dataplex", "wattif.warehouse.dataplex_scan"}


def test_only_the_pictures_import_matplotlib() -> None:
    users = {_name(source) for source in SOURCES for name in _imports(source) if name.startswith("matplotlib")}
    assert users == {"wattif/show/figure.py", "wattif/show/panels.py", "wattif/warehouse/score_figure.py"}


def test_only_staging_removes_staged_data_and_only_a_lake_its_own_objects() -> None:
    removing = re.compile(r"\.unlink\(|os\.remove\(|\.rmdir\(|rmtree|\.delete\(|\.truncate\(")
    users = {_name(source) for source in SOURCES if removing.search(source.read_text(encoding="utf-8"))}
    scans = {"wattif/warehouse/dataplex.py"}  # deletes the definition of a check, no data
    assert users - scans == {"wattif/engine/staging.py", "uploader/local.py", "uploader/gcs.py", "wattif/lake/claim.py"}


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
