"""`scripts.compare_real` on WattIf's own data: another seed is a coin, another city is not; too little is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

import wattif
from scripts import compare_real
from wattif.calibrate.columns import Asked
from wattif.model.cities import load_cities

Export = Callable[..., Path]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Homes of a city, as their owner would hand them out: local time, kWh with three decimals."""
    folder = tmp_path_factory.mktemp("homes")

    def to_csv(name: str, *, city: str = "london", seed: int = 7, meters: int = 40, days: int = 21) -> Path:
        spec = wattif.Spec(
            start="2024-03-01",
            end=f"2024-03-{days:02}",
            meters=meters,
            city=city,
            seed=seed,
            interval=1800,
            class_mix="residential=1,commercial=0,industrial=0",
        )
        rows = wattif.read(spec, columns=["mac", "timestamp", "consumption_wh"])
        out = folder / f"{name}.csv"
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'Europe/London'")
            connection.register("rows", rows)
            connection.execute(
                "COPY (SELECT mac AS household, CAST(timestamp AS TIMESTAMP) AS tstp,"
                f" round(consumption_wh / 1000, 3) AS energy_kwh_hh FROM rows) TO '{out}'"
            )
        return out

    return to_csv


def _areas(text: str) -> list[tuple[float, float]]:
    return [(float(area), float(error)) for area, error in re.findall(r"(\d\.\d{3}) ± (\d\.\d{3})", text)]


def test_another_seed_is_a_coin_and_it_says_so(export: Export, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare_real.main([str(export("seed")), "--city", "london"]) == 0
    text = capsys.readouterr().out
    assert "meter: column household" in text
    assert "timestamps are local time of Europe/London" in text
    assert "40 homes of WattIf and 40 of the data, 21 days" in text
    areas = _areas(text)
    assert len(areas) == 3
    for area, error in areas:
        assert abs(area - 0.5) <= 2.5 * error
    assert text.count("told by nothing but chance") == 3
    assert "told most" not in text


def test_another_city_is_told_and_so_are_the_features_that_did(
    export: Export, capsys: pytest.CaptureFixture[str]
) -> None:
    """Manila's homes handed out as London's: their nights give them away."""
    assert compare_real.main([str(export("manila", city="manila")), "--city", "london", "--utc"]) == 0
    text = capsys.readouterr().out
    assert all(area > 0.5 + 5.0 * error for area, error in _areas(text))
    assert "goal missed" in text
    assert re.search(r"told most, 21 days of a home: \w", text)


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (
            {"meters": 15},
            [],
            "little.csv: 15 of 15 meters have nearly all of 21 days and use anything; 20 are needed to compare",
        ),
        ({"days": 9}, [], "little.csv: 9 days are too few to compare; 14 are needed"),
        ({}, ["--days", "0"], "--days 0: too few to compare; 14 are needed"),
        ({}, ["--city", "londn"], "unknown city; did you mean"),
        ({}, ["--value-column", "kwh"], "--value-column"),
    ],
)
def test_too_little_is_refused_by_name(
    export: Export, capsys: pytest.CaptureFixture[str], given: dict[str, int], options: list[str], message: str
) -> None:
    file = export("little", **given)
    assert compare_real.main([str(file), "--city", "london", *options]) == 2
    assert message in capsys.readouterr().err


def test_meters_with_gaps_are_held_against_as_many_days_of_ours(export: Export) -> None:
    """Ours have just the days that theirs have, in their steps of a watt-hour."""
    with duckdb.connect() as connection:
        file = export("gaps").with_suffix(".parquet")
        connection.execute(
            f"COPY (SELECT * FROM read_csv('{file.with_suffix('.csv')}') WHERE hash(household) % 2 = 0"
            f" OR day(tstp) <> 5) TO '{file}'"
        )
    london = load_cities()["london"]
    real, _ = compare_real.real_days([file], Asked(), london, 0, 21)
    ours = compare_real.our_days(real, london, "residential", 42)
    assert np.array_equal(ours.known, real.known)
    assert 0 < np.count_nonzero(~real.known[:, 4]) < 40
    assert real.known.sum() == real.known.size - np.count_nonzero(~real.known[:, 4])
    for days in (ours, real):
        wh = days.wh[days.known]
        assert np.allclose(wh, np.round(wh), atol=1e-3)


def test_hourly_readings_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hourly.csv"
    rows = [f"m{m},2024-01-{d:02}T{h:02}:00:00Z,1.0" for m in range(3) for d in range(1, 20) for h in range(24)]
    file.write_text("meter,time,kwh\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert compare_real.main([str(file), "--city", "london"]) == 2
    assert "readings are 3,600 s apart; give some whose interval is from 1 to 30 min" in capsys.readouterr().err


def test_the_help_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        compare_real.main(["--help"])
    assert left.value.code == 0
    assert "--time-format" in capsys.readouterr().out
