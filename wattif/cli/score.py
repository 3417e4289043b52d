"""`wattif score`: score the last scan against the labels of the lake."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from pydantic import Field, field_validator

from wattif.cli.options import Options
from wattif.cli.place import WarehouseOptions
from wattif.cli.verb import Verb
from wattif.cli.warehouse import INTERRUPTED, print_report


class ScoreOptions(Options, WarehouseOptions):
    """Compare the last scan with the labels of the lake: precision, recall, and delay by kind of anomaly."""

    out: Path | None = Field(None, description="file to draw the scorecard into, for example score.png")

    @field_validator("out")
    @classmethod
    def _can_be_written(cls, value: Path | None) -> Path | None:
        if value is not None and not value.parent.is_dir():
            raise ValueError(f"no such folder: {value.parent}; create it or name another")
        if value is not None and (value.is_dir() or not value.suffix):
            raise ValueError("must be the name of a picture file, such as score.png")
        return value


def _run(options: ScoreOptions, stop: Event) -> int:
    from wattif.verdict.score import score

    return print_report(
        score(options.url, options.warehouse_place, options.out, retry=options.retry), as_json=options.as_json
    )


VERB = Verb(options=ScoreOptions, run=_run, interrupted=INTERRUPTED, ends_when_asked=False)
