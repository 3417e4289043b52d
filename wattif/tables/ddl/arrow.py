"""Arrow, in Python: the schema, and a table of the files."""

from __future__ import annotations

from wattif.tables.ddl.python_code import imports, schema_code, table_code
from wattif.tables.ddl.target import Source, Target


def _write(source: Source) -> str:
    if source.objects is None:
        return f"import pyarrow as pa\n\n{schema_code(source)}"
    return imports(source) + schema_code(source) + table_code(source, source.name)


TARGET = Target(write=_write)
