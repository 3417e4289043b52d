"""A warehouse that is a schema of PostgreSQL; rows come and go in its binary form."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from wattif.compress import format_of
from wattif.compress.compressor import Compressor
from wattif.encode.encoder import Encoder
from wattif.errors import WarehouseError
from wattif.lake.days import CommittedDay
from wattif.tables import catalog
from wattif.tables.archives import TABLE as ARCHIVES
from wattif.tables.column import Column
from wattif.tables.ddl.postgres import column_type
from wattif.tables.loaded_readings import DAY
from wattif.uploader.store import Store
from wattif.warehouse.duckdb_files import IS_BAD
from wattif.warehouse.duckdb_staging import declare, stage_of
from wattif.warehouse.postgres import binary_rows, schema
from wattif.warehouse.postgres.connection import connect, explaining, place_of
from wattif.warehouse.postgres.migrations import SCHEMA, bring_up_to_date
from wattif.warehouse.postgres.translation import translated
from wattif.warehouse.tables import READINGS, Table
from wattif.warehouse.warehouse import Staged

if TYPE_CHECKING:
    from psycopg import Column as Described

_ROWS = 16_384  # encoded at once: some two megabytes
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('wattif.execute'))"  # two loaders change rows one after the other
_WITHOUT_POSTGIS = "PostGIS is not installed in this database: places are coordinates and WKT, without a geometry"
_ARROW = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
}


class PostgresWarehouse:
    """Tables of the schema ``wattif``; any number of processes may use it at once."""

    dialect = "postgres"

    def __init__(self, url: str, shown: str, *, create: bool = False) -> None:
        """Connect to *url*, which messages call *shown*, and *create* the schema where it is missing."""
        self._connection = connect(url, shown)
        self.place = place_of(self._connection)
        try:
            with explaining(self.place):
                bring_up_to_date(self._connection, shown, self.place, create=create)
        except BaseException:
            self._connection.close()
            raise

    @staticmethod
    def loads(encoder: type[Encoder], _: type[Compressor]) -> bool:
        """See `Warehouse.loads`."""
        return stage_of(encoder) is not None

    @property
    def notes(self) -> Sequence[str]:
        """Whether places are points."""
        ((there,),) = self._rows("SELECT to_regtype('geometry') IS NOT NULL")
        return () if there else (_WITHOUT_POSTGIS,)

    @property
    def absent_days(self) -> Mapping[date, str]:
        """See `Warehouse.absent_days`: those that were archived."""
        rows = self.query(f"SELECT {DAY.name}, place FROM {ARCHIVES.name}").to_pylist()
        return {row[DAY.name]: row["place"] for row in rows}

    def kept_as(self, column: Column) -> tuple[str, str]:
        """See `Warehouse.kept_as`: look-ups are referred to by numbers."""
        return schema.kept_as(column).name, schema.value_of(column)

    def create_table(self, table: Table) -> None:
        """Create a table unless it is there; an error when it is there with other columns.

        The readings have all columns of the catalog, of which a dataset has some.
        """
        if table in schema.kept_tables():  # as migrations made it
            return
        there = self._columns(table.name)
        if not there:
            self._run(schema.tables_sql([table]))
            there = self._columns(table.name)
        wanted = [(column.name, column_type(column)) for column in table.columns]
        known = catalog.table(READINGS).columns if table.name == READINGS else table.columns
        if not set(wanted) <= set(there) or {name for name, _ in there} != {column.name for column in known}:
            raise WarehouseError(
                f"{self.place}: table {table.name} has other columns than this dataset's;"
                f" name another `database_url`, or drop the schema {SCHEMA}"
            )

    def drop_table(self, name: str) -> None:
        """Drop a temporary table."""
        self._run(f'DROP TABLE IF EXISTS pg_temp."{name}"')

    def put_table(self, table: Table, content: pa.RecordBatchReader) -> None:
        """Create a temporary table with the rows of *content*; columns that these lack are NULL."""
        self._create_temporary(table)
        self.copy_in(table, content.schema.names, content, into=f'pg_temp."{table.name}"')

    def stage(self, store: Store, day: CommittedDay, table: Table) -> Staged:
        """Read the files of a day by DuckDB, into a file that is gone afterwards, and copy the readings over."""
        self.make_day(day.day)
        if day.day in self.absent_days:
            raise WarehouseError(f"{self.place}: another run has just archived {day.day}; run the same command again")
        self._create_temporary(table)
        stage = stage_of(format_of(day.files[0].name)) if day.files else None  # all may be withheld
        if stage is None:
            return Staged()
        with tempfile.TemporaryDirectory(prefix="wattif-") as folder, duckdb.connect(Path(folder, "day.db")) as files:
            files.execute("SET TimeZone = 'UTC'")
            files.execute(f'CREATE TEMP TABLE "{table.name}" ({declare(table)})')
            try:
                staged = stage(files, store, day, table)
                rows = files.sql(f'SELECT * FROM "{table.name}" WHERE NOT ({IS_BAD})')
                self.copy_in(table, table.column_names, rows.to_arrow_reader(_ROWS), into=f'pg_temp."{table.name}"')
            except duckdb.Error as error:
                raise WarehouseError(f"{store.place}: {str(error).splitlines()[0][:300]}") from error
        return staged

    def make_day(self, day: date) -> None:
        """Create the partition of a day of readings unless it is there."""
        self._rows("SELECT make_day(%s)", day)

    def execute(self, script: str, *, days: Collection[date] = ()) -> None:
        """Execute statements in one transaction, when no other one of WattIf is under way.

        None of the *days* that they read may be in an archive then; `WarehouseError` names the first that is.
        """
        with self.changing():
            absent = self.absent_days if days else {}
            for day in sorted(absent.keys() & set(days)):
                raise WarehouseError(
                    f"{self.place}: this needs the readings of {day}, which are archived in {absent[day]};"
                    f" run 'python -m wattif restore --day {day}', then the same command again"
                )
            self.run_statement(script)

    def run_statement(self, script: str) -> None:
        """Execute statements, each by itself unless a transaction is under way."""
        for statement in translated(script):
            self._run(statement)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """A transaction that changes rows, when no other one of WattIf is under way."""
        with explaining(self.place), self._connection.transaction():
            self._run(_LOCK)
            yield

    def query(self, sql: str) -> pa.Table:
        """The rows that a query returns."""
        (statement,) = translated(sql)
        return self.query_native(statement)

    def query_native(self, sql: str) -> pa.Table:
        """The rows that a query returns, in PostgreSQL's own SQL."""
        with explaining(self.place), self._connection.cursor(binary=True) as cursor:
            cursor.execute(sql.encode())
            described = cursor.description or []
            columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(described)
        names = [each.name for each in described]
        return pa.table([_array(*each) for each in zip(described, columns, strict=True)], names=names)

    def run_native(self, sql: str) -> None:
        """Execute PostgreSQL's own SQL."""
        self._run(sql)

    def copy_in(self, table: Table, names: Sequence[str], batches: Iterable[pa.RecordBatch], *, into: str) -> None:
        """Append rows that have the columns *names* of *table* to the relation *into*."""
        columns = {column.name: column for column in table.columns}
        kinds = pa.schema([_field(columns[name]) for name in names])
        of_json = [n for n, name in enumerate(names) if columns[name].kind == "json"]
        listed = ", ".join(f'"{name}"' for name in names)
        statement = f"COPY {into} ({listed}) FROM STDIN (FORMAT BINARY)".encode()
        with explaining(self.place), self._connection.cursor().copy(statement) as copy:
            copy.write(binary_rows.HEADER)
            for batch in batches:
                for first in range(0, batch.num_rows, _ROWS):
                    rows = batch.slice(first, _ROWS).cast(kinds)
                    for n in of_json:
                        rows = rows.set_column(n, names[n], binary_rows.as_jsonb(rows.column(n)))
                    copy.write(binary_rows.binary_rows(rows))
            copy.write(binary_rows.TRAILER)

    def copy_out(self, sql: str, file: Path) -> None:
        """Write the rows of a query, PostgreSQL's own, to a *file* of CSV with a line of names."""
        statement = f"COPY ({sql}) TO STDOUT (FORMAT csv, HEADER)".encode()
        with explaining(self.place), self._connection.cursor().copy(statement) as copy, file.open("wb") as target:
            target.writelines(copy)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _run(self, statement: str) -> None:
        with explaining(self.place):
            self._connection.execute(statement.encode())

    def _rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with explaining(self.place):
            return self._connection.execute(statement.encode(), values or None).fetchall()

    def _columns(self, name: str) -> list[tuple[str, str]]:
        """Name and type of each column of a table, but for those that follow from others; none: no such table."""
        found = self._rows(
            "SELECT attname, replace(format_type(atttypid, atttypmod), 'timestamp with time zone', 'timestamptz')"
            " FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
            " AND attgenerated = '' ORDER BY attnum",
            f'{SCHEMA}."{name}"',
        )
        return [(str(column), str(kind)) for column, kind in found]

    def _create_temporary(self, table: Table) -> None:
        columns = ", ".join(f'"{column.name}" {column_type(column)}' for column in table.columns)
        self._run(f'DROP TABLE IF EXISTS pg_temp."{table.name}"; CREATE TEMP TABLE "{table.name}" ({columns})')


def _field(column: Column) -> pa.Field:
    return pa.field(column.name, column.arrow_type)


def _array(described: Described, values: Sequence[object]) -> pa.Array:
    """The *values* of a column of an answer."""
    if described.type_display.partition("(")[0] == "numeric" or isinstance(next(iter(values), None), Decimal):
        if described.precision is not None and described.scale is not None:
            return pa.array(values, pa.decimal128(described.precision, described.scale))
        if all(value is None for value in values):
            return pa.array(values, pa.decimal128(38, 0))
        return pa.array(values)  # a sum: as many digits as it has
    kind = _ARROW.get(described.type_display)
    return pa.array(values, kind or pa.string())
