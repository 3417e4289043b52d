"""Polars: a lazy frame. Its reader of JSON knows no decimals, so they come as floats, exact to 15 digits, and are
rounded to the digits that were written; no column's range has more.
"""

from __future__ import annotations

from wattif.tables.column import Column, Kind
from wattif.tables.ddl.target import Source, Target, type_of

_TYPES: dict[Kind, str] = {
    "text": "pl.String",
    "timestamp": "pl.String",
    "date": "pl.Date",
    "float": "pl.Float64",
    "boolean": "pl.Boolean",
}


def _write(source: Source) -> str:
    if not source.is_json:
        drift = ', missing_columns="insert", extra_columns="ignore"' if source.is_partitioned else ""
        return f"import polars as pl\n\n{source.name} = pl.scan_parquet({source.pattern!r}{drift})\n"
    schema = "".join(
        f'    "{column.name}": {type_of(column, _TYPES, "pl.Float64", "pl.Int64", "pl.Int32")},\n'
        for column in source.columns
    )
    exact = "".join(f"    {code},\n" for code in map(_exact, source.columns) if code)
    return (
        f"import polars as pl\n\nschema = {{\n{schema}}}\n"
        f"{source.name} = pl.scan_ndjson({source.pattern!r}, schema=schema).with_columns(\n{exact})\n"
    )


def _exact(column: Column) -> str:
    if column.is_decimal:
        name, digits, scale = column.name, column.digits, column.decimals
        return f'pl.col("{name}").round({scale}).cast(pl.Decimal({digits}, {scale}))'
    if column.kind == "timestamp":
        return f'pl.col("{column.name}").str.to_datetime("%Y-%m-%dT%H:%M:%SZ").dt.replace_time_zone("UTC")'
    return ""


TARGET = Target(write=_write, reads_files=True)
