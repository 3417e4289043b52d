"""The command line from end to end, as a subprocess: what a person types and what comes back."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

import wattif
from tests import processes
from tests.asking import Asked
from tests.fakes.gcs_server import GcsServer
from tests.forking import Forking
from tests.lakes import file_bytes, objects, tells_of_a_run
from wattif.lake import layout
from wattif.tables.weather import TABLE as WEATHER

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = ["--start", "2024-01-01", "--end", "2024-01-02", "--meters", "6", "--meters-per-file", "2", "--interval", "600"]
# several seconds of work, in steps small enough to be stopped anywhere
LONG = [
    "--start",
    "2024-01-01",
    "--end",
    "2024-03-31",
    "--meters",
    "400",
    "--columns",
    "mac,timestamp,power_w",
    "--meters-per-file",
    "5",
    "--interval",
    "300",
]
HALF_A_MONTH = [*LONG[:3], "2024-01-15", *LONG[4:]]


class CommandLine:
    """Runs ``python generator.py`` in a folder of its own."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder = folder
        self.python = str(python)
        self.environment = processes.environment(folder, PYTHONPATH=str(ROOT))
        (folder / "staging").mkdir()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [
            self.python,
            str(ROOT / "generator.py"),
            *arguments,
            "--staging-dir",
            str(self.folder / "staging"),
        ]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        with self.start(*arguments) as process:
            out, error = process.communicate(timeout=100)
        return process.returncode, out, error


@pytest.fixture(scope="module", autouse=True)
def _kernels_are_compiled() -> None:
    """So that no run says that it compiles."""
    _expected(*SMALL)


@pytest.fixture
def line(tmp_path: Path, forking: Forking) -> CommandLine:
    return CommandLine(tmp_path, forking.interpreter)


@pytest.fixture
def own(tmp_path: Path) -> CommandLine:
    """Each program has an interpreter of its own, as a user's."""
    return CommandLine(tmp_path, Path(sys.executable))


def _expected(*arguments: str) -> dict[str, bytes]:
    names = [name.removeprefix("--").replace("-", "_") for name in arguments[::2]]
    values: dict[str, Any] = dict(zip(names, arguments[1::2], strict=True))
    return file_bytes(Asked(**values))


def test_generator_py_writes_the_lake_and_says_what_it_did(own: CommandLine) -> None:
    code, out, error = own.run(*SMALL)
    assert (code, error) == (0, "")
    made = objects(own.folder / "lake")
    assert {name for name in made if name.startswith("dt=")} == set(_expected(*SMALL))
    first, rate, place, step = out.splitlines()
    assert first.startswith("1,728 readings in 6 files, ")
    whole_s = float(first.rpartition(", ")[2].removesuffix(" s"))
    found = re.fullmatch(r"rate: [\d.]+ million readings/s, [\d,]+ MB/s \(([\d.]+) s without the start\)", rate)
    assert found is not None
    assert 0 <= float(found[1]) <= whole_s
    assert place == f"data: {own.folder}/lake"
    assert "read_json(" in step


def test_the_module_and_the_script_are_the_same(own: CommandLine) -> None:
    own.run(*SMALL)
    command = [sys.executable, "-m", "wattif", "generate", *SMALL, "--lake", "other", "--staging-dir", "staging"]
    subprocess.run(command, cwd=own.folder, env=own.environment, check=True, capture_output=True)
    assert objects(own.folder / "lake") == objects(own.folder / "other")


def test_a_city_of_ones_own_and_two_more(line: CommandLine) -> None:
    shipped = (ROOT / "wattif" / "model" / "data" / "cities.toml").read_text(encoding="utf-8")
    own = shipped.split("\n[[city]]\n")[1].replace('id = "manila"', 'id = "cebu"')
    (line.folder / "mine.toml").write_text(f"[[city]]\n{own}", encoding="utf-8")
    cities = ["--meters", "60", "--meters-per-file", "20", "--columns", "city_id,power_w", "--interval", "3600"]
    code, _, error = line.run(*SMALL[:4], *cities, "--city", "cebu,london,new-york", "--cities", "mine.toml")
    assert (code, error) == (0, "")
    paths = sorted((line.folder / "lake").glob("dt=2024-01-01/*"))
    rows = [row for path in paths for row in path.read_bytes().splitlines()]
    told = [orjson.loads(row)["city_id"] for row in rows[::24]]  # of each meter
    with duckdb.connect() as connection:  # cities take turns, transformer by transformer
        fed = connection.execute(
            "SELECT city_id, transformer % 3 FROM read_parquet($1) ORDER BY meter",
            [str(line.folder / "lake" / "_wattif" / "meters.parquet")],
        ).fetchall()
    assert told == [city for city, _ in fed]
    assert {(city, turn) for city, turn in fed} == {("cebu", 0), ("london", 1), ("new-york", 2)}
    assert len({len(row) for row in rows}) == 1
    weather = {path.name for path in (line.folder / "lake" / WEATHER.prefix).iterdir()}
    assert weather == {f"{name}-2024-01.parquet" for name in ("cebu", "london", "new-york")}


