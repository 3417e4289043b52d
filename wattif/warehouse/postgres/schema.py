"""What the catalog's tables are in PostgreSQL: the text of a migration, made once and kept as a file.

Readings lie in a partition a day, with a block range index of their times: they come in order, and nothing is looked
up one by one. Tables of the network have keys that begin with the city, and refer to each other by them. The records
of loads, roll-ups and scans have the catalog's keys, which hold at the end of a transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from wattif.tables import catalog
from wattif.tables.column import Column
from wattif.tables.ddl.postgres import column_type
from wattif.tables.grid import GridTable
from wattif.tables.incidents import IncidentTable
from wattif.tables.loaded_readings import DAY
from wattif.tables.loaded_readings import TABLE as READINGS
from wattif.tables.sql_text import sql_text
from wattif.tables.table import LakeTable, Table

CITY = "city_id"
_DATA = (LakeTable, GridTable, IncidentTable)  # kinds of tables of a data set, which refer to each other
ID = "id"  # of a row of a look-up table
WKT = "location_wkt"
_PLACES = (("longitude", "latitude"), ("location_lng", "location_lat"))
_BOUNDS = dict(zip(sum(_PLACES, ()), (180, 90) * len(_PLACES), strict=True))  # degrees
Reference = tuple[tuple[str, ...], Table, tuple[str, ...]]  # columns of a table, another one, and its columns


def kept_tables() -> list[Table]:
    """The tables of the catalog that every warehouse has, whatever is loaded, those that others refer to first."""
    tables = [each for each in catalog.tables() if _is_kept(each)]
    return sorted(tables, key=lambda table: len(_above(table, tables)))


def kept_as(column: Column) -> Column:
    """What a column is kept as: instead of a code, the number of the row of the look-up table that has it."""
    if not _is_lookup(column.references):
        return column
    return replace(column, name=f"{column.name.removesuffix('_code')}_{ID}", kind="number", bits=32)


def value_of(column: Column) -> str:
    """The value that is kept, over a row of the table's file; GoogleSQL."""
    if not _is_lookup(column.references):
        return f"`{column.name}`"
    return f"(SELECT {ID} FROM {column.references} WHERE {column.references}.code = `{column.name}`)"


def _is_lookup(name: str) -> bool:
    return bool(name) and catalog.table(name).key == ("code",)


def _above(table: Table, tables: Sequence[Table]) -> set[str]:
    """The names of the tables that *table* refers to, and those that they refer to."""
    parents = [parent for _, parent, _ in _parents(table, tables)]
    return {each.name for each in parents}.union(*(_above(each, tables) for each in parents))


def _is_kept(table: Table) -> bool:
    if isinstance(table, LakeTable):  # the fleet and its network: one object each
        return table.made == "whole" and "{" not in table.path
    return not isinstance(table, GridTable)  # these have a column a month: they are created when loaded


def tables_sql(tables: Sequence[Table]) -> str:
    """The statements that create *tables*, which may refer to others of the catalog."""
    known = catalog.tables()
    parts = [_table(table, list(_parents(table, known))) for table in tables]
    return "\n".join([*parts, *filter(None, map(_geometry, tables))])


