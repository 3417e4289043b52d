"""What a dataset costs: by hand, for the prices that are shipped and for a user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.asking import Asked, Asking
from wattif.compress import joined_name
from wattif.encode import format_names
from wattif.engine.estimate import describe
from wattif.engine.prices import load_prices
from wattif.errors import InvalidValue
from wattif.uploader import schemes


def _lines(asked: Asked, **more: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in describe(asked.spec, asked.run, **more):
        name, _, text = line.partition(":")
        found.setdefault(name, []).append(text.strip())
    return found


def test_a_year_of_a_million_meters(settings: Asking) -> None:
    """231 bytes a row, 8,640 rows a day: 728,481.6 GB a year, at $0.02 a month."""
    asked = settings(start="2024-01-01", end="2024-12-30", meters=1_000_000, interval=10, meters_per_file=20)
    told = _lines(asked, scheme="gs")
    assert told["bytes"] == ["728,481,600,000,000 (728,481.60 GB)"]
    assert told["cost"][0].startswith("about $14,569.63 a month and ")
    assert told["as ndjson"] == ["about 728,481.60 GB, about $14,569.63 a month"]
    # BigQuery: a text of 17 characters, a timestamp, six decimals, two whole numbers: 139 bytes; 408,245 GiB, 398.7 TiB
    assert "about $8,164.91 a month, about $2,491.73 for a query of all columns" in told["cost"][1]


def test_a_small_dataset_is_told_in_a_unit_that_fits(settings: Asking) -> None:
    """233 bytes a row, for the energy of an hour has two digits more; 24 rows a day."""
    one = _lines(settings(start="2024-01-01", end="2024-01-01", meters=1, interval=3600))
    assert one["bytes"] == ["5,592 (5.59 kB)"]
    assert one["as ndjson"] == ["about 5.59 kB, less than $0.01 a month"]
    more = _lines(settings(start="2024-01-01", end="2024-01-01", meters=1000, interval=3600))
    assert more["as ndjson"] == ["about 5.59 MB, less than $0.01 a month"]


def test_every_format_that_can_carry_it_is_told(settings: Asking) -> None:
    told = _lines(settings(meters=10))
    assert {f"as {joined_name(name, 'none')}" for name in format_names()} <= told.keys()
    assert "as parquet+zstd" in told
    damaged = _lines(settings(meters=10, faults="corrupt=0.1"))
    assert "as csv" in damaged
    assert "as parquet" not in damaged


def test_prices_of_ones_own_go_over_those_that_are_known(settings: Asking, tmp_path: Path) -> None:
    own = tmp_path / "prices.toml"
    own.write_text("[store.gs]\ngb_month = 1000.0\n")
    asked = settings(start="2024-01-01", end="2024-01-01", meters=1000, interval=10)
    told = _lines(asked, prices=load_prices(own), scheme="gs")
    assert told["cost"][0].startswith("about $1,995.84 a month and ")  # 1,000 x 8,640 x 231 bytes
    assert load_prices(own).bigquery == load_prices().bigquery


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[store.gs]\ngb_month = -1\n", "store.gs.gb_month: "),
        ("[store.gs]\ngb_mouth = 1\n", "store.gs.gb_mouth: "),
        ("[store.gs\n", "is not TOML .*; name a TOML file of prices, or leave `prices` out"),
        (None, "cannot be read .*; name a TOML file of prices, or leave `prices` out"),
    ],
)
def test_a_file_of_prices_that_is_wrong_is_named(tmp_path: Path, text: str | None, words: str) -> None:
    own = tmp_path / "prices.toml"
    if text is not None:
        own.write_text(text)
    with pytest.raises(InvalidValue, match=words):
        load_prices(own)


def test_every_store_has_prices() -> None:
    known = {path.stem for path in Path(schemes.__path__[0]).glob("[a-z]*.py")} - {"file"}
    assert known <= load_prices().store.keys()
