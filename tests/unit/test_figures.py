"""The figures that tell real readings from made ones: their formulas by hand, and that ours are where they must be."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from scripts.figures import homes, manila, sun, texture
from scripts.figures.wanted import Wanted, table
from scripts.realism import sample

APRIL = (date(2024, 4, 1), date(2024, 4, 30))


def test_texture_by_hand() -> None:
    """Two hours of one home: 600 W for a minute, every ten minutes; 100 W otherwise."""
    watts = np.full((1, 720), 100.0)
    for start in range(60, 720, 60):
        watts[0, start : start + 6] = 700.0
    found = texture.of(watts)
    kwh = (720 * 100 + 11 * 6 * 600) / 360 / 1000
    assert found["rises over 500 W per kWh"] == pytest.approx(11 / kwh)
    assert found["rises over 100 W an hour"] == pytest.approx(5.5)
    assert found["minutes that step over 100 W, %"] == pytest.approx(100 * 22 / 119)


def test_the_worst_comes_first_and_what_misses_is_bold() -> None:
    def wanted(name: str, measured: float) -> Wanted:
        return Wanted(name=name, before="", measured=measured, real="1", low=0.5, high=1.5, source="")

    figures = [wanted("good", 1.0), wanted("edge", 1.45), wanted("worst", 3.0), wanted("low", 0.4)]
    lines = table(figures).splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == ["| worst", "| low", "| edge", "| good"]
    assert ["**" in line for line in lines] == [True, True, False, False]


def test_homes_jump_as_often_as_real_ones() -> None:
    """Fewer homes and days than in docs/realism.md, so the ranges are a tenth wider."""
    found = texture.of(sample("london", (1.0, 0.0, 0.0), 40, (date(2024, 3, 4), date(2024, 3, 8)), 10).values)
    assert 1.8 < found["rises over 500 W per kWh"] < 3.6
    assert 1.2 < found["rises over 100 W an hour"] < 3.3
    assert 3.6 < found["minutes that step over 100 W, %"] < 11.0
    assert 0.18 < found["autocorrelation at 15 min"] < 0.36


def test_homes_differ_as_real_ones_do() -> None:
    found = homes.of(sample("london", (1.0, 0.0, 0.0), 300, APRIL, 1800))
    assert 0.23 < found["night 0-6 h / mean, 10 % of the homes"] < 0.34
    assert 0.6 < found["night 0-6 h / mean, 90 % of the homes"] < 0.75
    assert 1.37 < found["17-21 h / mean, all homes together"] < 1.67
    assert 0.11 < found["variation of daily energy, 10 % of the homes"] < 0.19
    assert 0.2 < found["half-hours at zero, %"] < 2.0


def test_manila_grows_by_four_to_ten_per_cent_a_year() -> None:
    assert 4.0 < manila.growth() < 10.0


def test_the_sun_s_figures_are_inside() -> None:
    assert [figure.name for figure in sun.figures() if figure.miss] == []
