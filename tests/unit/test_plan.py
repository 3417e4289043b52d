"""The plan: what is made, how large it is, what staging must hold."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattif.compress import compressor_of
from wattif.encode import encoder_of
from wattif.encode.encoder import RowSchema
from wattif.engine.estimate import requests_of_file
from wattif.engine.plan import Plan, check_staging, staging_needed
from wattif.errors import UsageError
from wattif.faults.rates import read_rates
from wattif.tables.readings import select_fields


def _plan(
    days: int = 2,
    meters: int = 10,
    meters_per_file: int = 3,
    batch_files: int = 2,
    interval_s: int = 300,
    faults: str = "none",
) -> Plan:
    encoder = encoder_of("ndjson", RowSchema(columns=select_fields(["mac", "power_w"], interval_s)))
    return Plan(
        start=date(2024, 2, 28),
        end=date.fromordinal(date(2024, 2, 28).toordinal() + days - 1),
        meters=meters,
        meters_per_file=meters_per_file,
        batch_files=batch_files,
        rows_per_meter=86_400 // interval_s,
        compressor=compressor_of("none", encoder),
        faults=read_rates(faults),
    )


def test_by_hand() -> None:
    plan = _plan()
    batches = list(plan.batches())
    assert [(str(batch.day), batch.index) for batch in batches] == [
        ("2024-02-28", 0),
        ("2024-02-28", 1),
        ("2024-02-29", 0),
        ("2024-02-29", 1),
    ]
    assert [(unit.first, unit.last, plan.rows_of(unit)) for batch in batches[:2] for unit in batch.units] == [
        (0, 2, 864),
        (3, 5, 864),
        (6, 8, 864),
        (9, 9, 288),
    ]
    width = len(b'{"mac":"02:1A:7F:00:3B:C9","power_w":9999999}\n')
    assert plan.size == 2 * 10 * 288 * width
    assert plan.largest_batch == 6 * 288 * width
    assert staging_needed([plan], 4) == 2 * 6 * 288 * width + 4 * 3 * 288 * width


def test_room_in_staging_for_whatever_may_be_delivered() -> None:
    """Twice for duplicates, twice again for batches that come twice, and 19 bytes a row for a field more."""
    plan, more = _plan(), _plan(faults="duplicate=0.1,batch_twice=0.1,schema_drift=2024-02-29")
    unit = plan.batch(plan.start, 0).units[0]
    width = len(b'{"mac":"02:1A:7F:00:3B:C9","power_w":9999999}\n')
    assert plan.room_of(unit) == plan.size_of(unit) == 864 * width
    assert more.room_of(unit) == 864 * 4 * (width + len(b',"firmware":"2.4.1"'))
    assert more.size == plan.size
    assert staging_needed([more], 2) == 2 * 2 * more.room_of(unit) + 2 * more.room_of(unit)


@given(
    st.integers(1, 40), st.integers(1, 200), st.integers(1, 50), st.integers(1, 20), st.sampled_from([60, 900, 3600])
)
def test_files_cover_every_meter_of_every_day_once(
    days: int, meters: int, meters_per_file: int, batch_files: int, interval_s: int
) -> None:
    plan = _plan(days, meters, meters_per_file, batch_files, interval_s)
    batches = list(plan.batches())
    assert len(batches) == plan.days * plan.batches_per_day
    units = [unit for batch in batches for unit in batch.units]
    covered = [(unit.day, meter) for unit in units for meter in range(unit.first, unit.last + 1)]
    assert len(covered) == len(set(covered)) == days * meters
    assert sum(map(plan.size_of, units)) == plan.size
    assert sum(map(plan.rows_of, units)) == plan.rows
    assert max(sum(map(plan.size_of, batch.units)) for batch in batches) == plan.largest_batch
    assert max(map(plan.size_of, units)) == plan.largest_file


def test_a_staging_limit_that_is_too_small_names_the_smallest_that_is_not() -> None:
    plan = _plan()
    needed = staging_needed([plan], 2)
    check_staging([plan], needed, 2)
    with pytest.raises(UsageError, match=f"raise it to at least {needed} "):
        check_staging([plan], needed - 1, 2)


@pytest.mark.parametrize(
    ("size", "requests"),
    [(1, 1), (8 * 2**20, 1), (8 * 2**20 + 1, 2), (38_000_000, 4), (16 * 2**20, 2), (16 * 2**20 + 1, 3)],
)
def test_requests_of_a_file(size: int, requests: int) -> None:
    assert requests_of_file(size) == requests
