"""A warehouse that is a file of DuckDB on this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import duckdb
import sqlglot

from wattif.compress import format_of
from wattif.compress.compressor import Compressor
from wattif.encode.encoder import Encoder
from wattif.errors import WarehouseError
from wattif.lake.days import CommittedDay
from wattif.tables.column import Column
from wattif.tables.sql_text import duckdb_file
from wattif.uploader.store import Store
from wattif.warehouse.duckdb_staging import declare, stage_of
from wattif.warehouse.tables import Table
from wattif.warehouse.warehouse import Staged

if TYPE_CHECKING:
    import pyarrow as pa


class DuckDBWarehouse:
    """Tables in one file; a process at a time may write to it."""

    dialect = "duckdb"
    notes: Sequence[str] = ()
    absent_days: Mapping[date, str] = MappingProxyType({})

    def __init__(self, file: Path, *, create: bool = False) -> None:
        self._file = file
        if not create and not file.exists():
            raise WarehouseError(
                f"{file}: there is no such database; run 'python -m wattif load' first, or name `database`"
            )
        with self._explaining():
            if create:
                file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = duckdb.connect(duckdb_file(file))
            self._connection.execute("SET TimeZone = 'UTC'")

    @staticmethod
    def loads(encoder: type[Encoder], _: type[Compressor]) -> bool:
        """See `Warehouse.loads`."""
        return stage_of(encoder) is not None

    @property
    def place(self) -> str:
        """The file."""
        return str(self._file)

    def kept_as(self, column: Column) -> tuple[str, str]:
        """See `Warehouse.kept_as`: as it is."""
        return column.name, f"`{column.name}`"

    def create_table(self, table: Table) -> None:
        """Create a table unless it is there; an error when it is there with other columns."""
        wanted = [(column.name, column.duckdb_type) for column in table.columns]
        self._run(f'CREATE TABLE IF NOT EXISTS "{table.name}" ({declare(table)})')
        there = self._rows(
            "SELECT column_name, data_type FROM information_schema.columns"
            f" WHERE table_name = '{table.name}' AND table_schema = current_schema() ORDER BY ordinal_position"
        )
        if there != wanted:
            raise WarehouseError(
                f"{self._file}: table {table.name} has other columns than this dataset's;"
                " name another `database`, or remove the file"
            )

    def drop_table(self, name: str) -> None:
        """Drop a temporary table."""
        self._run(f'DROP TABLE IF EXISTS "{name}"')

    def put_table(self, table: Table, content: pa.RecordBatchReader) -> None:
        """Create a temporary table with the rows of *content*; columns that these lack are NULL."""
        self._run(f'CREATE OR REPLACE TEMP TABLE "{table.name}" ({declare(table)})')
        with self._explaining():
            self._connection.register("arrow_content", content)
            self._connection.execute(f'INSERT INTO "{table.name}" BY NAME SELECT * FROM arrow_content')
            self._connection.unregister("arrow_content")

    def stage(self, store: Store, day: CommittedDay, table: Table) -> Staged:
        """Read the files of a day; those of a bucket are copied to the temporary folder first."""
        self._run(f'CREATE OR REPLACE TEMP TABLE "{table.name}" ({declare(table)})')
        stage = stage_of(format_of(day.files[0].name)) if day.files else None  # all may be withheld
        if stage is None:
            return Staged()
        with self._explaining():
            return stage(self._connection, store, day, table)

    def execute(self, script: str, *, days: Collection[date] = ()) -> None:
        """Execute statements in one transaction; none of the *days* is ever absent."""
        statements = _translate(script)
        self._run("BEGIN TRANSACTION")
        try:
            for statement in statements:
                self._run(statement)
            self._run("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error):  # an error may have ended it already
                self._connection.execute("ROLLBACK")
            raise

    def query(self, sql: str) -> pa.Table:
        """The rows that a query returns."""
        (statement,) = _translate(sql)
        with self._explaining():
            return self._connection.sql(statement).to_arrow_table()

    def run_native(self, sql: str) -> None:
        """Execute DuckDB's own SQL."""
        self._run(sql)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _run(self, statement: str) -> None:
        with self._explaining():
            self._connection.execute(statement)

    def _rows(self, statement: str) -> list[tuple[object, ...]]:
        with self._explaining():
            return self._connection.execute(statement).fetchall()

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        """What DuckDB's exceptions mean to the user."""
        try:
            yield
        except duckdb.CatalogException as error:
            if "does not exist" not in str(error):
                raise WarehouseError(f"{self._file}: {_first_line(error)}") from error
            raise WarehouseError(
                f"{self._file}: {_first_line(error)}; run 'python -m wattif load', then 'rollup', then 'scan'"
            ) from None
        except duckdb.IOException as error:
            if "lock" in str(error):
                raise WarehouseError(
                    f"{self._file}: another process has the database open; stop it, or name another `database`"
                ) from None
            raise WarehouseError(
                f"{self._file}: {_first_line(error)}; correct this, or name another `database`"
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise WarehouseError(f"{self._file}: {_first_line(error)}; free some disk space or memory") from error
        except (duckdb.Error, OSError) as error:
            raise WarehouseError(f"{self._file}: {_first_line(error)}") from error
        except RuntimeError as error:
            if "interrupted" in str(error):  # how DuckDB tells of Ctrl-C
                raise KeyboardInterrupt from None
            raise


def _translate(script: str) -> list[str]:
    return sqlglot.transpile(script, read="bigquery", write="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:300]
