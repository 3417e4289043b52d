"""pandas: a data frame of Arrow's types; `read_json` would make floats of decimals."""

from __future__ import annotations

from wattif.tables.ddl.python_code import imports, schema_code, table_code
from wattif.tables.ddl.target import Source, Target


def _write(source: Source) -> str:
    code = imports(source, "pandas as pd") + schema_code(source) + table_code(source, "table")
    return f"{code}{source.name} = table.to_pandas(types_mapper=pd.ArrowDtype)\n"


TARGET = Target(write=_write, reads_files=True)
