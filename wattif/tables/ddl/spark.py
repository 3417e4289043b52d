"""Spark: a data frame with the schema named."""

from __future__ import annotations

from wattif.tables.column import Kind
from wattif.tables.ddl.target import Source, Target, type_of

_TYPES: dict[Kind, str] = {
    "text": "STRING",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
}


def _write(source: Source) -> str:
    columns = [
        f"`{column.name}` {type_of(column, _TYPES, 'DECIMAL({digits},{decimals})', 'BIGINT', 'INT')}"
        for column in source.columns
    ]
    if source.is_partitioned:
        columns.append("dt DATE")
    listed = "\n".join(f"    {each!r}" for each in [*(f"{each}, " for each in columns[:-1]), columns[-1]])
    read = f".option('basePath', {source.place!r}).json" if source.is_json else ".parquet"
    return (
        "from pyspark.sql import SparkSession\n\n"
        "spark = SparkSession.builder.config('spark.sql.session.timeZone', 'UTC').getOrCreate()\n"
        f"schema = (\n{listed}\n)\n{source.name} = spark.read.schema(schema){read}({source.pattern!r})\n"
    )


TARGET = Target(write=_write, reads_files=True)
