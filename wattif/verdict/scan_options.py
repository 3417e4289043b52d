"""How hours are scanned: what is judged, how strictly, and which days are learned from."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wattif.errors import InvalidValue
from wattif.spec.values import Day, Names, split_names
from wattif.warehouse.tables import METRICS

LEAST_TRAINING_DAYS = 7  # below it, no weekend is among them
MOST_DEFAULT_TRAINING_DAYS = 28


class ScanOptions(BaseModel):
    """What a scan learns from, and what it judges."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float = Field(0.99, ge=0, lt=1, description="probability above which an hour is an anomaly")
    metrics: Names = Field(",".join(METRICS), description="figures of an hour to judge: AVG, MAX, or AVG,MAX")
    train_until: Day | None = Field(
        None,
        description="last day (UTC) to learn from (default: half of the days, at least"
        f" {LEAST_TRAINING_DAYS}, at most {MOST_DEFAULT_TRAINING_DAYS})",
    )
    scan_from: Day | None = Field(None, description="first day (UTC) to judge (default: the day after `train_until`)")

    @field_validator("metrics")
    @classmethod
    def _are_metrics(cls, value: str) -> str:
        names = [name.upper() for name in split_names(value)]
        if not names or set(names) - set(METRICS) or len(set(names)) < len(names):
            raise ValueError(f"name each of {', '.join(METRICS)} at most once, at least one")
        return ",".join(names)

    @model_validator(mode="after")
    def _judges_what_it_did_not_learn_from(self) -> Self:
        if self.train_until and self.scan_from and self.scan_from <= self.train_until:
            raise InvalidValue(
                "scan_from",
                self.scan_from,
                f"is not after `train_until` {self.train_until}; what is judged must not be learned from:"
                " choose a later day",
            )
        return self

    @property
    def metric_names(self) -> list[str]:
        """The names in `metrics`."""
        return split_names(self.metrics)