def test_the_next_command_that_is_printed_works(line: CommandLine) -> None:
    _, out, _ = line.run(*SMALL)
    query = out.splitlines()[3].split('"')[1]
    with duckdb.connect() as connection:
        assert connection.execute(query).fetchall()[0][0] == 1728


@pytest.mark.parametrize("verbs", [["--help"], ["-h"], []])
def test_help_lists_the_verbs(verbs: list[str], line: CommandLine) -> None:
    done = subprocess.run(
        [line.python, "-m", "wattif", *verbs],
        cwd=ROOT,
        env=line.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "generate" in done.stdout


@pytest.mark.parametrize("program", [["generator.py"], ["-m", "wattif"], ["-m", "wattif", "generate"]])
def test_the_version_is_printed(program: list[str], own: CommandLine) -> None:
    done = subprocess.run(
        [sys.executable, *program, "--version"],
        cwd=ROOT,
        env=own.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"wattif {wattif.__version__}\n"


def test_a_program_that_calls_another_verb_goes_on_whatever_its_own_threads_do() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\nfrom wattif.cli import main\n"
        "pool = ThreadPoolExecutor(1)\npool.submit(int).result()\n"
        "print(main(['generate', '--start', 'x']), 'goes on')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "2 goes on\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", "--help"],
        ["generate", "--start", "x"],
        ["generate", *SMALL, "--meters", "0"],
        ["incidents", "--help"],
        ["incidents", "--incident-count", "0"],
    ],
)
def test_help_and_usage_errors_import_neither_numba_nor_the_cloud(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom wattif.cli import main\n"
        f"try:\n    code = main({arguments!r})\nexcept SystemExit as leave:\n    code = leave.code\n"
        "heavy = {'numba', 'numpy', 'pyarrow', 'google.cloud.storage', 'tenacity'} & set(sys.modules)\n"
        "print(code, sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"{0 if '--help' in arguments else 2} []"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--start", "2024-01-01"], 2, "generator.py: error: --end is missing"),
        (["--start", "yesterday", "--end", "2024-01-01"], 2, "--start yesterday: not a date; write it as YYYY-MM-DD"),
        ([*SMALL, "--metres", "3"], 2, "--metres: unknown option; did you mean --meters?"),
        ([*SMALL, "--staging-limit", "100KiB"], 2, "raise it to at least"),
        (
            [*SMALL, "--city", "atlantis"],
            2,
            "--city atlantis: unknown city; choose from manila, london, new-york",
        ),
        ([*SMALL, "--cities", "nowhere.toml"], 2, "--cities nowhere.toml: cannot be read: No such file or directory"),
        (
            [*SMALL, "--bucket", "lake"],
            3,
            "no credentials for Google Cloud; run 'gcloud auth application-default login'",
        ),
    ],
)
def test_errors_are_one_line_with_the_way_out(line: CommandLine, arguments: list[str], code: int, message: str) -> None:
    returned, out, error = line.run(*arguments)
    assert (returned, out) == (code, "")
    assert message in error
    assert len(error.splitlines()) == 1
    assert "Traceback" not in error
    assert not (line.folder / "lake").exists()


def test_a_staging_folder_that_does_not_exist_is_named(line: CommandLine) -> None:
    (line.folder / "staging").rmdir()
    code, _, error = line.run(*SMALL)
    assert code == 1
    message = f"--staging-dir {line.folder}/staging: no such folder; create it or name another"
    assert error == f"generator.py: error: {message}\n"


def test_two_runs_at_once_on_one_staging_folder(own: CommandLine) -> None:
    with own.start(*LONG) as first:
        _wait_for((own.folder / "lake" / layout.DATASET).exists)
        code, _, error = own.run(*SMALL, "--lake", "other")
        assert code == 1
        assert f"is in use by process {first.pid}; wait for it to end, or name another folder" in error
        first.kill()


