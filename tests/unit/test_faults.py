"""Which rows, files and batches meet a fault: the shares that were asked for, and the same answer every time."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from wattif.faults.plan import DrawnFaults, RowFault
from wattif.faults.rates import read_rates
from wattif.tables.unit import Unit

DAY = date(2024, 1, 15)
ROWS = "drop=0.01,duplicate=0.02,late=0.03,out_of_order=0.04,corrupt=0.05"


def _drawn(text: str, seed: int = 42, interval_s: int = 10) -> DrawnFaults:
    return DrawnFaults(read_rates(text), seed, interval_s, meters_per_batch=200)


def _units(count: int) -> list[Unit]:
    return [Unit("readings", (DAY + timedelta(days=n // 50)).isoformat(), n % 50 * 20, 20) for n in range(count)]


def test_shares_of_rows_are_met() -> None:
    """Within five standard deviations of a binomial count."""
    codes = np.concatenate([_drawn(ROWS).rows(meter, DAY) for meter in range(30)])
    assert len(codes) == 30 * 8640
    for fault, share in zip(list(RowFault)[1:], (0.01, 0.02, 0.03, 0.04, 0.05), strict=True):
        count = np.count_nonzero(codes == fault)
        assert abs(count - share * len(codes)) < 5 * (share * (1 - share) * len(codes)) ** 0.5
    assert np.count_nonzero(codes) < 0.16 * len(codes)


@pytest.mark.parametrize(
    ("text", "fault"), [("drop=1", RowFault.DROP), ("corrupt=1", RowFault.CORRUPT), ("late=1", RowFault.LATE)]
)
def test_a_share_of_1_means_every_row(text: str, fault: RowFault) -> None:
    assert set(_drawn(text).rows(7, DAY).tolist()) == {int(fault)}


def test_without_faults_of_rows_there_are_none() -> None:
    assert not _drawn("file_missing=1").rows(0, DAY).any()


def test_shares_of_files_and_batches_are_met() -> None:
    faults = _drawn("partial_line=0.2,file_missing=0.4,batch_twice=0.3")
    units = _units(5000)
    for answers, share, count in (
        ([faults.partial(unit) for unit in units], 0.2, 5000),
        ([faults.withheld(unit) for unit in units], 0.4, 5000),
        ([faults.twice(unit) for unit in units[::10]], 0.3, 500),
    ):
        assert len(answers) == count
        assert abs(sum(answers) - share * count) < 5 * (share * (1 - share) * count) ** 0.5


def test_all_files_of_a_batch_come_twice_or_none() -> None:
    faults = _drawn("batch_twice=0.5")
    units = _units(5000)
    batches = [{faults.twice(unit) for unit in units[n : n + 10]} for n in range(0, 5000, 10)]
    assert all(len(answers) == 1 for answers in batches)
    assert {True} in batches
    assert {False} in batches


def test_a_day_is_the_same_alone_and_another_day_or_seed_is_not() -> None:
    faults = _drawn(ROWS)
    days = [faults.rows(3, DAY + timedelta(days=n)).tolist() for n in range(5)]
    assert _drawn(ROWS).rows(3, DAY + timedelta(days=4)).tolist() == days[4]
    others = [*days, faults.rows(4, DAY).tolist(), _drawn(ROWS, seed=43).rows(3, DAY).tolist()]
    assert len({tuple(each) for each in others}) == 7


def test_details_differ_by_row_and_stay_the_same() -> None:
    faults = _drawn(ROWS)
    meters, readings = np.divmod(np.arange(1000), 50)
    details = faults.details(meters, DAY, readings)
    assert len(set(details.tolist())) == 1000
    (same,) = _drawn(ROWS).details(meters[51:52], DAY, readings[51:52])
    assert details[51] == same
