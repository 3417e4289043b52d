"""The figures that tell real readings from made ones: their formulas by hand, and that ours are where they must be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from scripts.figures import between_homes, manila, one_home, sun, texture
from scripts.figures.figure import Figure, around, median_of, misses, table
from scripts.figures.formulas import coincidence, peak_difference_min
from scripts.figures.sampling import HALF_HOUR_S, HOMES, STEP_S, Sample, sample
from wattif.model.cities import load_cities
from wattif.numeric.calendar import QUARTERS, day_number

APRIL = (date(2024, 4, 1), date(2024, 4, 30))
PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "realism.md"
LONDON = load_cities()["london"]


def _ours(figures: Iterable[Figure]) -> dict[str, float]:
    return {figure.name: figure.ours for figure in figures}


def _figure(name: str, ours: float, wanted: tuple[float, float] = (0.5, 1.5), why: str = "") -> Figure:
    return Figure(of="homes", name=name, ours=ours, real="1", wanted=wanted, source="a study", why=why)


def test_texture_by_hand() -> None:
    """Two hours of one home: 600 W for a minute, every ten minutes; 100 W otherwise."""
    watts = np.full((1, 720), 100.0)
    for start in range(60, 720, 60):
        watts[0, start : start + 6] = 700.0
    found = _ours(texture.of(watts))
    kwh = (720 * 100 + 11 * 6 * 600) / 360 / 1000
    assert found["rises over 500 W per kWh"] == pytest.approx(11 / kwh)
    assert found["rises over 100 W an hour"] == pytest.approx(5.5)
    assert found["minutes that step over 100 W, %"] == pytest.approx(100 * 22 / 119)


def test_homes_by_hand() -> None:
    """Two weeks of two homes: 100 W by night and 300 by day; 400 W from 6 to 18 h and else nothing. Each second day is
    a fifth larger than the one before."""
    quarter = day_number(APRIL[0]) * QUARTERS + np.arange(14 * 48) * 2
    by_day = (quarter % QUARTERS >= 24) & (quarter % QUARTERS < 72)
    level = np.where(quarter // QUARTERS % 2 == 0, 0.9, 1.1)
    made = Sample(
        city=LONDON,
        interval_s=HALF_HOUR_S,
        meter_profile=np.zeros(2, np.int8),
        values=np.array([np.where(by_day, 300.0, 100.0), np.where(by_day, 400.0, 0.0)]) * level,
        local_quarter=quarter,
        utc_day=quarter // QUARTERS,
    )
    found = _ours([*one_home.of(made), *between_homes.apart(made)])
    assert found["load factor, median"] == pytest.approx((200 / 330 + 200 / 440) / 2)
    assert found["daily energy, variation"] == pytest.approx(0.1)
    assert found["daily energy, correlation with the next day"] == pytest.approx(-1.0)
    assert found["night 0-6 h / mean, 90% of the homes"] == pytest.approx(0.45)
    assert found["evening 17-21 h / mean, all homes together"] == pytest.approx((300 + 3 * 100 + 400) / 8 / 200)
    assert found["half-hours at zero, %"] == pytest.approx(25.0)


def test_peaks_together_by_hand() -> None:
    """Homes that peak one after the other: together a third of their peaks."""
    relative = np.eye(3)
    assert coincidence(relative, 3, 2) == pytest.approx(1 / 3)
    assert peak_difference_min(np.eye(48)[1], np.eye(48)[47]) == 60.0


def test_the_worst_comes_first_and_what_misses_is_bold() -> None:
    """Out of the range by its width: a narrow range weighs as much as a wide one."""
    figures = [
        _figure("good", 1.0),
        _figure("edge", 1.45),
        _figure("low", 0.4),
        _figure("wide", 150.0, (0.0, 100.0)),
        _figure("narrow", 0.93, (0.97, 1.0), why="for a reason"),
    ]
    lines = table(figures).splitlines()[2:]
    assert [line.split(" | ")[1] for line in lines] == ["narrow", "wide", "low", "good", "edge"]
    assert ["**" in line for line in lines] == [True, True, True, False, False]
    assert misses(figures).splitlines() == [
        "- **homes, narrow**: 0.93 instead of 0.97 to 1; for a reason.",
        "- **homes, wide**: 150 instead of 0 to 100; not explained.",
        "- **homes, low**: 0.4 instead of 0.5 to 1.5; not explained.",
    ]
    assert misses(figures[:2]) == "None.\n"


def test_a_figure_of_several_worlds_is_their_median() -> None:
    [figure] = median_of([[_figure("one", each)] for each in (1.0, 3.0, 1.1)])
    assert (figure.ours, figure.spread) == (1.1, (1.0, 3.0))
    assert around(2.0, share=0.1) == pytest.approx((1.8, 2.2))
    assert around(-0.2, by=0.08) == pytest.approx((-0.28, -0.12))


def test_homes_jump_as_often_as_real_ones() -> None:
    """Fewer homes and days than in docs/realism.md, so the ranges are a tenth wider."""
    found = _ours(texture.of(sample(LONDON, HOMES, 40, (date(2024, 3, 4), date(2024, 3, 8)), STEP_S).values))
    assert 1.8 < found["rises over 500 W per kWh"] < 3.6
    assert 1.2 < found["rises over 100 W an hour"] < 3.3
    assert 3.6 < found["minutes that step over 100 W, %"] < 11.0
    assert 0.18 < found["autocorrelation, 15 min"] < 0.36


def test_homes_differ_as_real_ones_do() -> None:
    made = sample(LONDON, HOMES, 300, APRIL, HALF_HOUR_S)
    found = _ours([*one_home.of(made), *between_homes.of(made)])
    assert 0.23 < found["night 0-6 h / mean, 10% of the homes"] < 0.34
    assert 0.6 < found["night 0-6 h / mean, 90% of the homes"] < 0.75
    assert 1.37 < found["evening 17-21 h / mean, all homes together"] < 1.67
    assert 0.11 < found["daily energy, variation, 10% of the homes"] < 0.19
    assert 0.2 < found["half-hours at zero, %"] < 2.0


def test_manila_grows_by_four_to_ten_per_cent_a_year() -> None:
    assert 4.0 < manila.growth() < 10.0


def test_the_sun_s_figures_are_inside() -> None:
    assert [figure.name for figure in sun.figures(1) if figure.miss] == []


def test_the_page_has_each_figure_once_with_its_source_the_worst_first() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").split("\n| of |")[1].split("\n\n")[0].splitlines()[2:]
    ]
    assert len({(of, name) for of, name, *_ in rows}) == len(rows) > 60
    assert all(row[-1] for row in rows)
    bold = [row[2].startswith("**") for row in rows]
    assert bold == sorted(bold, reverse=True)
    for (_, _, ours, _, wanted, *_), misses_it in zip(rows, bold, strict=True):
        low, high = (float(each.replace(",", "")) for each in wanted.split(" to "))
        value, rounding = float(ours.split(" ")[0].strip("*").replace(",", "")), 0.006 * abs(high)
        assert low - rounding <= value <= high + rounding or misses_it
        assert not (misses_it and low + rounding < value < high - rounding)
