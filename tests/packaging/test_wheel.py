"""What `pip install` brings: one package, one command, and libraries for a lake in a folder; the rest by name."""

from __future__ import annotations

import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import wattif
from tests.packaging.distributions import ROOT, build, copy_of_project, install, plain_environment, unpacked
from wattif.extras import EXTRAS

DATASET = ("--start", "2024-01-01", "--end", "2024-01-02", "--meters", "10", "--interval", "300")
STRANGERS = ("uploader", "tables", "spec", "lake", "model", "cli", "engine")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", copy_of_project(tmp_path_factory.mktemp("project")), tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment with the pinned versions."""
    return install(wheel, tmp_path_factory.mktemp("environment"), "requirements.txt")


@pytest.fixture(scope="module")
def lowest(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment with the lowest versions of all that the package declares."""
    return install(wheel, tmp_path_factory.mktemp("lowest"), "requirements-lowest.txt")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A working directory with folders and files whose names are those of parts of ours."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in STRANGERS:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise SystemExit('a stranger was imported')")
        (folder / f"{name}.py").write_text("raise SystemExit('a stranger was imported')")
    return folder


def _run(commands: Path, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = plain_environment(TMPDIR=str(folder.parent), **environment)
    return subprocess.run(
        [str(commands / arguments[0]), *arguments[1:]], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_a_wheel_holds_one_package_with_its_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    own = {"wattif", "pyspark_wattif.py", f"wattif-{wattif.__version__}.dist-info"}  # Spark finds its source by name
    assert {name.partition("/")[0] for name in names} == own
    sources = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "wattif").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if name.startswith("wattif/")} == sources
    assert "wattif/py.typed" in names


def test_a_wheel_made_of_an_sdist_is_the_same(wheel: Path, tmp_path: Path) -> None:
    sdist = build("sdist", copy_of_project(tmp_path), tmp_path)
    (tmp_path / "unpacked").mkdir()
    other = build("wheel", unpacked(sdist, tmp_path / "unpacked"), tmp_path)
    assert _contents(other) == _contents(wheel)


def _contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_extras_of_the_package_are_those_that_messages_name() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(declared) == {*EXTRAS, "all"}
    assert declared["all"] == [
        f"wattif[{','.join(name for name in EXTRAS if name != 'spark')}]"
    ]  # which clusters bring


def test_pinned_versions_are_the_ends_of_the_ranges() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = (text for name, group in project["optional-dependencies"].items() if name != "all" for text in group)
    ranges = {each.name: each.specifier for each in map(Requirement, [*project["dependencies"], *extras])}
    lowest, newest = _pinned("requirements-lowest.txt"), _pinned("requirements.txt", "requirements-dev.txt")
    assert set(lowest) == set(ranges)
    for name, versions in ranges.items():
        (low,) = [each.version for each in versions if each.operator == ">="]
        assert Version(low) == Version(lowest[name])
        assert name not in newest or versions.contains(newest[name])
    assert set(_pinned("requirements.txt")) <= set(ranges)


def _pinned(*names: str) -> dict[str, str]:
    lines = (line.partition("#")[0].strip() for name in names for line in (ROOT / name).read_text().splitlines())
    pins = [Requirement(line) for line in lines if "==" in line]
    return {each.name: str(each.specifier).removeprefix("==") for each in pins}


def _done(commands: Path, folder: Path, *arguments: str, **environment: str) -> str:
    done = _run(commands, folder, *arguments, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_lowest_versions_are_installed(lowest: Path, elsewhere: Path) -> None:
    say = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [Requirement(each).name for each in project["dependencies"]]
    found = _done(lowest, elsewhere, "python", "-P", "-c", say, *names).split()
    pinned = _pinned("requirements-lowest.txt")
    assert {name: Version(each) for name, each in zip(names, found, strict=True)} == {
        name: Version(pinned[name]) for name in names
    }


@pytest.mark.timeout(300)  # compiles the kernels with the lowest version of the compiler, once
@pytest.mark.parametrize("versions", ["commands", "lowest"])
def test_the_main_job_from_any_folder(versions: str, elsewhere: Path, request: pytest.FixtureRequest) -> None:
    commands: Path = request.getfixturevalue(versions)

    def run(*arguments: str) -> str:
        return _done(commands, elsewhere, *arguments, PYTHONSAFEPATH="1")

    place = ("--lake", "output")
    assert run("wattif", "--version") == f"wattif {wattif.__version__}\n"
    assert "5,760 readings" in run("wattif", "generate", *place, *DATASET)
    assert "no difference" in run("python", "-m", "wattif", "reconcile", *place, "--deep")
    run("wattif", "load", *place, "--database", "warehouse.duckdb")
    run("wattif", "expect", *place, "--out", "expected")
    assert list((elsewhere / "expected").rglob("*.parquet"))


def test_strangers_in_the_working_directory_shadow_nothing(commands: Path, elsewhere: Path) -> None:
    _done(commands, elsewhere, "python", "-m", "wattif", "generate", "--quiet", "--lake", "output", *DATASET)


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("gcs", ("generate", *DATASET, "--bucket", "some-lake")),
        ("gcs", ("reconcile", "--bucket", "some-lake")),
        ("delta", ("generate", *DATASET, "--format", "parquet", "--table-format", "delta")),
        ("iceberg", ("generate", *DATASET, "--format", "parquet", "--table-format", "iceberg")),
        ("s3", ("reconcile", "--lake", "s3://some-lake")),
        ("azure", ("reconcile", "--lake", "az://some-lake")),
        ("plot", ("show", "--meter", "1", "--start", "2024-01-01", "--days", "1", "--out", "meter.png")),
        ("bigquery", ("rollup", "--warehouse", "bigquery", "--project", "some-project", "--dataset", "meters")),
        ("postgres", ("rollup", "--warehouse", "postgres", "--database-url", "postgresql://localhost/meters")),
        (
            "dataplex",
            ("dataplex", "results", "--project", "some-project", "--dataset", "meters", "--location", "us-west1"),
        ),
    ],
)
def test_a_missing_extra_is_one_line_with_its_cure(
    commands: Path, elsewhere: Path, extra: str, arguments: tuple[str, ...]
) -> None:
    done = _run(commands, elsewhere, "wattif", *arguments)
    (line,) = [line for line in done.stderr.splitlines() if "compil" not in line]
    assert done.returncode == 1
    assert line.startswith(f"wattif {arguments[0]}: error: ")
    assert line.endswith(f" is not installed: run pip install 'wattif[{extra}]'")


def test_a_local_lake_imports_no_cloud_and_no_pictures(commands: Path, elsewhere: Path) -> None:
    heavy = {module for modules in EXTRAS.values() for module in modules}
    check = (
        "import sys; from wattif.cli import main; assert main(sys.argv[1:]) == 0;"
        f" assert not set(sys.modules) & {heavy!r}"
    )
    done = _run(commands, elsewhere, "python", "-P", "-c", check, "generate", "--lake", "output", "--quiet", *DATASET)
    assert done.returncode == 0, done.stderr


def test_a_checkout_links_the_uploader_at_its_top() -> None:
    assert (ROOT / "uploader").is_symlink()
    assert (ROOT / "uploader").resolve() == ROOT / "wattif" / "uploader"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_an_archive_keeps_the_link(tmp_path: Path) -> None:
    archive = tmp_path / "archive.tar"
    subprocess.run(
        ["git", "archive", "-o", archive, "HEAD", "uploader", "wattif", "generator.py"], cwd=ROOT, check=True
    )
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path], check=True)
    assert (tmp_path / "uploader").is_symlink()
    assert (tmp_path / "uploader" / "local.py").is_file()
