"""Names of objects, relative to the dataset's prefix. Paths that begin with ``_`` are skipped by query engines.

dt=2024-01-01/readings-00000000-00000019.json    meters 0-19 of that UTC day
dt=2024-01-01/readings-021A7F003BC9.json         with one meter a file: its MAC
dt=2024-01-01/readings-….late.json               rows of that file that arrived late
dt=2024-01-01/readings-….again.json              that file, delivered a second time (and ….late.again.json)
dt=2024-01-01/_SUCCESS                           empty: all of that day is committed, in every table (--success-files)
outages/dt=2024-01-01/outages-00000000-00000019.json   a unit of another table that is made in units
_wattif/dataset.json                             the dataset's identity
_wattif/meters.parquet                           the fleet
_wattif/transformers.parquet                     the network that feeds it: also feeders, substations, and zones
_wattif/weather/manila-2024-01.parquet           the weather of a city in a month
_wattif/labels/anomalies/anomalies.parquet       what goes wrong at the meters; also as .ndjson
_wattif/labels/anomalies/2024-01-01.parquet      at a rate in calendar time: what begins on that UTC day
_wattif/expected/measured/hourly/2024-01.parquet what the tables downstream must hold, see docs/expected.md
_wattif/manifest/dt=2024-01-01/000000.ndjson     batch 0 of that day is complete
_wattif/manifest/outages/dt=2024-01-01/000000.ndjson   the same of another table
_wattif/labels/faults/late/dt=2024-01-01/000000.ndjson   what went wrong on the way in batch 0 (and ….parquet)
_wattif/tables/6f0c…/dt=2024-01-01/000000      empty: batch 0 of that day is in the table with that id (--table-format)
_wattif/runs/20240101T120000.000000Z-4711.json   the figures of one run
_wattif/arrivals/anchor.json                     the moment from which the landings of --arrive are counted
_wattif/arrivals/dt=2024-01-01/000000.json       when batch 0 of that day was due, and when it landed
_wattif/claims/000001.json                       who claimed the place for the dataset, and when
"""

from __future__ import annotations

import re
from datetime import date

from wattif.tables import fault_labels
from wattif.tables.readings import READINGS
from wattif.tables.table import LakeTable
from wattif.tables.unit import Unit

DATASET = "_wattif/dataset.json"
MANIFESTS = "_wattif/manifest/"
EXPECTED = "_wattif/expected/"
TABLES = "_wattif/tables/"
RUNS = "_wattif/runs/"
CLAIMS = "_wattif/claims/"
ARRIVALS = "_wattif/arrivals/"
ANCHOR = f"{ARRIVALS}anchor.json"
FAULT_LABELS = fault_labels.TABLE.prefix
PARTITIONS = "dt="
SUCCESS = "_SUCCESS"
_DAY = r"dt=\d{4}-\d{2}-\d{2}"
_ENDING = r"(\.late)?(\.again)?\.[a-z0-9.]+"
OWN_OBJECT = re.compile(
    rf"{_DAY}/(readings-[0-9A-F-]+{_ENDING}|{SUCCESS})|(?P<table>[a-z][a-z0-9_]*)/{_DAY}/(?P=table)-[0-9-]+{_ENDING}|_wattif/.*"
)

_MARK_NAME = re.compile(r"dt=(\d{4}-\d{2}-\d{2})/(\d{6,})")
_MANIFEST_NAME = re.compile(r"dt=(\d{4}-\d{2}-\d{2})/(\d{6,})\.ndjson")
_READINGS_NAME = re.compile(
    rf"(?P<day>{_DAY})/readings-(?:(?P<first>\d{{8}})-(?P<last>\d{{8}})|[0-9A-F]{{12}})"
    r"(\.late)?(\.again)?(\.[a-z0-9]+){1,2}"
)
_UNIT_NAME = re.compile(
    rf"(?P<table>[a-z][a-z0-9_]*)/(?P<day>{_DAY})/(?P=table)-(?P<first>\d{{8}})-(?P<last>\d{{8}})"
    r"(\.late)?(\.again)?(\.[a-z0-9]+){1,2}"
)


def partition(day: date) -> str:
    """The folder of a UTC day."""
    return f"{PARTITIONS}{day.isoformat()}"


def meter_readings_name(day: date, mac: int, extension: str) -> str:
    """The file of one meter on *day*, when each file holds one."""
    return f"{partition(day)}/readings-{mac:012X}{extension}"


def unit_name(table: LakeTable, unit: Unit, extension: str) -> str:
    """The object of a unit of *table*; *extension*: its format's."""
    return f"{table.unit_path(unit)}{extension}"


def success_name(day: date) -> str:
    """The empty object that says that all of *day* is committed, in every table."""
    return f"{partition(day)}/{SUCCESS}"


def is_unit_name(name: str, table: str, day: date, first: int, last: int) -> bool:
    """Whether *name* is that of an object which brings the rows *first* to *last* of *table* on *day*."""
    match = (_READINGS_NAME if table == READINGS else _UNIT_NAME).fullmatch(name)
    if match is None or match["day"] != partition(day) or match.groupdict().get("table", table) != table:
        return False
    if match["first"] is None:  # named by the meter's MAC
        return first == last
    return (int(match["first"]), int(match["last"])) == (first, last)


def late_name(name: str, extension: str) -> str:
    """The object that brings the late rows of the file *name*."""
    return f"{name.removesuffix(extension)}.late{extension}"


def again_name(name: str, extension: str) -> str:
    """The object in which *name* is delivered a second time."""
    return f"{name.removesuffix(extension)}.again{extension}"


def manifest_folder(table: str) -> str:
    """Where the manifests of *table* lie: those of the readings in the folder itself, of others below it."""
    return MANIFESTS if table == READINGS else f"{MANIFESTS}{table}/"


def manifest_name(day: date, batch: int, table: str = READINGS) -> str:
    """The manifest of a batch; its existence commits the batch."""
    return f"{manifest_folder(table)}{partition(day)}/{batch:06d}.ndjson"


def landing_name(day: date, batch: int, table: str) -> str:
    """The object that says when a batch was due, and when it landed."""
    return f"{ARRIVALS}{manifest_name(day, batch, table).removeprefix(MANIFESTS).removesuffix('.ndjson')}.json"


def parse_manifest_name(name: str, table: str = READINGS) -> tuple[date, int] | None:
    """Day and batch of a manifest's name; None when *name* is none of *table*."""
    folder = manifest_folder(table)
    return _batch_of(_MANIFEST_NAME.fullmatch(name.removeprefix(folder))) if name.startswith(folder) else None


def table_marks(table_id: str) -> str:
    """Where it is remembered which batches are in the table of a table format that has this id."""
    return f"{TABLES}{table_id}/"


def table_mark_name(table_id: str, day: date, batch: int) -> str:
    """The object that says that a batch is in the table."""
    return f"{table_marks(table_id)}{partition(day)}/{batch:06d}"


def parse_table_mark(name: str, table_id: str) -> tuple[date, int] | None:
    """Day and batch of a mark's name; None when *name* is none of the table's."""
    return _batch_of(_MARK_NAME.fullmatch(name.removeprefix(table_marks(table_id))))


def _batch_of(match: re.Match[str] | None) -> tuple[date, int] | None:
    try:
        return (date.fromisoformat(match[1]), int(match[2])) if match else None
    except ValueError:  # no day of the calendar
        return None
