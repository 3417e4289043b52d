"""The warehouse's tables: names, columns and their types in both warehouses, out of the declaration of the fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from wattif.tables.readings import Field

Kind = Literal["string", "timestamp", "date", "integer", "decimal", "float", "boolean"]
_BIGQUERY: dict[Kind, str] = {
    "string": "STRING", "timestamp": "TIMESTAMP", "date": "DATE", "integer": "INT64", "decimal": "NUMERIC",
    "float": "FLOAT64", "boolean": "BOOL",
}  # fmt: skip
_DUCKDB: dict[Kind, str] = {
    "string": "VARCHAR", "timestamp": "TIMESTAMP WITH TIME ZONE", "date": "DATE", "integer": "BIGINT",
    "decimal": "DECIMAL", "float": "DOUBLE", "boolean": "BOOLEAN",
}  # fmt: skip
DIGITS = 18  # of every decimal number: the widest that DuckDB keeps in eight bytes


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    name: str
    kind: Kind
    description: str
    decimals: int = 0  # of a decimal number

    @property
    def bigquery_type(self) -> str:
        """Its type in BigQuery, without digits."""
        return _BIGQUERY[self.kind]

    @property
    def duckdb_type(self) -> str:
        """Its type in DuckDB."""
        return f"DECIMAL({DIGITS},{self.decimals})" if self.kind == "decimal" else _DUCKDB[self.kind]


@dataclass(frozen=True)
class Table:
    """A table, and how BigQuery lays it out."""

    name: str
    description: str
    columns: tuple[Column, ...]
    partition: str | None = None  # column by whose day it is partitioned
    cluster: str | None = None  # column by which it is clustered

    @property
    def column_names(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(column.name for column in self.columns)


READINGS = "smart_meter_readings"
_MAC = Column("mac", "string", "the meter")
_DAY = Column("dt", "date", "the partition (UTC day) of the lake that it came from")


def reading_column(field: Field) -> Column:
    """A field of a reading as a column: exact decimals, whole numbers, times in UTC."""
    description = f"{field.description}, {field.unit}" if field.unit else field.description
    if field.kind == "timestamp":
        return Column(field.name, "timestamp", description)
    if field.kind == "number":
        return Column(field.name, "decimal" if field.decimals else "integer", description, field.decimals)
    return Column(field.name, "string", description)


def readings_table(fields: Sequence[Field]) -> Table:
    """The readings as they were delivered: duplicates and all."""
    return Table(READINGS, "readings as delivered", (*map(reading_column, fields), _DAY), "dt", "mac")


BAD_RECORDS = Table(
    "smart_meter_bad_records",
    "lines of the lake that are no readings",
    (
        _DAY,
        Column("file", "string", "object, relative to the lake's prefix"),
        Column("line", "integer", "its line in the file, from 1"),
        Column("error", "string", "what is wrong with it"),
        Column("content", "string", "its first 200 characters"),
    ),
)
LOADS = Table(
    "wattif_loads",
    "the days that are loaded, one row each",
    (
        _DAY,
        Column("load_id", "string", "of the load that brought it"),
        Column("dataset", "string", "fingerprint of the lake's dataset"),
        Column("fingerprint", "string", "SHA-256 of the day's manifests"),
        Column("files", "integer", "files that were read"),
        Column("rows", "integer", "readings that were loaded"),
        Column("bad_records", "integer", "lines that were no readings"),
        Column("first_time", "timestamp", "earliest timestamp that the day has ever held"),
        Column("last_time", "timestamp", "latest timestamp that the day has ever held"),
        Column("loaded_at", "timestamp", "when"),
        Column("rolled_up", "boolean", "whether the hours and months hold it"),
    ),
)
HOURLY = Table(
    "smart_meter_readings_hour_rolled",
    "readings by meter and hour, each timestamp of a meter counted once",
    (
        _MAC,
        Column("time_hour_rolled", "timestamp", "the hour (UTC) of the readings' own timestamps"),
        Column("consumption_hour_rolled", "decimal", "sum of consumption_wh, Wh", 3),
        Column("consumption_avg", "float", "mean of consumption_wh, Wh"),
        Column("consumption_max", "decimal", "largest consumption_wh, Wh", 3),
        Column("readings", "integer", "number of readings"),
    ),
    "time_hour_rolled",
    "mac",
)
MONTHLY = Table(
    "smart_meter_consumption_monthly",
    "consumption by meter and month",
    (
        _MAC,
        Column("month", "date", "its first day (UTC)"),
        Column("consumption_wh", "decimal", "sum, Wh", 3),
        Column("readings", "integer", "number of readings"),
    ),
)
METRIC_COLUMNS = {"AVG": "consumption_avg", "MAX": "consumption_max"}
METRICS = tuple(METRIC_COLUMNS)
MODEL_NAME = "smart_meter_arima"  # of a metric's ARIMA_PLUS model, before _avg or _max
VERDICT_COLUMNS = (
    _MAC,
    Column("time_hour_rolled", "timestamp", "the hour (UTC)"),
    Column("metric", "string", "AVG: consumption_avg, MAX: consumption_max"),
    Column("value", "float", "of the metric, Wh; NULL for an hour without readings, or without values in them"),
    Column("is_anomaly", "boolean", "NULL: no verdict"),
    Column("anomaly_probability", "float", "an hour is an anomaly above the threshold"),
    Column("lower_bound", "float", "an hour below it is an anomaly, Wh"),
    Column("upper_bound", "float", "an hour above it is an anomaly, Wh"),
)
ANOMALIES = Table(
    "smart_meter_anomalies", "hours that the scan flagged, and hours that it could not judge", VERDICT_COLUMNS,
    "time_hour_rolled", "mac",
)  # fmt: skip
SCANS = Table(
    "smart_meter_scans",
    "what the last scan of each metric judged",
    (
        Column("metric", "string", "AVG or MAX"),
        Column("threshold", "float", "probability above which an hour is an anomaly"),
        Column("train_from", "date", "first day (UTC) of the training"),
        Column("train_until", "date", "last day (UTC) of the training"),
        Column("scan_from", "date", "first day (UTC) that was judged"),
        Column("scan_until", "date", "last day (UTC) that was judged"),
        Column("hours", "integer", "hours of meters that were to be judged"),
        Column("anomalies", "integer", "of them anomalies"),
        Column("no_verdict", "integer", "of them without a verdict"),
        Column("without_value", "integer", "of those without a verdict: no reading came, or none had a value"),
        Column("scanned_at", "timestamp", "when"),
    ),
)
