"""Labelled: what arrives and the clean files differ by exactly the labelled rows, whatever goes wrong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.asking import Asked
from tests.labels import labels_of
from tests.undo_faults import undo
from wattif.engine.content import CleanContent, clean_content
from wattif.engine.faulty_content import faulty_content
from wattif.engine.plan import Plan
from wattif.model.reported import Mark
from wattif.model.scenario import scenario_of
from wattif.tables.block import Block
from wattif.tables.fault_labels import label_table
from wattif.tables.label_objects import labels_ndjson
from wattif.tables.reading_blocks import ReadingsBlock
from wattif.tables.unit import Unit


class Gaps:
    """Blocks in which some meters sent nothing for hours, and some nothing at all."""

    def __init__(self, clean: CleanContent, missing: float) -> None:
        self._clean = clean
        self._missing = missing

    def __call__(self, unit: Unit) -> Iterator[Block]:
        """A block a meter, each valid only until the next one."""
        for block in self._clean.blocks_of(unit):
            assert isinstance(block, ReadingsBlock)
            if not self._missing:
                yield block
                continue
            chance = np.random.default_rng([unit.day.day, block.first])
            for n in range(block.count):
                sent = chance.uniform(size=block.slots) >= self._missing
                sent &= chance.uniform() >= self._missing
                columns = block.quantities[n : n + 1].copy()
                mark = Mark(place=0, sent=sent, clock_s=None, negative=None)
                macs = block.macs[n : n + 1]
                yield replace(block, first=block.first + n, macs=macs, quantities=columns, marks=(mark,))
                columns[:] = 0


COLUMNS = ("mac,timestamp,power_w", "timestamp,consumption_wh,mac,register_kwh,city_id", "mac,timestamp")
SHARES = st.sampled_from([0.0, 0.01, 0.2])
FILES = st.sampled_from([0.0, 0.5, 1.0])


@pytest.mark.parametrize("drift", ["", "schema_drift=2024-01-02", "schema_drift=2024-01-02:renamed"])
@settings(max_examples=60)
@given(
    *[SHARES] * 4,
    st.sampled_from([0.0, 0.01, 0.2, 1.0]),
    *[FILES] * 2,
    st.sampled_from([0.0, 0.3]),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.booleans(),
    st.sampled_from(COLUMNS),
    st.integers(0, 2**31),
)
def test_undoing_the_labels_gives_the_clean_files(
    drift: str,
    drop: float,
    duplicate: float,
    late: float,
    out_of_order: float,
    corrupt: float,
    partial: float,
    twice: float,
    withheld: float,
    missing: float,
    anomalies: bool,
    columns: str,
    seed: int,
) -> None:
    if corrupt == 1.0:
        drop = duplicate = late = out_of_order = 0.0
    faults = (
        f"drop={drop},duplicate={duplicate},late={late}:2h,out_of_order={out_of_order},corrupt={corrupt},"
        f"partial_line={partial},batch_twice={twice},file_missing={withheld},{drift}"
    )
    asked = Asked(
        start="2024-01-01",
        end="2024-01-02",
        meters=9,
        meters_per_file=3,
        batch_files=2,
        interval=1800,
        seed=seed,
        columns=columns,
        faults=faults,
        anomaly_rate=float(anomalies and not missing),
        # a wrong clock would hide the order of arrival
        anomalies="missing,missing_at_random,outage,reversed_ct,dead" if anomalies and not missing else "none",
    )
    plan, scenario = Plan.of(asked), scenario_of(asked)
    without_gaps = clean_content(plan, scenario)
    files = CleanContent(Gaps(without_gaps, missing), plan.compressor, without_gaps.name)
    content = faulty_content(plan, seed, files)
    objects: dict[str, bytes] = {}
    tables: list[pa.Table] = []
    expected: dict[str, bytes] = {}
    for unit in (unit for batch in plan.batches() for unit in batch.units):
        own: dict[str, bytes] = {}
        lines: dict[str, int] = {}
        own_tables: list[pa.Table] = []
        for piece in content.pieces(unit, own_tables):
            own[piece.name] = own.get(piece.name, b"") + bytes(piece.data)
            lines[piece.name] = lines.get(piece.name, 0) + piece.rows
        assert lines == {name: len(data.splitlines()) for name, data in own.items()}
        assert own.keys() <= set(content.names(unit))
        assert len(own) <= plan.faults.objects_per_file
        assert sum(map(len, own.values())) <= plan.room_of(unit)
        clean = b"".join(bytes(block) for block in files.blocks(unit))
        if not any(label.kind == "file_missing" for label in labels_of(own_tables)):
            expected[files.name(unit)] = clean
        if not own_tables:
            assert own == {files.name(unit): clean}
        objects |= own
        tables += own_tables
    all_tables = pa.concat_tables([label_table([]), *tables])
    assert undo(objects, [orjson.loads(line) for line in labels_ndjson(all_tables).splitlines()]) == expected
    labels = labels_of(tables)
    kinds = {str(label.kind) for label in labels}
    assert all(
        rate > 0 or kind not in kinds
        for kind, rate in {
            "drop": drop,
            "duplicate": duplicate,
            "late": late,
            "out_of_order": out_of_order,
            "corrupt": corrupt,
            "partial_line": partial,
            "batch_twice": twice,
            "file_missing": withheld,
            "schema_drift": len(drift),
        }.items()
    )
    assert all(label.delay_s is None or 0 < label.delay_s <= 7200 for label in labels)
