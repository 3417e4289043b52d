"""Where the rows of a table come from: DuckDB, Parquet files, or whatever else answers an aggregate in SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import sqlglot

from wattif.errors import InvalidValue, LakeError, UsageError, WarehouseError
from wattif.tables.sql_text import duckdb_file, sql_text
from wattif.warehouse.warehouse import Warehouse


class Source(Protocol):
    """A table that can be asked."""

    @property
    def place(self) -> str:
        """What it is, for people."""

    @property
    def relation(self) -> str:
        """What follows FROM."""

    @property
    def largest_query(self) -> int | None:
        """Number of readings that one query should touch; None if it does not matter."""

    def schema(self) -> pa.Schema:
        """Its columns and their types."""

    def aggregate(self, sql: str) -> pa.Table:
        """The answer to a query, in DuckDB's SQL; `LakeError` when there is none."""


class DuckDbSource:
    """A table of a DuckDB database, or Parquet files; nothing is written to either. Closed by `close`."""

    largest_query = 4_000_000  # distinct timestamps are kept in memory

    def __init__(self, connection: duckdb.DuckDBPyConnection, relation: str, place: str) -> None:
        self._connection = connection
        self.relation = relation
        self.place = place
        connection.execute("SET TimeZone = 'UTC'")

    @classmethod
    def of_table(cls, database: Path, table: str) -> DuckDbSource:
        """*table*, ``name`` or ``schema.name``, of the file *database*; `UsageError` when either is not there."""
        if not database.is_file():
            raise InvalidValue("database", database, "there is no such file")
        try:
            connection = duckdb.connect(duckdb_file(database), read_only=True)
        except duckdb.Error as error:
            if "lock" in str(error):
                words = "another process has the database open; stop it, or name another `database`"
                raise WarehouseError(f"{database}: {words}") from None
            raise InvalidValue("database", database, f"{_first_line(error)}; name a file of DuckDB") from None
        relation = ".".join(_quoted(part) for part in table.split("."))
        source = cls(connection, relation, f"{database}: {table}")
        try:
            source.schema()
        except LakeError:
            tables = ", ".join(sorted(row[0] for row in connection.sql("SHOW TABLES").fetchall())) or "none"
            connection.close()
            raise InvalidValue("table", table, f"{database} has no such table; its tables: {tables}") from None
        return source

    @classmethod
    def of_parquet(cls, pattern: str) -> DuckDbSource:
        """The Parquet files that match *pattern*; `UsageError` when none does or they cannot be read."""
        connection = duckdb.connect()
        source = cls(connection, f"read_parquet({sql_text(pattern)}, union_by_name = true)", pattern)
        try:
            source.schema()
        except LakeError as error:
            connection.close()
            raise UsageError(f"`parquet` {error}") from None
        return source

    def schema(self) -> pa.Schema:
        """Its columns and their types."""
        return self.aggregate(f"SELECT * FROM {self.relation} LIMIT 0").schema

    def aggregate(self, sql: str) -> pa.Table:
        """The answer to a query."""
        try:
            return self._connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise LakeError(f"{self.place}: {_first_line(error)}; check that you can query the table") from None

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


class WarehouseSource:
    """A table of a warehouse on another machine."""

    largest_query = None  # it counts distinct timestamps on its own machines

    def __init__(self, warehouse: Warehouse, table: str) -> None:
        """`WarehouseError` when the table is not there."""
        self._warehouse = warehouse
        self.place = f"{warehouse.place}.{table}"
        self.relation = _quoted(table)
        self.schema()

    def schema(self) -> pa.Schema:
        """Its columns and their types."""
        return self.aggregate(f"SELECT * FROM {self.relation} LIMIT 0").schema

    def aggregate(self, sql: str) -> pa.Table:
        """The answer to a query."""
        (statement,) = sqlglot.transpile(sql, read="duckdb", write="bigquery")
        return self._warehouse.query(statement)

    def close(self) -> None:
        """Leave the warehouse."""
        self._warehouse.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
