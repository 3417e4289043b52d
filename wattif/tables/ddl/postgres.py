"""PostgreSQL: the table, and how psql fills it with exact numbers."""

from __future__ import annotations

import shlex

from wattif.tables.column import Column, Kind
from wattif.tables.ddl.target import Source, Target, type_of
from wattif.tables.sql_text import sql_text

_TYPES: dict[Kind, str] = {
    "text": "text",
    "json": "jsonb",
    "timestamp": "timestamptz",
    "date": "date",
    "float": "double precision",
    "boolean": "boolean",
}
_PARQUET = (
    "import sys, pyarrow.csv as csv, pyarrow.dataset as files;"
    " csv.write_csv(files.dataset(sys.argv[1:]).to_table(), sys.stdout.buffer)"
)


def column_type(column: Column) -> str:
    """The column's type."""
    return type_of(column, _TYPES, "numeric({digits},{decimals})", "bigint", "integer")


def _write(source: Source) -> str:
    columns = ",\n".join(f'  "{column.name}" {column_type(column)}' for column in source.columns)
    table = f'CREATE TABLE "{source.name}" (\n{columns}\n);\n'
    comments = "".join(
        f'COMMENT ON COLUMN "{source.name}"."{column.name}" IS {sql_text(column.meaning)};\n'
        for column in source.columns
    )
    if source.objects is None:
        return table + comments
    source.check_store()
    files = f"{shlex.quote(source.place)}/{source.objects}"
    if not source.is_json:
        program = f"python3 -c {shlex.quote(_PARQUET)} {files}"
        load = f'\\copy "{source.name}" FROM PROGRAM {sql_text(program)} WITH (FORMAT csv, HEADER)\n'
        return table + comments + load
    program = f"gcloud storage cat {shlex.quote(source.pattern)}" if source.is_in_cloud else f"cat {files}"
    values = ",\n".join(
        f"  (line::json ->> {sql_text(column.name)})::{column_type(column)}" for column in source.columns
    )
    return (
        table + comments + "CREATE TEMPORARY TABLE lines (line text);\n"
        f"\\copy lines FROM PROGRAM {sql_text(program)} WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')\n"
        f'INSERT INTO "{source.name}" SELECT\n{values}\nFROM lines;\nDROP TABLE lines;\n'
    )


TARGET = Target(write=_write)
