"""The design's rules: which module may know which, who removes data, who talks to the cloud."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = [*sorted(ROOT.glob("wattif/**/*.py")), ROOT / "generator.py"]
CLOUD = ("google", "requests")
# From the bottom up. A package may import what stands on floors below its own, and its own.
FLOORS = (
    ("errors", "version", "wording"),
    ("extras", "numeric"),
    ("spec",),
    ("model",),
    ("tables",),
    ("encode", "data_set"),
    ("compress",),
    ("faults",),
    ("uploader",),
    ("lake",),
    ("table_formats",),
    ("engine",),
    ("warehouse",),
    ("answers",),
    ("verdict", "dataplex", "show", "archive"),
    ("calibrate", "exchange", "grid", "incidents", "map"),
    ("face",),
    ("cli", "spark"),
)
KNOWN: set[str] = set()  # not yet where they belong


def _imports(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _name(source: Path) -> str:
    return source.relative_to(ROOT).as_posix()


def _package(module: str) -> str:
    return module.split(".")[1] if module.startswith("wattif.") else ""


def test_dependencies_point_downwards() -> None:
    floor = {package: number for number, packages in enumerate(FLOORS) for package in packages}
    wrong = set()
    for source in SOURCES:
        own = source.relative_to(ROOT / "wattif").parts[0].removesuffix(".py") if "wattif" in source.parts else ""
        if own not in floor:
            continue
        for name in _imports(source):
            other = _package(name)
            module = name if name.count(".") < 3 else name.rpartition(".")[0]
            if other in floor and other != own and floor[other] >= floor[own]:
                wrong.add(f"{_name(source)} imports {module}")
    assert wrong == KNOWN


def _modules() -> dict[str, Path]:
    names = {source.relative_to(ROOT).with_suffix(""): source for source in ROOT.glob("wattif/**/*.py")}
    return {".".join(name.parts).removesuffix(".__init__"): source for name, source in names.items()}


def _imported(module: str, modules: dict[str, Path]) -> set[str]:
    """What *module* imports of the package, also inside functions and for types alone."""
    found = set()
    for name in _imports(modules[module]):
        found |= {name, name.rpartition(".")[0]} & modules.keys() if name not in modules else {name}
    return found - {module}


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += graph[module]
    return seen


def test_no_module_imports_itself_in_a_circle() -> None:
    modules = _modules()
    graph = {module: _imported(module, modules) for module in modules}
    reach = {module: _reachable(module, graph) for module in modules}
    circles = {
        frozenset(other for other in reach[module] if module in reach[other])
        for module in modules
        if module in reach[module]
    }
    assert circles == set()


def test_numbers_know_no_meters() -> None:
    for source in ROOT.glob("wattif/numeric/*.py"):
        text = source.read_text(encoding="utf-8").replace("Numbers that know no meters", "")
        assert not re.search(r"\b(meter|customer|transformer|household|fleet)s?\b", text), _name(source)


def test_records_of_the_model_are_made_by_keyword() -> None:
    for source in (each for package in ("model", "numeric", "show") for each in ROOT.glob(f"wattif/{package}/*.py")):
        tree = ast.parse(source.read_text(encoding="utf-8"))
        holders: list[ast.Module | ast.ClassDef] = [
            tree,
            *(node for node in tree.body if isinstance(node, ast.ClassDef)),
        ]
        for node in (each for holder in holders for each in holder.body):
            decorators = " ".join(ast.unparse(each) for each in getattr(node, "decorator_list", []))
            if isinstance(node, ast.ClassDef) and "dataclass" in decorators:
                assert "kw_only=True" in decorators, f"{_name(source)}: {node.name}"
            if isinstance(node, ast.FunctionDef) and "kernel" not in decorators:
                names = [each.arg for each in node.args.args if each.arg not in ("self", "cls")]
                assert len(names) <= 5, f"{_name(source)}: {node.name}"


def test_each_part_of_the_cloud_has_its_modules() -> None:
    users: dict[str, set[str]] = {}
    for source in SOURCES:
        for name in _imports(source):
            if name.startswith(("google", "grpc")):
                users.setdefault(_name(source), set()).add(".".join(name.split(".")[:3]))
    assert set(users) == {
        "wattif/uploader/gcs.py",
        "wattif/uploader/gcs_answers.py",
        "wattif/uploader/gcs_bucket.py",
        "wattif/warehouse/bigquery_warehouse.py",
        "wattif/dataplex/act.py",
        "wattif/dataplex/errors.py",
        "wattif/dataplex/preview.py",
        "wattif/dataplex/results.py",
        "wattif/dataplex/scan.py",
    }
    storage = {name for name, modules in users.items() if "google.cloud.storage" in modules}
    scans = {
        name for name, modules in users.items() if any(part.startswith("google.cloud.dataplex") for part in modules)
    }
    assert storage == {name for name in users if name.startswith("wattif/uploader/gcs")}
    tables = {name for name, modules in users.items() if "google.cloud.bigquery" in modules}
    assert scans == set(users) - storage - tables - {"wattif/dataplex/errors.py"}
    assert tables == {"wattif/warehouse/bigquery_warehouse.py"}


def test_only_the_stores_of_obstore_import_it() -> None:
    users = {_name(source) for source in SOURCES for name in _imports(source) if name.startswith(("obstore", "boto"))}
    assert all(re.fullmatch(r"wattif/uploader/(obstore_\w+|schemes/(s3|az))\.py", user) for user in users), users


def test_a_module_of_the_cloud_is_imported_when_it_is_needed() -> None:
    for source in [*ROOT.glob("wattif/cli/*.py"), ROOT / "wattif/dataplex/options.py"]:
        tree = ast.parse(source.read_text(encoding="utf-8"))
        at_once = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
        assert not at_once & {"wattif.warehouse", "wattif.dataplex.act", "wattif.dataplex.scan"}


def test_only_the_pictures_import_matplotlib() -> None:
    users = {_name(source) for source in SOURCES for name in _imports(source) if name.startswith("matplotlib")}
    assert users == {
        "wattif/show/figure.py",
        "wattif/show/panels.py",
        "wattif/verdict/score_figure.py",
        "wattif/calibrate/pictures.py",
    }


def test_only_staging_removes_staged_data_and_only_a_lake_its_own_objects() -> None:
    removing = re.compile(r"\.unlink\(|os\.remove\(|\.rmdir\(|rmtree|\.delete\(|\.truncate\(")
    users = {_name(source) for source in SOURCES if removing.search(source.read_text(encoding="utf-8"))}
    scans = {"wattif/dataplex/act.py"}  # deletes the definition of a check, no data
    kernels = {"wattif/numeric/kernel_cache.py"}  # its own part of a file that could not be written
    grids = {"wattif/data_set/folder.py"}  # the unfinished folder of a data set, and one that was replaced
    archives = {"wattif/archive/restore.py"}  # the file of a day that is back in its database
    assert users - scans - kernels - grids - archives == {
        "wattif/engine/staging.py",
        "wattif/uploader/local.py",
        "wattif/uploader/gcs.py",
        "wattif/uploader/obstore_store.py",
        "wattif/uploader/retrying.py",
        "wattif/lake/claim.py",
    }


def test_no_clock_and_no_chance_in_what_makes_bytes() -> None:
    for source in SOURCES:
        if _name(source).startswith(("wattif/model", "wattif/numeric", "wattif/encode", "wattif/tables")):
            used = set(_imports(source)) & {"time", "random", "secrets", "uuid"}
            assert not used, f"{_name(source)} imports {used}"
            assert not re.search(r"np\.random|\.now\(|\.today\(", source.read_text(encoding="utf-8")), _name(source)


def test_no_file_has_outgrown_its_topic() -> None:
    long = {
        _name(source): lines for source in SOURCES if (lines := source.read_text(encoding="utf-8").count("\n")) > 330
    }
    assert not long
