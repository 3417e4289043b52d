"""Code that reads files with pyarrow, whose readers of JSON and Parquet keep every digit and the time zone."""

from __future__ import annotations

from wattif.tables.column import Kind
from wattif.tables.ddl.target import Source, type_of

_TYPES: dict[Kind, str] = {
    "text": "pa.string()",
    "timestamp": 'pa.timestamp("us", "UTC")',
    "date": "pa.date32()",
    "float": "pa.float64()",
    "boolean": "pa.bool_()",
}


def schema_code(source: Source) -> str:
    """The schema, in a variable."""
    lines = [
        f'    ("{column.name}", '
        f"{type_of(column, _TYPES, 'pa.decimal128({digits}, {decimals})', 'pa.int64()', 'pa.int32()')}),\n"
        for column in source.columns
    ]
    return f"schema = pa.schema([\n{''.join(lines)}])\n"


def table_code(source: Source, name: str) -> str:
    """A table of all files, in the variable *name*; after `schema_code`."""
    kind = "json" if source.is_json else "parquet"
    if source.is_in_cloud:
        files = (
            f"store, root = fs.FileSystem.from_uri({source.place!r})\n"
            f"pattern = root + {'/' + str(source.objects)!r}\n"
            "found = store.get_file_info(fs.FileSelector(root, recursive=True))\n"
            "files = sorted(each.path for each in found if fnmatch.fnmatch(each.path, pattern))\n"
        )
        more = ", filesystem=store"
    else:
        files, more = f"files = sorted(glob.glob({source.pattern!r}))\n", ""
    return f'{files}{name} = dataset.dataset(files, schema=schema, format="{kind}"{more}).to_table()\n'


def imports(source: Source, *more: str) -> str:
    """The lines of imports that both need."""
    standard = "import fnmatch\n" if source.is_in_cloud else "import glob\n"
    others = "".join(f"import {each}\n" for each in more)
    return f"{standard}\n{others}import pyarrow as pa\nfrom pyarrow import dataset{', fs' * source.is_in_cloud}\n\n"
