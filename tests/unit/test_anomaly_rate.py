"""A rate of anomalies: a share, or events in calendar time; read in one place, wherever it is written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

import wattif
from wattif.cli.generate import GenerateOptions
from wattif.cli.options import read_options
from wattif.errors import UsageError
from wattif.spec.anomaly_rate import AnomalyRate

DAYS = {"start": "2024-01-01", "end": "2024-01-31"}


@pytest.mark.parametrize(
    ("given", "value", "per", "text"),
    [
        (0.05, 0.05, None, "0.05"),
        (1, 1.0, None, "1.0"),
        ("0.05", 0.05, None, "0.05"),
        ("0.05/month", 0.05, "month", "0.05/month"),
        (" 5e-2 / month ", 0.05, "month", "0.05/month"),
        ("1/day", 1.0, "day", "1.0/day"),
        ("7/week", 7.0, "week", "7.0/week"),
        ("12/year", 12.0, "year", "12.0/year"),
        ("0.123456789/week", 0.123456789, "week", "0.123456789/week"),
    ],
)
def test_a_rate_is_a_number_and_a_unit(given: object, value: float, per: str | None, text: str) -> None:
    rate = AnomalyRate.of(given)
    assert (rate, str(rate)) == (AnomalyRate(value, per), text)
    spec = wattif.Spec(**DAYS, anomaly_rate=given)
    assert spec.anomaly_rate == (value if per is None else text)
    assert wattif.Spec(**spec.model_dump(mode="json", exclude_none=True)) == spec


@pytest.mark.parametrize("given", ["often", "0.05/fortnight", "/month", "0.05/", "0.05/month/month", "nan", "", None])
def test_what_is_no_rate_is_refused_with_the_forms_that_there_are(given: object) -> None:
    with pytest.raises(ValidationError) as refused:
        wattif.Spec(**DAYS, anomaly_rate=given)
    (error,) = refused.value.errors()
    assert error["loc"] == ("anomaly_rate",)
    if given != "nan":
        for form in ("0.05", "/month", "/day", "/week", "/year"):
            assert form in error["msg"]


@pytest.mark.parametrize(
    ("given", "most"),
    [
        ("1.01", "1"),
        ("-0.1", "1"),
        ("1.01/day", "1/day"),
        ("8/week", "7/week"),
        ("29/month", "28/month"),
        ("366/year", "365/year"),
        ("inf/year", "365/year"),
        ("nan/month", "28/month"),
    ],
)
def test_more_than_one_a_day_is_refused(given: str, most: str) -> None:
    with pytest.raises(ValidationError, match=f"must lie between 0 and {most}"):
        wattif.Spec(**DAYS, anomaly_rate=given)


def test_the_months_own_days_count() -> None:
    january, february, leap = date(2023, 1, 1), date(2023, 2, 1), date(2024, 2, 1)
    assert AnomalyRate(0.05, "month").in_month(february) == 0.05
    assert AnomalyRate(0.7, "week").in_month(february) == pytest.approx(2.8)
    assert AnomalyRate(0.5, "day").in_month(january) == 15.5
    assert AnomalyRate(365, "year").in_month(january) == 31
    assert AnomalyRate(366 / 2, "year").in_month(leap) == pytest.approx(14.5)
    assert [AnomalyRate(value, "month").parts_of(january) for value in (0, 0.05, 1, 1.01, 28)] == [1, 1, 1, 2, 28]


def test_environment_file_and_command_line_take_the_same_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    days = ["--start", "2024-01-01", "--end", "2024-01-02"]
    (tmp_path / "wattif.toml").write_text('anomaly-rate = "0.05/month"\n')
    from_file = read_options(GenerateOptions, [*days, "--config", str(tmp_path / "wattif.toml")], "wattif generate")
    from_line = read_options(GenerateOptions, [*days, "--anomaly-rate", "0.050/month"], "wattif generate")
    monkeypatch.setenv("WATTIF_ANOMALY_RATE", "5e-2/month")
    from_environment = read_options(GenerateOptions, days, "wattif generate")
    assert {each.anomaly_rate for each in (from_file, from_line, from_environment)} == {"0.05/month"}
    monkeypatch.setenv("WATTIF_ANOMALY_RATE", "0.05/moon")
    with pytest.raises(UsageError, match=r"^WATTIF_ANOMALY_RATE=0\.05/moon: is not a rate; write .*/month"):
        read_options(GenerateOptions, days, "wattif generate")
