"""Shares of a dataset: who makes which batches, and how batch services say which task this is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattif.engine.plan import Totals, batches_of, totals
from wattif.engine.shard import ALL, ARRAYS, Shard, shard_of
from wattif.engine.streams import plans_of
from wattif.errors import InvalidValue
from wattif.spec import Spec

TASKS = [  # as the services' documentation has them: the third of four tasks
    ({"CLOUD_RUN_TASK_INDEX": "2", "CLOUD_RUN_TASK_COUNT": "4"}, "auto"),
    ({"BATCH_TASK_INDEX": "2", "BATCH_TASK_COUNT": "4"}, "auto"),
    ({"AWS_BATCH_JOB_ARRAY_INDEX": "2", "AWS_BATCH_JOB_ARRAY_SIZE": "4"}, "auto"),
    ({"JOB_COMPLETION_INDEX": "2"}, "auto/4"),
    (
        {
            "SLURM_ARRAY_TASK_ID": "16",
            "SLURM_ARRAY_TASK_COUNT": "4",
            "SLURM_ARRAY_TASK_MIN": "10",
            "SLURM_ARRAY_TASK_STEP": "3",
        },
        "auto",
    ),
]


@pytest.mark.parametrize(("environment", "asked"), TASKS)
def test_each_service_says_which_task_this_is(environment: dict[str, str], asked: str) -> None:
    assert shard_of(asked, {"PATH": "/bin", **environment}) == Shard(3, 4)


def test_every_service_has_its_test() -> None:
    assert {array.index for array in ARRAYS} == {name for environment, _ in TASKS for name in environment} & {
        array.index for array in ARRAYS
    }


@pytest.mark.parametrize(
    ("asked", "environment", "words"),
    [
        ("0/4", {}, "numbered from 1"),
        ("5/4", {}, "no shard 5"),
        ("3", {}, "3/64"),
        ("-1/4", {}, "not a shard"),
        ("3/4/5", {}, "not a shard"),
        ("1/99999999999999", {}, "not a shard"),
        ("auto", {}, "CLOUD_RUN_TASK_INDEX"),
        ("auto", {"JOB_COMPLETION_INDEX": "2"}, "auto/64"),
        ("auto/2", {"JOB_COMPLETION_INDEX": "2"}, "none of 2 tasks"),
        ("auto", {"BATCH_TASK_INDEX": "2"}, "BATCH_TASK_COUNT is ''"),
        ("auto", {"BATCH_TASK_INDEX": "two", "BATCH_TASK_COUNT": "4"}, "'two', no number"),
        ("auto", {"BATCH_TASK_INDEX": "4", "BATCH_TASK_COUNT": "4"}, "none of 4 tasks"),
        ("auto", {**TASKS[-1][0], "SLURM_ARRAY_TASK_ID": "11"}, "none of 4 tasks in a row"),
    ],
)
def test_what_is_no_shard_is_refused_by_name(asked: str, environment: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidValue, match=words) as refused:
        shard_of(asked, environment)
    assert refused.value.field == "shard"


@given(
    count=st.integers(1, 40),
    days=st.integers(1, 5),
    meters=st.integers(1, 40),
    batch_files=st.integers(1, 7),
)
def test_shards_part_the_batches(count: int, days: int, meters: int, batch_files: int) -> None:
    """None is made twice, none is left out, and the totals add up."""
    spec = Spec(
        start="2024-01-01",
        end=f"2024-01-{days:02d}",
        meters=meters,
        meters_per_file=3,
        batch_files=batch_files,
        extra_tables="air_quality",
    )
    plans = plans_of(spec)
    made = [list(batches_of(plans, Shard(index, count))) for index in range(1, count + 1)]
    assert sorted(map(repr, (batch for part in made for batch in part))) == sorted(map(repr, batches_of(plans)))
    assert max(map(len, made)) - min(map(len, made)) <= 1
    parts = [totals(plans, Shard(index, count)) for index in range(1, count + 1)]
    whole = totals(plans, ALL)
    rows, batches = (sum(getattr(part, name) for part in parts) for name in ("rows", "batches"))
    assert Totals(rows, whole.bytes, batches) == whole
    assert abs(sum(part.bytes for part in parts) - whole.bytes) <= len(list(batches_of(plans)))  # they are rounded


@given(
    count=st.integers(1, 9),
    meters=st.integers(1, 60),
    meters_per_file=st.integers(1, 9),
    batch_files=st.integers(1, 4),
    days=st.integers(1, 3),
    tables=st.sampled_from(["", "air_quality"]),
)
def test_totals_of_shards_are_those_of_their_batches(
    count: int, meters: int, meters_per_file: int, batch_files: int, days: int, tables: str
) -> None:
    """Batch by batch, as the pipeline goes through them; all shards together are the whole."""
    spec = Spec(
        start=date(2024, 1, 1),
        end=date(2024, 1, days),
        meters=meters,
        meters_per_file=meters_per_file,
        batch_files=batch_files,
        interval=900,
        extra_tables=tables,
    )
    plans = plans_of(spec)
    every = list(batches_of(plans))
    for index in range(1, count + 1):
        shard = Shard(index, count)
        own = list(batches_of(plans, shard))
        assert own == [batch for number, batch in enumerate(every) if number % count == index - 1]
        by_table = {plan.table: plan for plan in plans}
        units = [(by_table[batch.table], unit) for batch in own for unit in batch.units]
        assert totals(plans, shard) == Totals(
            sum(plan.rows_of(unit) for plan, unit in units),
            sum(plan.size_of(unit) for plan, unit in units),
            len(own),
        )


@given(st.integers(0, 10_000), st.integers(1, 300))
def test_stretches_follow_each_other_and_are_equal(things: int, count: int) -> None:
    shards = [Shard(index, count) for index in range(1, count + 1)]
    stretches = [shard.stretch(things) for shard in shards]
    assert [number for each in stretches for number in each] == list(range(things))
    assert max(map(len, stretches)) - min(map(len, stretches)) <= 1
    assert sorted(shard.name for shard in shards) == [shard.name for shard in shards]