def test_a_dry_run_says_what_would_be_made_and_touches_nothing(line: CommandLine) -> None:
    code, out, error = line.run(*SMALL, "--dry-run")
    assert (code, error) == (0, "")
    said = dict(text.split(":", 1) for text in out.splitlines())
    expected = _expected(*SMALL)
    assert said["readings"].split()[0] == "1,728"
    assert said["files"].split()[0] == str(len(expected)) == "6"
    assert said["bytes"].split()[0] == f"{sum(map(len, expected.values())):,}"
    assert {path.name for path in line.folder.iterdir()} <= {"staging", ".cache"}
    line.run(*SMALL)
    assert int(said["objects"].split()[0]) == sum(path.is_file() for path in (line.folder / "lake").rglob("*"))


def test_progress_without_a_terminal_is_a_line_now_and_then_and_none_when_quiet(line: CommandLine) -> None:
    assert line.run(*SMALL, "-q")[:2] == (0, "")
    code, _, error = line.run(*SMALL, "--lake", "other", "-v")
    assert code == 0
    assert "INFO wattif.engine: _wattif/manifest/dt=2024-01-01/000000.ndjson: committed" in error


def _wait_for(condition: Callable[[], object]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("waited for 20 s in vain")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, forking: Forking) -> dict[str, str]:
    alone = CommandLine(tmp_path_factory.mktemp("undisturbed"), forking.interpreter)
    assert alone.run(*HALF_A_MONTH)[0] == 0
    return objects(alone.folder / "lake")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_run_that_can_be_resumed(
    line: CommandLine, number: signal.Signals, undisturbed: dict[str, str]
) -> None:
    with line.start(*HALF_A_MONTH) as process:
        _wait_for(lambda: len(list((line.folder / "lake").glob("_wattif/manifest/*/*"))) > 20)
        process.send_signal(number)
        _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "to resume, run the same command" in error
    assert "Traceback" not in error
    before = len(list((line.folder / "lake").glob("_wattif/manifest/*/*")))
    code, out, _ = line.run(*HALF_A_MONTH)
    assert code == 0
    assert f"({before} batches already committed)" in out
    assert objects(line.folder / "lake") == undisturbed


@pytest.fixture
def server() -> Iterator[GcsServer]:
    with GcsServer(buckets=["lake"]) as running:
        yield running


def test_a_run_into_a_bucket(line: CommandLine, server: GcsServer) -> None:
    line.environment["STORAGE_EMULATOR_HOST"] = server.url
    code, out, error = line.run(*SMALL, "--bucket", "lake", "--prefix", "raw")
    assert (code, error) == (0, "")
    assert "data: gs://lake/raw\n" in out
    line.run(*SMALL)
    stored = server.objects("lake")
    local = {name: (line.folder / "lake" / name).read_bytes() for name in objects(line.folder / "lake")}
    kept = {name.removeprefix("raw/"): stored[name].content for name in stored if not tells_of_a_run(name)}
    assert kept == local
    again = line.run(*SMALL, "--bucket", "lake", "--prefix", "raw")
    assert "(2 batches already committed)" in again[1]


def test_a_missing_bucket_is_named(line: CommandLine, server: GcsServer) -> None:
    line.environment["STORAGE_EMULATOR_HOST"] = server.url
    code, _, error = line.run(*SMALL, "--bucket", "elsewhere")
    assert code == 3
    assert "gs://elsewhere: there is no such bucket (404); create it with" in error
    assert "Traceback" not in error


def test_two_signals_leave_at_once(line: CommandLine, server: GcsServer) -> None:
    """Even while an upload hangs."""
    with GcsServer(buckets=["slow"], bytes_per_s=4000) as slow:
        line.environment["STORAGE_EMULATOR_HOST"] = slow.url
        with line.start(*SMALL, "--bucket", "slow", "--columns", "mac,timestamp,power_w") as process:
            _wait_for(lambda: list((line.folder / "staging").rglob("*.crc32c-*")))
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - began < 3
    assert list((line.folder / "staging").rglob("*.crc32c-*"))


def test_the_report_of_a_run_is_json(line: CommandLine) -> None:
    line.run(*SMALL)
    (report,) = (line.folder / "lake" / layout.RUNS).glob("*.json")
    assert orjson.loads(report.read_bytes())["files"] == 6
