"""The checksum of an hour: Python's own integers against the kernel and against SQL."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import numpy as np
import pytest

from wattif.answers.reconcile.number_column import NumberColumn
from wattif.answers.reconcile.sql import of_readings
from wattif.tables.hour_checksum import BASE, PRIME, checksum_of

READINGS = np.array([[0, 8743, 9_999_999_000, 1], [-999_999, 3147, 0, -1], [99_999_999_999, 23_464_571, 5, 0]])
INTERVAL_S = 900


def _by_hand(readings: np.ndarray) -> list[int]:
    """What each reading adds, in integers without end."""
    added = []
    for place, values in enumerate(readings.T):
        powers = [BASE**n for n in range(len(values) + 1)]
        terms = [place * INTERVAL_S, *map(int, values)]
        added.append(pow(sum(power * term for power, term in zip(reversed(powers), terms, strict=True)), 5, PRIME))
    return added


def _in_sql(readings: np.ndarray) -> int:
    numbers = [NumberColumn(name=name, decimals=0) for name in "abc"]
    rows = [
        ("02:00:00:00:00:01", datetime(2024, 1, 1, 5) + timedelta(seconds=n * INTERVAL_S), *map(int, values))
        for n, values in enumerate(readings.T)
    ]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (mac VARCHAR, timestamp TIMESTAMP, a BIGINT, b BIGINT, c BIGINT)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", list(reversed(rows)))
        answer = connection.sql(of_readings("t", numbers, INTERVAL_S, datetime(2024, 1, 1), None)).to_arrow_table()
    return int(answer["checksum"][0].as_py())


def test_kernel_and_sql_count_as_python_does() -> None:
    expected = _by_hand(READINGS)
    checked = np.arange(len(READINGS))
    assert [checksum_of(READINGS, n, n * INTERVAL_S, checked) for n in range(4)] == expected
    assert _in_sql(READINGS) == sum(expected)


def test_a_value_that_is_not_there_counts_as_nothing_and_absurd_ones_stay_within_64_bits() -> None:
    readings = READINGS.copy()
    readings[:, 1] = -99_999_999_999_999, 99_999_999_999_999, 10**17  # the last is more than any field has room for
    by_hand = readings.copy()
    by_hand[2, 1] = 0
    assert _in_sql(readings) == sum(_by_hand(by_hand))


@pytest.mark.parametrize("quantity", range(3))
def test_no_swap_and_no_change_that_cancels_is_lost(quantity: int) -> None:
    for first, second in ((0, 1), (1, 2), (0, 3)):
        for change in (1, -1, 1000, PRIME - 1):
            readings = READINGS.copy()
            readings[quantity, [first, second]] += change, -change
            assert _in_sql(readings) != _in_sql(READINGS)
        readings = READINGS.copy()
        readings[quantity, [first, second]] = readings[quantity, [second, first]]
        assert _in_sql(readings) != _in_sql(READINGS)
