"""`wattif archive`: move days of readings out of PostgreSQL into Parquet files."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr

from wattif.cli.options import Options
from wattif.cli.place import Address, RetryOptions
from wattif.cli.verb import Verb
from wattif.cli.warehouse import INTERRUPTED, print_report
from wattif.warehouse.place import WarehousePlace


def _read_days(value: object) -> object:
    if isinstance(value, str):
        found = re.fullmatch(r"(\d{1,5})d", value.strip())
        if found is None:
            raise ValueError("not a number of days; write it as 90d")
        return int(found[1])
    return value


Days = Annotated[int, BeforeValidator(_read_days), Field(ge=0, le=36_500)]


class DatabaseOptions(WarehousePlace, RetryOptions):
    """The database that days are archived from."""

    warehouse: Literal["postgres"] = Field("postgres", description="postgres: no other warehouse has an archive")
    database_url: SecretStr = Field(description="see 'wattif load'")
    as_json: bool = Field(False, alias="json", description="print the result as one JSON object")


class ArchiveOptions(Options, DatabaseOptions):
    """Move days of readings out of PostgreSQL into Parquet files; what is already archived is left alone."""

    older_than: Days = Field(description="age in days (UTC) from which a day is archived, for example 90d")
    to: Address = Field(
        description="where to: a folder, gs://bucket/prefix, s3://bucket/prefix or az://container/prefix"
    )


def _run(options: ArchiveOptions, stop: Event) -> int:
    from wattif.archive.archive import archive

    before = datetime.now(UTC).date() - timedelta(days=options.older_than)
    report = archive(options.part(WarehousePlace), options.to, before, retry=options.retry)
    return print_report(report, as_json=options.as_json)


VERB = Verb(options=ArchiveOptions, run=_run, interrupted=INTERRUPTED, ends_when_asked=False)
