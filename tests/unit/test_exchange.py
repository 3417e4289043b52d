"""Parts of exchange files: numbers as text, local days, codes of quality."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from aemo_mdff_reader import spec as mdff
from greenbutton_objects.enums import QualityOfReading
from hypothesis import given
from hypothesis import strategies as st

from wattif.errors import InvalidValue, UsageError
from wattif.exchange import standard_names, standard_of
from wattif.exchange.decimals import number_text, row_text
from wattif.exchange.periods import months_of, period_of, whole_days
from wattif.exchange.quality import GOOD, NOT_SENT, QUALITIES, qualities_of, runs_of
from wattif.model.cities import load_cities
from wattif.model.quantities import Status
from wattif.numeric.calendar import zone


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=50), st.sampled_from([1, 3, 6]))
def test_numbers_keep_all_their_digits(values: list[int], decimals: int) -> None:
    texts = row_text(np.array(values), decimals).split(",")
    assert [Decimal(text).scaleb(decimals) for text in texts] == values
    assert all(len(text.partition(".")[2]) == decimals for text in texts)
    assert texts == [number_text(value, decimals) for value in values]


def test_a_register_has_its_leading_zeros() -> None:
    assert number_text(23_464_571, 3, 8) == "00023464.571"


def _changes(time_zone: str, year: int) -> list[datetime]:
    """The hours (UTC) at which the clock is set, by asking `zoneinfo` each hour of *year*."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(366 * 24)]
    offsets = [hour.astimezone(zone(time_zone)).utcoffset() for hour in hours]
    return [hour for hour, before, after in zip(hours[1:], offsets, offsets[1:], strict=False) if before != after]


@pytest.mark.parametrize("city", load_cities())
def test_local_days_of_a_year_are_as_long_as_the_clock_says(city: str) -> None:
    time_zone = load_cities()[city].time_zone
    days = whole_days(time_zone, date(2024, 1, 1), date(2024, 12, 31), 1800)
    assert all(a.end_s == b.start_s and b.day - a.day == timedelta(days=1) for a, b in itertools.pairwise(days))
    for each in days:
        midnight = datetime.fromtimestamp(each.start_s, zone(time_zone))
        assert (midnight.date(), midnight.hour, midnight.minute) == (each.day, 0, 0)
    changed = {moment.astimezone(zone(time_zone)).date() for moment in _changes(time_zone, 2024)}
    odd = {each.day: (each.end_s - each.start_s) // 3600 for each in days if each.end_s - each.start_s != 86_400}
    assert set(odd) == changed
    assert sorted(odd.values()) == ([23, 25] if changed else [])


def test_a_year_of_market_days_has_no_odd_one() -> None:
    days = whole_days("Etc/GMT-10", date(2024, 1, 1), date(2024, 12, 31), 300)
    assert {each.end_s - each.start_s for each in days} == {86_400}
    assert (days[0].day, days[-1].day) == (date(2024, 1, 2), date(2024, 12, 31))
    months = [period_of("Etc/GMT-10", days, month) for month in months_of(date(2024, 1, 1), date(2024, 12, 31))]
    assert [day for month in months if month is not None for day in month.days] == list(days)


def test_a_zone_whose_days_begin_within_an_interval_is_refused() -> None:
    whole_days("Asia/Kathmandu", date(2024, 1, 1), date(2024, 1, 3), 900)
    with pytest.raises(InvalidValue, match="Asia/Kathmandu begins or ends within an interval"):
        whole_days("Asia/Kathmandu", date(2024, 1, 1), date(2024, 1, 3), 1800)


def test_a_day_that_comes_twice_is_refused() -> None:
    with pytest.raises(InvalidValue, match="back past midnight"):
        whole_days("Antarctica/Casey", date(2010, 3, 3), date(2010, 3, 7), 1800)


def test_every_flag_has_codes_that_the_standards_know() -> None:
    assert {each.flag for each in QUALITIES} == {NOT_SENT, GOOD, *Status}
    for each in QUALITIES:
        flag, method = each.nem_method[0], each.nem_method[1:]
        assert flag in mdff.QUALITY_FLAGS
        assert bool(method) == (flag != "A")  # only A needs no method
        assert each.nem_reason or flag == "A"  # mandatory where a value was put in
        assert not each.nem_reason or int(each.nem_reason) in mdff.REASON_CODES
        assert bool(each.nem_text) == (each.nem_reason == "0")
        assert each.espi is None or QualityOfReading(each.espi)
        assert each.cim.split(".")[0] in {"1", "3"}


def test_a_reading_has_the_codes_of_the_gravest_flag() -> None:
    status = np.array([0, 0, Status.VOLTAGE, Status.VOLTAGE | Status.ESTIMATED, NOT_SENT, NOT_SENT, 0])
    runs = [(first, end, each.flag) for first, end, each in runs_of(qualities_of(status))]
    assert runs == [(0, 2, GOOD), (2, 3, Status.VOLTAGE), (3, 4, Status.ESTIMATED), (4, 6, NOT_SENT), (6, 7, GOOD)]
    assert [(first, end) for first, end, _ in runs_of(qualities_of(np.zeros(5, np.int64)))] == [(0, 5)]


def test_an_unknown_standard_names_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="nem1: unknown standard; did you mean nem1"):
        standard_of("nem1")
    assert {standard_of(name).name for name in standard_names()} == set(standard_names())
