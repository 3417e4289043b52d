"""ClickHouse: a view of the files with the types named, since those it infers of JSON are floats."""

from __future__ import annotations

from wattif.tables.column import Column, Kind
from wattif.tables.ddl.target import Source, Target, type_of
from wattif.tables.sql_text import sql_text

_TYPES: dict[Kind, str] = {
    "text": "String",
    "timestamp": "DateTime64(6, 'UTC')",
    "date": "Date32",
    "float": "Float64",
    "boolean": "Bool",
}


def _type(source: Source, column: Column) -> str:
    kind = type_of(column, _TYPES, "Decimal({digits}, {decimals})", "Int64", "Int32")
    return f"Nullable({kind})" if source.may_be_missing(column) else kind


def _write(source: Source) -> str:
    columns = ",\n".join(f"  `{column.name}` {_type(source, column)}" for column in source.columns)
    if source.objects is None:
        order = ", ".join(f"`{name}`" for name in source.key)
        return f"CREATE TABLE `{source.name}` (\n{columns}\n) ENGINE = MergeTree ORDER BY ({order});\n"
    kind = "JSONEachRow" if source.is_json else "Parquet"
    place, function = source.pattern, "file"
    if source.is_in_cloud:
        place, function = f"https://storage.googleapis.com/{source.pattern.removeprefix('gs://')}", "gcs"
    settings = "date_time_input_format = 'best_effort', input_format_skip_unknown_fields = 1"
    return (
        f"CREATE VIEW `{source.name}` AS\nSELECT * FROM {function}({sql_text(place)}, '{kind}', {sql_text(columns)})\n"
        f"SETTINGS {settings};\n"
    )


TARGET = Target(write=_write)
