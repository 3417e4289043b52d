"""DuckDB: a view of the files, or the table itself."""

from __future__ import annotations

from wattif.tables.ddl.target import Source, Target
from wattif.tables.sql_text import duckdb_pattern


def _write(source: Source) -> str:
    if source.objects is None:
        columns = ",\n".join(f'  "{column.name}" {column.duckdb_type}' for column in source.columns)
        return f'CREATE TABLE "{source.name}" (\n{columns}\n);\n'
    pattern = duckdb_pattern(source.place, source.objects)
    if not source.is_json:
        drift = ", union_by_name = true" if source.is_partitioned else ""
        return f'CREATE OR REPLACE VIEW "{source.name}" AS\nSELECT * FROM read_parquet({pattern}{drift});\n'
    columns = ",\n".join(f"    \"{column.name}\": '{column.duckdb_type}'" for column in source.columns)
    partitions = ",\n  hive_partitioning = true, hive_types = {dt: DATE}" if source.is_partitioned else ""
    return (
        f'CREATE OR REPLACE VIEW "{source.name}" AS\nSELECT * FROM read_json(\n  {pattern},'
        f"\n  format = 'newline_delimited',\n  columns = {{\n{columns}\n  }}{partitions}\n);\n"
    )


TARGET = Target(write=_write)
