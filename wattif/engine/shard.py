"""A share of a dataset that a run makes: of *count* runs, each makes every batch whose number falls to it.

Shards never talk to each other. Their batches are disjoint, so they may run at once, be killed, and run again; how many
there are belongs to the run: what 64 began, 10 can finish.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from wattif.errors import InvalidValue


@dataclass(frozen=True)
class _Array:
    """How a batch service tells a task which one of how many it is."""

    name: str
    index: str  # environment variable
    count: str | None  # environment variable; None: the service does not say
    first: str | int = 0  # the index of the first task, or the variable that holds it
    step: str | int = 1  # between two indices


# As each service documents the environment of its tasks.
ARRAYS = (
    _Array("Cloud Run job", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT"),
    _Array("Google Batch", "BATCH_TASK_INDEX", "BATCH_TASK_COUNT"),
    _Array("AWS Batch array", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"),
    _Array(
        "Slurm array", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP"
    ),
    _Array("Kubernetes indexed job", "JOB_COMPLETION_INDEX", None),
)
_ASKED = re.compile(r"(?:(?P<index>\d{1,9})/(?P<count>\d{1,9})|auto(?:/(?P<tasks>\d{1,9}))?)")


@dataclass(frozen=True)
class Shard:
    """One of *count* shares, counted from 1."""

    index: int = 1
    count: int = 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def name(self) -> str:
        """For files and folders, whose names are in the order of the shards: ``shard-03-of-64``."""
        return f"shard-{self.index:0{len(str(self.count))}}-of-{self.count}"

    def of(self, numbers: range) -> range:
        """Those of the batches *numbers*, counted from 0 through the whole dataset, that fall to it."""
        return range(numbers.start + (self.index - 1 - numbers.start) % self.count, numbers.stop, self.count)

    def stretch(self, count: int) -> range:
        """Those of *count* things in a row that fall to it where shards follow each other: equal shares, in order."""
        return range(count * (self.index - 1) // self.count, count * self.index // self.count)


ALL = Shard()


def shard_of(asked: str, environment: Mapping[str, str]) -> Shard:
    """The shard that *asked* names: ``3/64``, ``auto``, or ``auto/64`` where a service does not say of how many.

    `InvalidValue` names `shard` where it is none, or *environment* does not say.
    """
    match = _ASKED.fullmatch(asked.strip())
    if match is None:
        raise InvalidValue("shard", asked, "not a shard; write which one of how many as 3/64, or auto")
    if match["index"] is not None:
        return _checked(asked, int(match["index"]), int(match["count"]))
    return _of_task(asked, match["tasks"], environment)


def share_of(asked: str | None) -> Shard:
    """The shard that an option of `AskedShard` names: all, where there is none."""
    return ALL if asked is None else shard_of(asked, {})


def _read(asked: str | None) -> str | None:
    return None if asked is None else str(shard_of(asked, os.environ))


AskedShard = Annotated[
    str | None,
    AfterValidator(_read),
    Field(
        description="make only a share, for example 3/64 for the third of 64 runs; auto: as Cloud Run,"
        " Google Batch, AWS Batch, or Slurm says; auto/64: as Kubernetes says, of 64"
    ),
]


def _of_task(asked: str, tasks: str | None, environment: Mapping[str, str]) -> Shard:
    array = next((array for array in ARRAYS if array.index in environment), None)
    if array is None:
        known = "; ".join(f"{array.name}: {array.index}" for array in ARRAYS)
        raise InvalidValue(
            "shard", asked, f"no service says which task this is ({known}); write which one of how many as 3/64"
        )
    if tasks is None and array.count is None:
        raise InvalidValue("shard", asked, f"a {array.name} does not say how many tasks it has; write auto/64 for 64")

    def number(source: str | int) -> int:
        text = str(environment.get(source, "")) if isinstance(source, str) else str(source)
        if not re.fullmatch(r"\d{1,9}", text):
            raise InvalidValue("shard", asked, f"{source} is {text!r}, no number; write which one of how many as 3/64")
        return int(text)

    count = int(tasks) if tasks is not None else number(array.count or "")
    place, rest = divmod(number(array.index) - number(array.first), max(number(array.step), 1))
    if rest or not 0 <= place < count:
        raise InvalidValue(
            "shard", asked, f"{array.index} is {environment[array.index]}, which is none of {count} tasks in a row"
        )
    return _checked(asked, place + 1, count)


def _checked(asked: str, index: int, count: int) -> Shard:
    if not 1 <= index <= count:
        raise InvalidValue("shard", asked, f"of {count} shards, there is no shard {index}; they are numbered from 1")
    return Shard(index, count)
