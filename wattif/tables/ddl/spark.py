"""Spark: a data frame with the schema named."""

from __future__ import annotations

from collections.abc import Sequence

from wattif.tables.column import Column, Kind
from wattif.tables.ddl.target import Source, Target, type_of

_TYPES: dict[Kind, str] = {
    "text": "STRING",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
}


DAY = "dt"  # the column of the day in a partitioned table's paths


def types_of(columns: Sequence[Column], *, is_partitioned: bool) -> dict[str, str]:
    """The columns' types by name, and that of the day if there is a partition for each."""
    types = {
        column.name: type_of(column, _TYPES, "DECIMAL({digits},{decimals})", "BIGINT", "INT") for column in columns
    }
    return {**types, DAY: "DATE"} if is_partitioned else types


def _write(source: Source) -> str:
    types = types_of(source.columns, is_partitioned=source.is_partitioned)
    columns = [f"{name if name == DAY else f'`{name}`'} {kind}" for name, kind in types.items()]
    listed = "\n".join(f"    {each!r}" for each in [*(f"{each}, " for each in columns[:-1]), columns[-1]])
    read = f".option('basePath', {source.place!r}).json" if source.is_json else ".parquet"
    return (
        "from pyspark.sql import SparkSession\n\n"
        "spark = SparkSession.builder.config('spark.sql.session.timeZone', 'UTC').getOrCreate()\n"
        f"schema = (\n{listed}\n)\n{source.name} = spark.read.schema(schema){read}({source.pattern!r})\n"
    )


TARGET = Target(write=_write, reads_files=True)
