"""What the user asked the warehouse for: where it is, and the options of load, rollup and scan."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import CliToggleFlag, SettingsConfigDict

from wattif.errors import UsageError
from wattif.settings import Day, LakePlace
from wattif.warehouse.tables import METRICS

LEAST_TRAINING_DAYS = 7  # below it, no weekend is among them
MOST_DEFAULT_TRAINING_DAYS = 28


class WarehouseSettings(LakePlace):
    """Where the lake is, and the warehouse that its readings go to."""

    model_config = SettingsConfigDict(env_prefix_target="all")  # WATTIF_JSON, though the field has another name

    warehouse: Literal["duckdb", "bigquery"] = Field(
        "duckdb", description="duckdb, a file on this machine, or bigquery"
    )
    database: Path | None = Field(
        None, description="file of DuckDB; wattif.duckdb in the local lake, or in this folder for a bucket"
    )
    project: str | None = Field(
        None, description="Google Cloud project that holds the dataset and pays for the queries"
    )
    dataset: str | None = Field(None, description="BigQuery dataset that holds the tables; it must exist")
    location: str | None = Field(None, description="location of the dataset, for example EU; asked for without it")
    as_json: CliToggleFlag[bool] = Field(False, alias="json", description="print what was done as one JSON object")

    @field_validator("dataset")
    @classmethod
    def _is_dataset_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"\w{1,1024}", value, re.ASCII):
            raise ValueError("not a dataset's name: letters, digits and _; the project goes to --project")
        return value

    @field_validator("project")
    @classmethod
    def _is_project_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]*", value):
            raise ValueError("not the id of a project, such as my-project-123")
        return value

    @model_validator(mode="after")
    def _name_the_warehouse(self) -> Self:
        if self.warehouse == "bigquery":
            for name in ("project", "dataset"):
                if getattr(self, name) is None:
                    raise UsageError(
                        f"--warehouse bigquery needs --{name}; give it, or leave out --warehouse for DuckDB"
                    )
            if self.database is not None:
                raise UsageError(f"--database {self.database} is a file of DuckDB; leave it out with BigQuery")
        elif self.project is not None or self.dataset is not None:
            raise UsageError("--project and --dataset belong to BigQuery; add --warehouse bigquery, or leave them out")
        return self

    @property
    def database_file(self) -> Path:
        """The file of DuckDB."""
        if self.database is not None:
            return self.database
        return Path("wattif.duckdb") if self.bucket else self.lake / self.prefix / "wattif.duckdb"


class LoadSettings(WarehouseSettings):
    """Load the committed days of the lake into the warehouse; days that are loaded already are left alone."""

    start: Day | None = Field(None, description="first day (UTC) to load, YYYY-MM-DD; the lake's first one without it")
    end: Day | None = Field(None, description="last day (UTC) to load, included; the lake's last one without it")
    external: CliToggleFlag[bool] = Field(
        False, description="BigQuery: an external table over the bucket instead of a copy of the readings"
    )

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise UsageError(f"--end {self.end} lies before --start {self.start}; swap them")
        if self.external and (self.warehouse != "bigquery" or self.bucket is None):
            raise UsageError(
                "--external is for BigQuery over a bucket; add --warehouse bigquery and --bucket, or drop it"
            )
        if self.external and (self.start is not None or self.end is not None):
            raise UsageError("--external covers all days of the lake; leave out --start and --end")
        return self


class RollupSettings(WarehouseSettings):
    """Roll the loaded days up, by hour and by month; days that are rolled up already are left alone."""


class ScanSettings(WarehouseSettings):
    """Scan the hours for anomalies: learn from a first period, judge the hours after it."""

    threshold: float = Field(0.99, ge=0, lt=1, description="probability above which an hour is an anomaly")
    metrics: str = Field(",".join(METRICS), description="figures of an hour that are judged: AVG, MAX")
    train_until: Day | None = Field(
        None,
        description="last day (UTC) to learn from; without it half of the days, but from"
        f" {LEAST_TRAINING_DAYS} to {MOST_DEFAULT_TRAINING_DAYS}",
    )
    scan_from: Day | None = Field(None, description="first day (UTC) to judge; the one after --train-until without it")

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        names = self.metric_names
        if not names or set(names) - set(METRICS) or len(set(names)) < len(names):
            raise UsageError(f"--metrics {self.metrics}: name each of {', '.join(METRICS)} at most once, at least one")
        if self.train_until and self.scan_from and self.scan_from <= self.train_until:
            raise UsageError(
                f"--scan-from {self.scan_from} does not lie after --train-until {self.train_until};"
                " what is judged must not be learnt from: choose a later day"
            )
        return self

    @property
    def metric_names(self) -> list[str]:
        """The names in `metrics`."""
        return [name.strip().upper() for name in self.metrics.split(",") if name.strip()]


class ScoreSettings(WarehouseSettings):
    """Score the last scan against the labels of the lake: precision, recall and delay by kind of anomaly."""

    out: Path | None = Field(None, description="file of a picture of the scorecard, for example score.png")

    @field_validator("out")
    @classmethod
    def _can_be_written(cls, value: Path | None) -> Path | None:
        if value is not None and not value.parent.is_dir():
            raise ValueError(f"there is no folder {value.parent}; create it or name another")
        if value is not None and (value.is_dir() or not value.suffix):
            raise ValueError("must name a file with the ending of a picture, such as score.png")
        return value
