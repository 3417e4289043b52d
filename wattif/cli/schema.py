"""`wattif schema`: a table's schema for an engine, with the code that reads the lake without losing a digit."""

from __future__ import annotations

from threading import Event
from typing import Annotated

from pydantic import Field
from pydantic_settings import CliPositionalArg

from wattif.cli.options import Options
from wattif.cli.place import PlaceOptions
from wattif.cli.verb import Verb


class SchemaOptions(Options, PlaceOptions):
    """Print a table's schema for an engine: DDL, or code that reads the lake with exact types.

    Columns are those of the dataset that lies there, or else those of a new one.
    """

    table: CliPositionalArg[str] = Field("readings", description="table of the catalog, see docs/schema.md")
    target: Annotated[str, Field(alias="for")] = Field(
        description="bigquery, duckdb, clickhouse, postgres, spark, polars, pandas, arrow or json-schema"
    )


def _run(options: SchemaOptions, stop: Event) -> int:
    from wattif.compress import file_compression
    from wattif.encode import encoder_type
    from wattif.lake.days import stored_dataset
    from wattif.lake.documents import stored_document
    from wattif.lake.open import open_store
    from wattif.tables import catalog
    from wattif.tables.ddl import statement
    from wattif.tables.ddl.target import Packing, Source
    from wattif.tables.readings import DEFAULT_NAMES, READINGS, select_fields

    table, columns, packing = catalog.table(options.table), None, Packing()
    if table.name == READINGS:
        columns = select_fields(DEFAULT_NAMES, 3600)
    store = open_store(options.url, retry=options.retry)
    if stored_document(store) is not None:
        dataset = stored_dataset(store)
        encoder = encoder_type(dataset.format)
        kind = file_compression(encoder, dataset.compression)
        packing = Packing(extension=encoder.extension, name=kind.name, suffix=kind.suffix, bigquery=kind.bigquery)
        if table.name == READINGS:
            columns = dataset.fields
    print(statement(options.target, Source.of(table, options.url, columns, packing)), end="")
    return 0


VERB = Verb(options=SchemaOptions, run=_run, interrupted="nothing was changed", ends_when_asked=False)