def _table(table: Table, parents: Sequence[Reference]) -> str:
    lines = [_column(column, table) for column in table.columns]
    if _is_lookup(table.name):
        lines.insert(0, f'  "{ID}" integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY')
    place = _place_of(table)
    if place is not None and WKT not in table.column_names:
        x, y = place
        lines.append(f"  {WKT} text GENERATED ALWAYS AS ('POINT(' || {x} || ' ' || {y} || ')') STORED")
    if table.key and (isinstance(table, LakeTable) or _is_lookup(table.name)):
        lines.append(f"  UNIQUE ({_names(_key(table))})")
    elif table.key:  # a key that is checked at the end cannot be referred to
        when = "" if isinstance(table, _DATA) else " DEFERRABLE INITIALLY DEFERRED"
        lines.append(f"  PRIMARY KEY ({_names(table.key)}){when}")
    in_order = table.in_order if isinstance(table, IncidentTable) else ()
    lines += [f'  CHECK ("{first}" <= "{then}")' for first, then in combinations(in_order, 2)]
    lines += [
        f"  FOREIGN KEY ({_names(own)}) REFERENCES {parent.name} ({_names(key)}) DEFERRABLE INITIALLY DEFERRED"
        for own, parent, key in parents
    ]
    partitioned = f" PARTITION BY RANGE ({DAY.name})" if table.name == READINGS.name else ""
    text = f'CREATE TABLE "{table.name}" (\n' + ",\n".join(lines) + f"\n){partitioned};\n"
    if partitioned:
        text += f'CREATE INDEX ON "{table.name}" USING brin ("timestamp");\n'
    text += "".join(
        f'CREATE INDEX ON "{table.name}" ({_names(own)});\n'
        for own, _, key in parents
        if isinstance(table, IncidentTable) and key != (ID,) and own != table.key[: len(own)]
    )
    text += f'COMMENT ON TABLE "{table.name}" IS {sql_text(table.description)};\n'
    return text + "".join(
        f'COMMENT ON COLUMN "{table.name}"."{column.name}" IS {sql_text(column.meaning)};\n'
        for column in map(kept_as, table.columns)
    )


def _column(column: Column, table: Table) -> str:
    is_counted = isinstance(table, IncidentTable) and column.kind == "number"
    column = kept_as(column)
    text = f'  "{column.name}" {column_type(column)}'
    is_key = table.name == READINGS.name and column.name in ("mac", "timestamp", DAY.name)
    is_given = isinstance(table, IncidentTable) and not column.nullable
    if is_key or is_given or (not isinstance(table, LakeTable) and column.name in table.key):
        text += " NOT NULL"
    if is_counted:
        text += f' CHECK ("{column.name}" >= 0)'
    if column.name in _BOUNDS:
        most = _BOUNDS[column.name]
        text += f' CHECK ("{column.name}" BETWEEN -{most} AND {most})'
    return text


def _key(table: Table) -> tuple[str, ...]:
    if isinstance(table, LakeTable) and CITY in table.column_names and CITY not in table.key:
        return (CITY, *table.key)
    return table.key


def _parents(table: Table, tables: Sequence[Table]) -> Iterator[Reference]:
    """The tables of its kind that *table* refers to: by the name of their key, and the city of a lake's."""
    for column in table.columns:
        if column.references:
            parent = catalog.table(column.references)
            yield (kept_as(column).name,), parent, (ID,) if _is_lookup(parent.name) else parent.key
    for other in tables:
        is_of_kind = any(isinstance(table, kind) and isinstance(other, kind) for kind in _DATA)
        is_named = len(other.key) == 1 and other.key[0].endswith("_id") and other.key[0] in table.column_names
        if is_of_kind and is_named and other.name != table.name:
            yield _key(other), other, _key(other)


def _place_of(table: Table) -> tuple[str, str] | None:
    """Its columns of longitude and latitude."""
    return next((pair for pair in _PLACES if set(pair) <= set(table.column_names)), None)


def _geometry(table: Table) -> str:
    place = _place_of(table)
    if place is None:
        return ""
    x, y = place
    point = f"ST_SetSRID(ST_MakePoint({x}, {y}), 4326)"
    return (
        "DO $$ BEGIN IF to_regtype('geometry') IS NOT NULL THEN\n"
        f'  ALTER TABLE "{table.name}"\n'
        f"    ADD COLUMN location geometry(Point, 4326) GENERATED ALWAYS AS ({point}) STORED;\n"
        f'  CREATE INDEX ON "{table.name}" USING gist (location);\n'
        "END IF; END $$;\n"
    )


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
