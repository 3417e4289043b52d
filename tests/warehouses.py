"""Lakes that tests write line by line, and warehouses that they look into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import orjson

from wattif.cli.load import LoadOptions
from wattif.cli.place import WarehouseOptions
from wattif.cli.scan import ScanOptions
from wattif.lake import layout
from wattif.lake.manifest import ManifestEntry, write_manifest
from wattif.uploader.local import LocalStore
from wattif.verdict import scan as scans
from wattif.verdict import score as scores
from wattif.verdict.scan import ScanReport
from wattif.verdict.scan_options import ScanOptions as WhatIsScanned
from wattif.verdict.scorecard import Scorecard
from wattif.warehouse import load as loads
from wattif.warehouse import rollup as rollups
from wattif.warehouse.load import LoadReport
from wattif.warehouse.rollup import RollupReport

COLUMNS = "mac,timestamp,consumption_wh,status"


def reading(mac: str, timestamp: str, consumption_wh: str, status: int = 0) -> bytes:
    """A line of the lake."""
    text = f'{{"mac":"{mac}","timestamp":"{timestamp}","consumption_wh":{consumption_wh},"status":{status}}}\n'
    return text.encode()


def load(**options: Any) -> LoadReport:
    """`wattif load` with its options by name, as a library."""
    asked = LoadOptions(**options)
    return loads.load(asked.url, asked.warehouse_place, start=asked.start, end=asked.end, external=asked.external)


def rollup(**options: Any) -> RollupReport:
    """`wattif rollup`, as a library."""
    return rollups.rollup(WarehouseOptions(**options).warehouse_place)


def scan(**options: Any) -> ScanReport:
    """`wattif scan`, as a library."""
    asked = ScanOptions(**options)
    return scans.scan(asked.warehouse_place, asked.part(WhatIsScanned))


def score(out: Path | None = None, **options: Any) -> Scorecard:
    """`wattif score`, as a library."""
    asked = WarehouseOptions(**options)
    return scores.score(asked.url, asked.warehouse_place, out)


FILE_A, FILE_B = "readings-00000000000A.json", "readings-00000000000B.json"  # of one meter each


@dataclass
class HandLake:
    """A lake of four columns, whose lines a test chooses."""

    folder: Path
    fingerprint: str = "0123abcd"
    days: dict[date, dict[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        document = {"generator": "WattIf", "fingerprint": self.fingerprint, "columns": COLUMNS, "interval": 600}
        self.store.put_bytes(layout.DATASET, orjson.dumps(document))

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.folder)

    def write(self, day: date, files: Mapping[str, Sequence[bytes] | bytes]) -> None:
        """Lay the *files* of a day, in place of what it held, and commit them as one batch."""
        entries = []
        for name, lines in files.items():
            content = lines if isinstance(lines, bytes) else b"".join(lines)
            full_name = f"{layout.partition(day)}/{name}"
            self.store.put_bytes(full_name, content)
            entries.append(ManifestEntry(full_name, len(content), content.count(b"\n"), "00000000", 0, 0))
        self.store.put_bytes(layout.manifest_name(day, 0), write_manifest(entries))

    def load(self, **options: Any) -> LoadReport:
        return load(lake=self.folder, **options)

    def rollup(self) -> RollupReport:
        return rollup(lake=self.folder)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What DuckDB itself reads from the file that was written."""
        return rows(self.folder / "wattif.duckdb", sql)


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """What DuckDB itself reads from *database*."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(sql).fetchall()


def parsed(files: Iterable[Path]) -> list[dict[str, Any]]:
    """All rows of files, as orjson reads them."""
    return [orjson.loads(line) for path in files for line in path.read_bytes().splitlines()]
