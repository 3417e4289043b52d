"""BigQuery: an external table over the bucket, or the table itself."""

from __future__ import annotations

import json

from wattif.errors import InvalidValue
from wattif.tables.ddl.target import Source, Target


def _write(source: Source) -> str:
    columns = ",\n".join(
        f"  `{column.name}` {column.bigquery_type} OPTIONS (description = {json.dumps(column.meaning)})"
        for column in source.columns
    )
    description = json.dumps(source.description)
    if source.objects is None:
        layout = f"\nPARTITION BY {_day(source)}" if source.day_column else ""
        layout += f"\nCLUSTER BY `{source.cluster_column}`" if source.cluster_column else ""
        return f"CREATE TABLE `{source.name}` (\n{columns}\n){layout}\nOPTIONS (description = {description});\n"
    if source.packing.bigquery is None:
        words = f"reads no files that are compressed as {source.packing.name}; choose another `compression`"
        raise InvalidValue("for", "bigquery", words)
    place = source.place if source.is_in_cloud else "gs://BUCKET/PREFIX"  # BigQuery reads no folder of this machine
    first, _, rest = source.objects.partition("*")
    pattern = f"{first}*" if source.is_partitioned or not rest.endswith(".parquet") else source.objects
    kind = "NEWLINE_DELIMITED_JSON" if source.is_json else "PARQUET"
    options = [f'format = "{kind}"', f"uris = [{json.dumps(f'{place}/{pattern}')}]", f"description = {description}"]
    partition = ""
    if source.is_partitioned:
        partition = "\nWITH PARTITION COLUMNS (dt DATE)"
        options.append(f"hive_partition_uri_prefix = {json.dumps(place)}")
    if source.packing.suffix:
        options.append(f'compression = "{source.packing.bigquery}"')
    if source.is_json:
        options.append("ignore_unknown_values = TRUE")
        listed = f" (\n{columns}\n)"
    else:
        listed = ""  # Parquet has its types
    return f"CREATE EXTERNAL TABLE `{source.name}`{listed}{partition}\nOPTIONS (\n  {_joined(options)}\n);\n"


def _joined(options: list[str]) -> str:
    return ",\n  ".join(options)


def _day(source: Source) -> str:
    column = next(each for each in source.columns if each.name == source.day_column)
    return f"`{column.name}`" if column.kind == "date" else f"DATE(`{column.name}`)"


TARGET = Target(write=_write)
