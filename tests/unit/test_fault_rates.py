"""`--faults`: what it may say, and clear answers to what it may not."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pytest

from wattif.errors import UsageError
from wattif.faults.plan import RowFault
from wattif.faults.rates import FaultRates, read_rates
from wattif.tables.fault_kinds import ROW_KINDS, FaultKind


def test_every_kind_of_fault_has_a_rate() -> None:
    details = {"late_s", "drift"}
    assert {field.name for field in fields(FaultRates)} - details == {str(kind) for kind in FaultKind}
    assert [kind.row_code for kind in ROW_KINDS] == list(range(1, len(ROW_KINDS) + 1))
    assert [fault.name.lower() for fault in RowFault if fault] == [str(kind) for kind in ROW_KINDS]


def test_by_hand() -> None:
    rates = read_rates(" duplicate=0.25, late=0.5:90s ,drop=0.125,schema_drift=2024-01-15:renamed,file_missing=1")
    assert (rates.duplicate, rates.late, rates.late_s, rates.drop) == (0.25, 0.5, 90, 0.125)
    assert (rates.schema_drift, rates.drift, rates.file_missing) == (date(2024, 1, 15), "renamed", 1.0)
    assert rates.of_rows == 0.875
    assert read_rates("late=0.1:30m").late_s == 1800
    assert read_rates("late=0.1").late_s == read_rates("late=0.1:6h").late_s == 21_600


@pytest.mark.parametrize("text", ["", "none", "drop=0", "late=0:1h,duplicate=0.0"])
def test_nothing_goes_wrong(text: str) -> None:
    assert not read_rates(text)
    assert str(read_rates(text)) == "none"


def test_the_same_faults_have_the_same_words() -> None:
    assert str(read_rates("drop=0.10,late=0.002:1h")) == str(read_rates("late=0.002:60m , drop=0.1"))
    assert str(read_rates("late=0.002:1h")) != str(read_rates("late=0.002:2h"))


def test_room_for_all_that_may_be_delivered() -> None:
    assert (read_rates("drop=0.1").copies, read_rates("drop=0.1").objects_per_file) == (1, 1)
    assert (read_rates("late=0.1").copies, read_rates("late=0.1").objects_per_file) == (1, 2)
    both = read_rates("duplicate=0.1,batch_twice=0.5,late=0.1,file_missing=0.5")
    assert (both.copies, both.objects_per_file) == (4, 4)
    assert both.delivered_share == pytest.approx(1.1 * 1.5 * 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lost=0.1", "`faults` lost=0.1: unknown fault; choose from duplicate, late"),
        ("drop=0.1,drop=0.2", "names drop twice"),
        ("none,drop=0.1", "unknown fault"),
        ("drop=2", "`faults` drop=2: must be a share between 0 and 1, for example drop=0.001"),
        ("drop=-0.1", "must be a share between 0 and 1"),
        ("drop=nan", "must be a share between 0 and 1"),
        ("drop=few", "must be a share between 0 and 1"),
        ("drop", "must be a share between 0 and 1"),
        ("drop=0.1:6h", "only late takes a delay, as in late=0.002:6h"),
        ("late=0.1:6d", "6d is not a delay; write it as 6h, 30m, or 90s"),
        ("late=0.1:0h", "0h is not a delay"),
        ("drop=0.6,late=0.5", "the shares of rows sum to more than 1; lower them"),
        (
            "schema_drift=soon",
            "must be a day, and optionally what happens to the schema, for example schema_drift=2024-01-15",
        ),
        ("schema_drift=2024-02-30", "must be a day"),
        ("schema_drift=2024-01-15:removed", "must be a day"),
    ],
)
def test_wrong_faults_are_named(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read_rates(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
