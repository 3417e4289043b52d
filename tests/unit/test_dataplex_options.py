"""Options of `wattif dataplex`: wrong ones get one line that names the option and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from wattif.cli.dataplex import DataplexVerbOptions
from wattif.cli.options import read_options
from wattif.errors import UsageError

PLACE = ["--project", "my-project", "--location", "europe-west3", "--dataset", "meters"]


def _read(*arguments: str) -> DataplexVerbOptions:
    return read_options(DataplexVerbOptions, list(arguments), "wattif dataplex")


def test_defaults() -> None:
    options = _read("create", *PLACE)
    assert options.scan_name == "projects/my-project/locations/europe-west3/dataScans/smart-meter-anomalies"
    assert options.full_table == "my-project.meters.smart_meter_readings_hour_rolled"
    assert options.full_results_table == "my-project.meters.dataplex_results"
    assert (options.threshold, options.metric_names, options.interval) == (0.99, ["AVG", "MAX"], 10)
    assert (options.schedule, options.incremental_field, options.recipients) == (None, "time_hour_rolled", [])


def test_only_create_needs_the_dataset() -> None:
    for action in ("run", "results", "delete"):
        assert _read(action, *PLACE[:4]).action == action


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: ACTION; see --help"),
        (["drop", *PLACE], "drop"),
        (["create", *PLACE[2:]], "--project is missing"),
        (["create", *PLACE[:2], *PLACE[4:]], "--location is missing"),
        (["create", *PLACE[:4]], "--dataset is missing"),
        (["create", *PLACE, "--project", "My Project"], "is not a project ID such as my-project"),
        (["create", *PLACE, "--location", "EU"], "for a dataset in EU or US name a region inside it"),
        (["create", *PLACE, "--location", "europe-west3-a"], "is not a region such as europe-west3"),
        (["create", *PLACE, "--dataset", "p.d"], "is not a dataset name"),
        (["create", *PLACE, "--table", "d.t"], "--table d.t: is not a table or model name"),
        (["create", *PLACE, "--table", "t` WHERE 1; --"], "is not a table or model name"),
        (["create", *PLACE, "--model", "p.d.m"], "--model p.d.m: is not a table or model name"),
        (["create", *PLACE, "--scan", "Scan"], "--scan Scan: is not a scan ID: at most 63 of a-z, 0-9, and -"),
        (["create", *PLACE, "--scan", "scan-"], "not ending with -"),
        (["create", *PLACE, "--scan", "s" * 64], "at most 63"),
        (["create", *PLACE, "--threshold", "1"], "--threshold 1: must be less than 1"),
        (["create", *PLACE, "--threshold", "-0.1"], "--threshold -0.1: must be greater than or equal to 0"),
        (["create", *PLACE, "--threshold", "nan"], "--threshold nan: must be less than 1"),
        (["create", *PLACE, "--metrics", "AVG,SUM"], "--metrics AVG,SUM: must be AVG, MAX, or AVG,MAX"),
        (["create", *PLACE, "--metrics", "AVG,avg"], "must be AVG, MAX, or AVG,MAX"),
        (["create", *PLACE, "--metrics", ","], "must be AVG, MAX, or AVG,MAX"),
        (["create", *PLACE, "--interval", "7"], "--interval 7: does not divide an hour"),
        (["create", *PLACE, "--schedule", "hourly"], "--schedule hourly: is not a cron schedule: minute, hour, day"),
        (["create", *PLACE, "--schedule", "TZ=Asia/Nowhere 1 * * * *"], "unknown time zone 'Asia/Nowhere'"),
        (["create", *PLACE, "--schedule", ""], "is not a cron schedule"),
        (["create", *PLACE, "--schedule", "15 * * * $"], "is not a cron schedule"),
        (["create", *PLACE, "--incremental-field", "a b"], "is not a column name; leave it empty"),
        (["create", *PLACE, "--results-table", "d.t"], "write it as PROJECT.DATASET.TABLE"),
        (["create", *PLACE, "--notify", "me"], "'me' is not an e-mail address; separate several with commas"),
        (["create", *PLACE, "--notify", ""], "must be one to 5 e-mail addresses"),
        (["create", *PLACE, "--notify", ",".join(f"a{n}@b.org" for n in range(6))], "must be one to 5"),
        (["run", *PLACE, "--print"], "--print: works with create, not with run"),
        (["create", *PLACE, "--json"], "--json: works with results, not with create"),
    ],
)
def test_wrong_options_name_themselves_and_the_way_out(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        _read(*arguments)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_environment_and_a_file_of_other_verbs_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "wattif.toml"
    file.write_text('start = 2024-01-01\nmeters = 7\nclass = "residential"\nproject = "my-project"\ninterval = 60\n')
    monkeypatch.setenv("WATTIF_LOCATION", "us-central1")
    monkeypatch.setenv("WATTIF_JSON", "true")
    options = _read("results", "--config", str(file))
    assert (options.project, options.location, options.interval) == ("my-project", "us-central1", 60)
    assert options.as_json
