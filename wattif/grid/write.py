"""A grid data set as a folder: its tables, a map layer, a report and a log; all of it, or nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from wattif.data_set.files import FORMATS, open_table
from wattif.data_set.folder import whole_folder
from wattif.data_set.report import NAME as REPORT
from wattif.data_set.report import has_settings
from wattif.grid.checks import Check, PartChecks, check_geojson, checks_of, require
from wattif.grid.data import GridData, Loads
from wattif.grid.report import report_of
from wattif.grid.sample import check_readings
from wattif.model.network import LEAST_METERS
from wattif.tables import network_ids
from wattif.tables.arrow import arrow_schema
from wattif.tables.grid import LABELS, METERS, TABLES, TRANSFORMERS

GEOJSON, LOG = "transformers.geojson", "synthetic_data_generation.log"
_OWN = frozenset({GEOJSON, LOG, REPORT, *(f"{table.file}.{ending}" for table in TABLES for ending in FORMATS)})
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written.

    Attributes
    ----------
    folder
        Where it lies.
    transformers
        How many there are.
    meters
        How many there are.
    months
        How many each meter has.
    labels
        Rows of labels: one per meter and event.
    energy_kwh
        What all meters used in all months.
    checks
        How many checks the data set passed.
    warnings
        What the report warns of.
    """

    folder: Path
    transformers: int
    meters: int
    months: int
    labels: int
    energy_kwh: float
    checks: int
    warnings: Sequence[str]


def write_data(
    data: GridData, settings: Mapping[str, object], folder: Path, *, output_format: str = "csv", overwrite: bool = False
) -> Written:
    """Write *data*, which *settings* describe, into *folder*.

    `InvalidValue` names the folder when it cannot be written; `CheckFailed` what is wrong with the data set.
    """
    settings = {**settings, "output_format": output_format}
    with (
        whole_folder(folder, _OWN, lambda there: has_settings(there, settings), overwrite=overwrite) as new,
        _logged(new / LOG),
    ):
        _LOG.info("writing %s", folder)
        warnings = _warnings(data)
        for each in warnings:
            _LOG.warning(each)
        loads, parts = _write_meters(data, new, output_format)
        transformers = data.transformers(loads)
        for table, rows in ((TRANSFORMERS, transformers), (LABELS, data.labels)):
            _write(rows, new / f"{table.file}.{output_format}")
        _write_geojson(transformers, new / GEOJSON)
        checks = [*checks_of(parts, transformers, loads), check_geojson(new / GEOJSON, transformers)]
        if data.is_summed:
            checks.append(check_readings(data))
        _log_checks(checks)
        require(checks)
        text = report_of(settings, data, loads, transformers, checks=checks, warnings=warnings)
        (new / REPORT).write_text(text, encoding="utf-8")
        _LOG.info("complete")
    return Written(
        folder=folder,
        transformers=len(transformers),
        meters=data.scenario.meters,
        months=len(data.months),
        labels=len(data.labels),
        energy_kwh=float(loads.kwh.sum()),
        checks=len(checks),
        warnings=warnings,
    )


def _warnings(data: GridData) -> list[str]:
    meters, layout = data.scenario.meters, data.scenario.world.network.layout
    if layout.meters >= LEAST_METERS * layout.transformers:
        return []
    return [
        f"{meters:,} meters are fewer than {LEAST_METERS} for each of {layout.transformers:,} transformers: some feed"
        " only one"
    ]


def _write_meters(data: GridData, folder: Path, output_format: str) -> tuple[Loads, PartChecks]:
    """Part by part; what the transformers carry, and what is wrong."""
    loads, checks = Loads.none(data), PartChecks(data=data)
    file = open_table(folder / f"{METERS.file}.{output_format}", arrow_schema(METERS.columns_in_months(data.months)))
    for part in data.parts():
        loads.add(part)
        checks.add(part)
        file.write(part.table)
        _LOG.info(
            "meters %s to %s of %s", f"{part.meters.start:,}", f"{part.meters.stop - 1:,}", f"{data.scenario.meters:,}"
        )
    file.close()
    return loads, checks


def _write(rows: pa.Table, path: Path) -> None:
    file = open_table(path, rows.schema)
    file.write(rows)
    file.close()
    _LOG.info("%s: %s rows", path.name, f"{len(rows):,}")


def _write_geojson(transformers: pa.Table, path: Path) -> None:
    """RFC 7946: a point for each transformer."""
    columns = TRANSFORMERS.column_names
    with path.open("wb") as file:
        file.write(b'{"type":"FeatureCollection","features":[')
        for number, row in enumerate(transformers.select(columns).to_pylist()):
            place = [row.pop("longitude"), row.pop("latitude")]
            of_transformer = np.full(row["num_meters"], row["transformer_id"], object)
            meter_ids = network_ids.meter_ids(of_transformer, np.arange(len(of_transformer))).tolist()
            feature = {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": place},
                "properties": {**row, "meter_ids": meter_ids},
            }
            file.write((b",\n" if number else b"\n") + orjson.dumps(feature))
        file.write(b"\n]}\n")


def _log_checks(checks: Sequence[Check]) -> None:
    for each in checks:
        if each.fault:
            _LOG.error("check failed: %s: %s", each.name, each.fault)
        else:
            _LOG.info("check: %s", each.name)


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """What is logged within goes to a file, too."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _LOG.addHandler(handler)
    before = _LOG.level
    _LOG.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        _LOG.removeHandler(handler)
        _LOG.setLevel(before)
        handler.close()
