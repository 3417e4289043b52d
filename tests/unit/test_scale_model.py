"""docs/scale.md: what its tables say is what the model says, and the model what was measured."""

from __future__ import annotations

import pytest

from scripts.build_docs import ROOT, with_parts
from scripts.scale_model import FITTED_UP_TO, METERS_PER_FILE, SIZES, Measured, Run, parts, scale_table, spec_of
from wattif.engine.plan import check_staging
from wattif.engine.run_options import RunOptions
from wattif.engine.streams import plans_of

MEASURED = Measured.read()


def test_the_page_has_the_tables_of_the_model() -> None:
    page = ROOT / "docs/scale.md"
    assert page.read_text(encoding="utf-8") == with_parts(page, parts())


def test_a_day_of_a_million_meters_is_what_one_gets_by_hand() -> None:
    (row,) = (line for line in scale_table("ndjson", MEASURED).splitlines() if line.startswith("| 1,000,000 |"))
    size = 1_000_000 * 8640 * 231
    assert f"| {size / 1e12:.3g} TB |" in row
    assert f"network {size / 1.25e9 / 60:.3g} min" in row  # 10 Gbit/s
    assert f"{size / 1e9 * 0.020:.2f} |" in row  # a month


@pytest.mark.parametrize("run", [run for run in MEASURED.runs if run.meters <= FITTED_UP_TO and not run.tables])
def test_the_model_is_near_what_it_was_fitted_to(run: Run) -> None:
    assert 0.7 < MEASURED.run_s(run) / run.wall_s < 1.4


@pytest.mark.parametrize("form", METERS_PER_FILE)
@pytest.mark.parametrize("meters", SIZES)
def test_what_it_says_to_set_fits_into_the_staging_that_a_run_has(form: str, meters: int) -> None:
    options = RunOptions()
    check_staging(plans_of(spec_of(form, meters)), options.staging_limit, write_workers=2)
