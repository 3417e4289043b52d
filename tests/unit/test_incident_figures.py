"""docs/incidents.md: its tables are what the data have, and outages are restored as it says."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import duckdb
import numpy as np
import pytest

import wattif
from scripts.build_docs import ROOT, with_parts
from scripts.incident_figures import Figures


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    with Figures() as made:
        yield made


COLUMNS = ["type_code", "occurrence_at", "arrival_at", "resolved_at", "weather_condition_code"]
LONG_AFTER_STORMS = """NOT EXISTS (FROM incidents AS storm WHERE storm.weather_condition_code = 'STORM'
    AND i.occurrence_at BETWEEN storm.occurrence_at AND storm.occurrence_at + INTERVAL 96 HOURS)"""


def test_the_page_has_what_the_data_have(figures: Figures) -> None:
    page = ROOT / "docs/incidents.md"
    text = page.read_text(encoding="utf-8")
    assert text == with_parts(page, figures.parts())


def test_major_event_days_are_those_of_the_standard(figures: Figures) -> None:
    """Summed and compared without SQL."""
    lost: Counter[object] = Counter()
    for day, minutes in figures.rows("SELECT day, lost FROM outages"):
        lost[day] += minutes
    logarithms = np.log(np.array(list(lost.values())))
    threshold = math.exp(logarithms.mean() + 2.5 * logarithms.std(ddof=1))
    major = {day for day, minutes in lost.items() if minutes > threshold}
    assert 0 < len(major) < len(lost) / 20
    assert {day for (day,) in figures.rows("SELECT day FROM days WHERE is_major")} == major


def test_in_mild_weather_restoration_is_lognormal(figures: Figures) -> None:
    """Of one type and severity: the logarithm of the handling times is normal, with the declared median and sigma."""
    rows = figures.rows(
        f"""SELECT epoch(resolved_at - arrival_at) / 60 FROM incidents AS i WHERE type_code = 'OUTAGE'
        AND severity_code = 'MEDIUM' AND status_code IN ('RESOLVED', 'CLOSED') AND {LONG_AFTER_STORMS}"""
    )
    logarithms = np.sort(np.log([row[0] for row in rows]))
    assert len(logarithms) > 1_000
    assert math.exp(float(np.median(logarithms))) == pytest.approx(85.0, rel=0.06)
    quartiles = np.quantile(logarithms, [0.25, 0.5])
    assert (quartiles[1] - quartiles[0]) / 0.6745 == pytest.approx(0.75, rel=0.08)


def test_storms_make_restoration_longer(figures: Figures) -> None:
    medians = dict(
        figures.rows(
            """SELECT weather_condition_code = 'STORM', median(minutes) FROM outages
            WHERE type_code = 'OUTAGE' GROUP BY 1"""
        )
    )
    assert medians[True] > 1.5 * medians[False]


def test_power_comes_back_as_soon_as_in_the_country() -> None:
    """In Germany after 0.45 times as long as in the United States, by the locales: so do the times on scene."""
    medians = {}
    for city in ("chicago", "berlin"):
        spec = wattif.IncidentSpec(incident_count=20_000, seed=5, window_end="2024-07-01", city=city)
        rows = wattif.read(spec, "incidents", columns=COLUMNS).read_all()
        with duckdb.connect() as connection:
            connection.register("incidents", rows)
            ((medians[city],),) = connection.sql(
                f"""SELECT median(epoch(resolved_at - arrival_at)) FROM incidents AS i
                WHERE type_code = 'OUTAGE' AND {LONG_AFTER_STORMS}"""
            ).fetchall()
    assert medians["berlin"] / medians["chicago"] == pytest.approx(0.45, rel=0.12)
