"""What tests ask a lake: its objects, and how they are made without any of the engine's threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import orjson

from tests.asking import Asked
from wattif.engine.content import clean_content
from wattif.engine.plan import Plan
from wattif.lake import layout
from wattif.model.scenario import scenario_of
from wattif.tables.unit import Unit


def tells_of_a_run(name: str) -> bool:
    """Whether an object tells of a single run or claim: when and where it was."""
    return any(folder in name for folder in (layout.RUNS, layout.CLAIMS, layout.ARRIVALS))


def unclaimed(name: str, content: bytes) -> bytes:
    """The *content* of an object but the number of the claim: one more where a run was killed while it claimed."""
    if name != layout.DATASET or b'"claim_epoch"' not in content:  # a test may have put anything there
        return content
    return orjson.dumps({key: value for key, value in orjson.loads(content).items() if key != "claim_epoch"})


def objects(lake: Path) -> dict[str, str]:
    """SHA-256 of every object by name; but what tells of single runs and claims."""
    return {
        path.relative_to(lake).as_posix(): hashlib.sha256(
            unclaimed(path.relative_to(lake).as_posix(), path.read_bytes())
        ).hexdigest()
        for path in sorted(lake.rglob("*"))
        if path.is_file() and not tells_of_a_run(path.relative_to(lake).as_posix())
    }


def file_bytes(settings: Asked, units: Iterable[Unit] | None = None) -> dict[str, bytes]:
    """The content of files by name, made one after the other in this thread."""
    plan = Plan.of(settings)
    content = clean_content(plan, scenario_of(settings))
    if units is None:
        units = (unit for batch in plan.batches() for unit in batch.units)
    return {content.name(unit): b"".join(bytes(block) for block in content.blocks(unit)) for unit in units}
