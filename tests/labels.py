"""Labels of faults as objects."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from wattif.tables.fault_kinds import FaultKind
from wattif.tables.fault_labels import FaultLabel


def labels_of(tables: Iterable[pa.Table]) -> list[FaultLabel]:
    """The rows of *tables*."""
    return [FaultLabel(**{**row, "kind": FaultKind(row["kind"])}) for table in tables for row in table.to_pylist()]
