"""One Dataplex scan of one BigQuery table, each field declared once."""

from __future__ import annotations

import re
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from wattif.spec.values import Names, split_names
from wattif.tables.hours import HOUR
from wattif.warehouse.tables import HOURLY, METRICS, MODEL_NAME

Action = Literal["create", "run", "results", "delete"]
MOST_RECIPIENTS = 5  # of a notification report, says the service's documentation
_SCAN_ID = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PROJECT = re.compile(r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_DATASET = re.compile(r"[A-Za-z0-9_]{1,1024}")
_TABLE = re.compile(r"[A-Za-z0-9_-]{1,1024}")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,.]+(?:\.[^@\s,.]+)+")
_CRON_FIELD = re.compile(r"[0-9A-Za-z*/,?#-]+")
_CRON_FIELDS = 5


class DataplexOptions(BaseModel):
    """A data-quality scan of the hourly readings in BigQuery: anomalies, gaps, duplicates, ranges."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: str = Field(description="Google Cloud project of the scan and of the dataset")
    location: str = Field(description="region of the scan and of the dataset, for example europe-west3")
    dataset: str | None = Field(None, description="BigQuery dataset of the table and of the models")
    table: str = Field(HOURLY.name, description="table of the hourly readings")
    scan: str = Field("smart-meter-anomalies", description="id of the scan")
    threshold: float = Field(0.99, ge=0, lt=1, description="probability above which an hour is an anomaly")
    metrics: Names = Field(",".join(METRICS), description="figures of an hour to check: AVG, MAX, or AVG,MAX")
    model: str = Field(MODEL_NAME, description="name of the models, without _avg and _max; in the same dataset")
    interval: int = Field(10, ge=1, le=3600, description="seconds between readings; an hour has 3600/interval readings")
    max_age_hours: int = Field(
        48,
        ge=0,
        le=87_600,
        description="maximum age of the newest row, in hours; 0, for data of the past, turns it off",
    )
    schedule: str | None = Field(
        None, description="cron, for example '15 * * * *' or 'TZ=Asia/Manila 0 6 * * *' (default: on demand)"
    )
    incremental_field: str = Field(
        HOUR.name,
        description="column by which a job scans only new rows; empty: always the whole table",
    )
    results_table: str | None = Field(
        None, description="table for all results, PROJECT.DATASET.TABLE (default: dataplex_results in the dataset)"
    )
    notify: Names | None = Field(None, description="e-mail addresses to notify of failures, separated by commas")
    preview_anomaly_rules: bool = Field(
        False,
        description="use Dataplex's own anomaly rule instead of the models (private preview)",
    )

    @field_validator("project")
    @classmethod
    def _is_project(cls, value: str) -> str:
        return _matching(_PROJECT, value, "is not a project ID such as my-project (neither its name nor its number)")

    @field_validator("location")
    @classmethod
    def _is_region(cls, value: str) -> str:
        return _matching(
            _REGION,
            value,
            "is not a region such as europe-west3; for a dataset in EU or US name a region inside it",
        )

    @field_validator("dataset")
    @classmethod
    def _is_dataset(cls, value: str | None) -> str | None:
        return value and _matching(
            _DATASET, value, "is not a dataset name: letters, digits, and _, without the project"
        )

    @field_validator("table", "model")
    @classmethod
    def _is_table(cls, value: str) -> str:
        return _matching(_TABLE, value, "is not a table or model name: letters, digits, _, and -, without the dataset")

    @field_validator("scan")
    @classmethod
    def _is_scan_id(cls, value: str) -> str:
        return _matching(
            _SCAN_ID,
            value,
            "is not a scan ID: at most 63 of a-z, 0-9, and -, beginning with a letter, not ending with -",
        )

    @field_validator("incremental_field")
    @classmethod
    def _is_column(cls, value: str) -> str:
        return value and _matching(_COLUMN, value, "is not a column name; leave it empty for the whole table")

    @field_validator("results_table")
    @classmethod
    def _is_full_name(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = value.split(".")
        if len(parts) != 3 or not (
            _PROJECT.fullmatch(parts[0]) and _DATASET.fullmatch(parts[1]) and _TABLE.fullmatch(parts[2])
        ):
            raise ValueError("is not a full table name; write it as PROJECT.DATASET.TABLE")
        return value

    @field_validator("interval")
    @classmethod
    def _divides_an_hour(cls, value: int) -> int:
        if 3600 % value:
            raise ValueError("does not divide an hour; give the `interval` of the readings")
        return value

    @field_validator("metrics")
    @classmethod
    def _are_metrics(cls, value: str) -> str:
        names = [name.upper() for name in split_names(value)]
        if not names or len(set(names)) < len(names) or not set(names) <= set(METRICS):
            raise ValueError("must be AVG, MAX, or AVG,MAX")
        return ",".join(names)

    @field_validator("notify")
    @classmethod
    def _are_addresses(cls, value: str | None) -> str | None:
        if value is None:
            return None
        for address in split_names(value):
            if not _EMAIL.fullmatch(address):
                raise ValueError(f"{address!r} is not an e-mail address; separate several with commas")
        if not 1 <= len(split_names(value)) <= MOST_RECIPIENTS:
            raise ValueError(f"must be one to {MOST_RECIPIENTS} e-mail addresses, separated by commas")
        return value

    @field_validator("schedule")
    @classmethod
    def _is_cron(cls, value: str | None) -> str | None:
        if value is None:
            return None
        fields = value.split()
        if fields and (zone := re.fullmatch(r"(?:CRON_)?TZ=(.+)", fields[0])):
            try:
                ZoneInfo(zone[1])
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError(f"unknown time zone {zone[1]!r}; name one such as Asia/Manila") from None
            fields = fields[1:]
        if len(fields) != _CRON_FIELDS or not all(map(_CRON_FIELD.fullmatch, fields)):
            raise ValueError("is not a cron schedule: minute, hour, day, month, and weekday, for example '15 * * * *'")
        return value

    @property
    def parent(self) -> str:
        """The place of the scan, as a resource name."""
        return f"projects/{self.project}/locations/{self.location}"

    @property
    def scan_name(self) -> str:
        """The scan, as a resource name."""
        return f"{self.parent}/dataScans/{self.scan}"

    @property
    def full_table(self) -> str:
        """The scanned table: PROJECT.DATASET.TABLE."""
        return f"{self.project}.{self.dataset}.{self.table}"

    @property
    def full_results_table(self) -> str:
        """The table that gets the results: PROJECT.DATASET.TABLE."""
        return self.results_table or f"{self.project}.{self.dataset}.dataplex_results"

    @property
    def metric_names(self) -> list[str]:
        """The names in `metrics`: AVG, MAX."""
        return split_names(self.metrics)

    @property
    def recipients(self) -> list[str]:
        """The addresses in `notify`."""
        return split_names(self.notify or "")


def _matching(pattern: re.Pattern[str], value: str, complaint: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(complaint)
    return value
