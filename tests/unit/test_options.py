"""Options: one definition per option, clear answers to wrong ones."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from wattif.cli import messages
from wattif.cli.archive import ArchiveOptions
from wattif.cli.calibrate import CalibrateOptions
from wattif.cli.dataplex import DataplexVerbOptions
from wattif.cli.expect import ExpectOptions
from wattif.cli.export import ExportOptions
from wattif.cli.generate import GenerateOptions
from wattif.cli.grid import GridOptions
from wattif.cli.incidents import IncidentOptions
from wattif.cli.load import LoadOptions
from wattif.cli.map import MapOptions
from wattif.cli.options import Options, read_options
from wattif.cli.reconcile import ReconcileOptions
from wattif.cli.restore import RestoreOptions
from wattif.cli.rollup import RollupOptions
from wattif.cli.scan import ScanOptions
from wattif.cli.schema import SchemaOptions
from wattif.cli.score import ScoreOptions
from wattif.cli.show import ShowOptions
from wattif.cli.status import StatusOptions
from wattif.cli.verbs import VERBS as KNOWN_VERBS
from wattif.engine.plan import Plan
from wattif.errors import UsageError
from wattif.model.anomaly_kinds import weights_of
from wattif.model.scenario import world_of
from wattif.spec import Spec

DAYS = ["--start", "2024-01-01", "--end", "2024-01-02"]


def _read(*arguments: str) -> GenerateOptions:
    return read_options(GenerateOptions, list(arguments), "wattif generate")


def _complaint(*arguments: str) -> str:
    """What is said of wrong *arguments*: at once, or when the plan and the world are made of them."""
    origins = messages.Origins()
    try:
        spec = read_options(GenerateOptions, arguments, "wattif generate", origins=origins).part(Spec)
        Plan.of(spec)
        world_of(spec)
        weights_of(spec)
    except UsageError as error:
        return "\n".join(messages.of_error(error, origins))
    raise AssertionError(f"{arguments} are not refused")


def test_defaults() -> None:
    options = _read(*DAYS)
    assert (options.start, options.end) == (date(2024, 1, 1), date(2024, 1, 2))
    assert (options.meters, options.seed, options.interval) == (100, 42, 10)
    assert (options.meters_per_file, options.batch_files, options.staging_limit) == (20, 10, 2 * 2**30)
    assert options.bucket is None
    assert options.lake == "lake"


def test_the_command_line_wins_over_the_environment_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "wattif.toml"
    file.write_text(
        'start = 2024-01-01\nend = "2024-01-31"\nmeters = 1\nseed = 1\ncolumns = ["mac", "power_w"]\nbatch-files = 3\n'
    )
    monkeypatch.setenv("WATTIF_SEED", "2")
    monkeypatch.setenv("WATTIF_CONFIG", str(file))
    options = _read("--end", "2024-01-05")
    assert (options.start, options.end) == (date(2024, 1, 1), date(2024, 1, 5))
    assert (options.meters, options.seed) == (1, 2)
    assert options.column_names == ["mac", "power_w"]
    assert options.batch_files == 3
    assert _read("--config", str(file), "--seed", "3", "-v").seed == 3


def test_names_of_other_programs_variables_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("V", "Q", "VERBOSE", "QUIET", "START", "SEED"):
        monkeypatch.setenv(name, "1")
    options = _read(*DAYS)
    assert (options.verbose, options.quiet, options.seed) == (False, False, 42)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--start", "2024-01-01"], "--end is missing"),
        (["--start", "01.02.2024", "--end", "2024-01-02"], "--start 01.02.2024: not a date; write it as YYYY-MM-DD"),
        (["--start", "1704067200", "--end", "2024-01-02"], "--start 1704067200: not a date"),
        (["--start", "2024-02-30", "--end", "2024-03-02"], "--start 2024-02-30: is not a valid date"),
        (["--start", "2024-01-02", "--end", "2024-01-01"], "--end 2024-01-01: is before --start 2024-01-02"),
        ([*DAYS, "--meters", "0"], "--meters 0: must be greater than or equal to 1"),
        ([*DAYS, "--meters", "-5"], "--meters -5: must be greater"),
        ([*DAYS, "--meters", "many"], "--meters many: is not a whole number"),
        ([*DAYS, "--batch-files", "0"], "--batch-files 0: must be greater"),
        ([*DAYS, "--interval", "7"], "--interval 7: does not divide an hour; the nearest that does is 6"),
        (
            [*DAYS, "--columns", "mac,voltage"],
            "--columns voltage: unknown column; did you mean voltage_v? Choose from mac, timestamp",
        ),
        ([*DAYS, "--columns", "mac,mac"], "names a column twice"),
        ([*DAYS, "--columns", ","], "name at least one of"),
        ([*DAYS, "--staging-limit", "lots"], "--staging-limit lots: is not a size such as 2GiB"),
        ([*DAYS, "--bucket", "gs://lake"], "not a bucket name; give only the name"),
        (["--start", "0001-01-01", "--end", "2024-01-01"], "--start 0001-01-01: must lie between 1971-01-01 and 2199"),
        (["--start", "2024-01-01", "--end", "9999-12-31"], "--end 9999-12-31: must lie between 1971-01-01 and 2199"),
        ([*DAYS, "--prefix", "../up"], "--prefix ../up: not a plain path"),
        ([*DAYS, "--prices", "mine.toml"], "--prices mine.toml: is for --dry-run; add it, or leave it out"),
        ([*DAYS, "-v", "-q"], "--quiet: contradicts --verbose"),
        (
            [*DAYS, "--class-mix", "residential=0.5,commercial=0.4"],
            "must be shares of residential, commercial, industrial",
        ),
        ([*DAYS, "--class-mix", "residential=1,farm=0"], "that sum to 1, for example residential=0.85"),
        ([*DAYS, "--class-mix", "residential"], "that sum to 1"),
        ([*DAYS, "--class-mix", "residential=1.5,commercial=-0.5"], "that sum to 1"),
        ([*DAYS, "--solar-share", "30"], "--solar-share 30: must be less than or equal to 1"),
        ([*DAYS, "--ev-share", "half"], "--ev-share half: is not a number"),
        ([*DAYS, "--city", "manila,manila"], "name each city once"),
        ([*DAYS, "--city", ","], "name each city once"),
        ([*DAYS, "--config", "nowhere.toml"], "--config nowhere.toml: no such file"),
        ([*DAYS, "--anomaly-rate", "-1/day"], "has no value; one that begins with - is written --anomaly-rate=-…"),
        (
            [*DAYS, "--anomaly-rate", "31/month"],
            "must lie between 0 and 28/month: one event a day of the shortest month",
        ),
    ],
)
def test_wrong_options_name_the_option_and_the_way_out(arguments: list[str], message: str) -> None:
    complaint = _complaint(*arguments)
    assert message in complaint
    assert "\n" not in complaint


def test_a_file_may_name_prices_for_runs_that_are_not_dry(tmp_path: Path) -> None:
    (tmp_path / "wattif.toml").write_text('prices = "mine.toml"\n')
    assert _read(*DAYS, "--config", str(tmp_path / "wattif.toml")).prices == Path("mine.toml")


def test_each_wrong_option_gets_a_line() -> None:
    with pytest.raises(UsageError) as error:
        _read(*DAYS, "--meters", "0", "--seed", "x")
    assert len(str(error.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("verb", "arguments", "variables", "lines", "message"),
    [
        ("incidents", ["--start-datetime", "x"], {}, [], "--start-datetime x: not a date"),
        ("incidents", ["--window-end=x"], {}, [], "--window-end x: not a date"),
        ("incidents", ["--start-datetime", "2024-01-01", "--window-end", "x"], {}, [], "--window-end x: not a date"),
        ("grid", ["--num-barangays", "0"], {}, [], "--num-barangays 0: must be greater"),
        ("grid", ["--num-zones", "0"], {}, ["num-barangays = 1"], "--num-zones 0: must be greater"),
        ("grid", [], {"NUM_ZONES": "0"}, ["num-zones = 1"], "WATTIF_NUM_ZONES=0: must be greater"),
        ("grid", [], {"NUM_ZONES": "1", "NUM_BARANGAYS": "0"}, [], "WATTIF_NUM_BARANGAYS=0: must be greater"),
        ("grid", [], {}, ["num-zones = 0"], "wattif.toml: num-zones = 0: must be greater"),
        ("grid", [], {}, ["num-zones = 1", "num_barangays = 0"], "wattif.toml: num-barangays = 0: must be greater"),
        ("grid", ["--num-barangay", "1"], {}, [], "--num-barangay: unknown option; did you mean --num-barangays?"),
        ("grid", ["--num-zone", "1"], {}, [], "--num-zone: unknown option; did you mean --num-zones?"),
    ],
)
def test_of_two_names_an_option_has_the_one_that_was_written(
    verb: str,
    arguments: list[str],
    variables: dict[str, str],
    lines: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"WATTIF_{name}", value)
    (tmp_path / "wattif.toml").write_text("\n".join(lines))
    with pytest.raises(UsageError) as error:
        read_options(VERBS[verb][0], [*arguments, "--config", str(tmp_path / "wattif.toml")], f"wattif {verb}")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_environment_wins_over_the_file_under_either_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTIF_NUM_ZONES", "7")
    file = tmp_path / "wattif.toml"
    file.write_text("num-barangays = 3\n")
    assert read_options(GridOptions, ["--config", str(file)], "wattif grid").num_zones == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("meters = ", "not a TOML file"),
        ("anomaly_rate = 0.05/month", "texts need quotes"),
        ("metres = 3", "wattif.toml: metres = 3: unknown option; did you mean meters?"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "wattif.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as error:
        _read(*DAYS, "--config", str(file))
    assert message in str(error.value)


def test_all_wrong_prefixes_are_cleaned_or_refused() -> None:
    assert _read(*DAYS, "--prefix", "/raw//meters/").prefix == "raw/meters"
    assert _read(*DAYS, "--prefix", "").prefix == ""


VERBS: dict[str, tuple[type[Options], list[str]]] = {
    "generate": (GenerateOptions, []),
    "status": (StatusOptions, []),
    "show": (ShowOptions, ["--fleet", "--out", "x.png"]),
    "expect": (ExpectOptions, ["--out", "expected"]),
    "export": (ExportOptions, ["--standard", "nem12"]),
    "calibrate": (CalibrateOptions, ["rows.csv", "--out", "mine.toml"]),
    "grid": (GridOptions, []),
    "incidents": (IncidentOptions, []),
    "map": (MapOptions, []),
    "reconcile": (ReconcileOptions, []),
    "load": (LoadOptions, []),
    "rollup": (RollupOptions, []),
    "scan": (ScanOptions, []),
    "score": (ScoreOptions, []),
    "archive": (ArchiveOptions, ["--older-than", "90d", "--to", "old", "--database-url", "postgresql://h/x"]),
    "restore": (RestoreOptions, ["--day", "2024-01-01", "--database-url", "postgresql://h/x"]),
    "dataplex": (DataplexVerbOptions, ["run", "--project", "my-project"]),
    "schema": (SchemaOptions, ["--for", "duckdb"]),
}


@pytest.mark.parametrize("verb", VERBS)
def test_one_file_may_hold_the_options_of_all_verbs(verb: str, tmp_path: Path) -> None:
    """Each verb takes its own; what no verb knows is refused all the same."""
    options_cls, arguments = VERBS[verb]
    assert set(VERBS) == set(KNOWN_VERBS)
    file = tmp_path / "wattif.toml"
    file.write_text(
        'start = 2024-01-01\nend = 2024-01-02\nmeters = 7\nlake = "there"\nwrite-workers = 3\nfirst-day = 2024-01-02\n'
        'workers = 2\ndeep = true\nthreshold = 0.9\nlocation = "europe-west3"\nscan = "my-scan"\n'
    )
    options = read_options(options_cls, ["--config", str(file), *arguments], f"wattif {verb}")
    for name, value in {"meters": 7, "lake": Path("there"), "deep": True, "threshold": 0.9, "scan": "my-scan"}.items():
        assert str(getattr(options, name, value)) == str(value)
    file.write_text("start = 2024-01-01\nnonsense = 1\n")
    with pytest.raises(UsageError, match=r"wattif.toml: nonsense = 1: unknown option; see --help"):
        read_options(options_cls, ["--config", str(file), *arguments], f"wattif {verb}")
