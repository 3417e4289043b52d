"""Delta Lake, by the library `deltalake`: the log lies in the folder of the table's objects, and names them.

A batch is an application transaction, so that it is found again after its files were compacted into others.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, unquote

import orjson

from wattif.extras import needs
from wattif.table_formats.statistics import statistics_of
from wattif.table_formats.table_format import DATASET, DAY, FoundTable, TableDefinition, TableFile, TableFormat
from wattif.uploader.store import Conflict, Refused, Unavailable

with needs("delta"):
    from deltalake import DeltaTable, Schema
    from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
    from deltalake.transaction import AddAction, CommitProperties, Transaction


class DeltaFormat(TableFormat):
    """See `TableFormat`."""

    name = "delta"
    title = "Delta Lake"

    def __init__(self, definition: TableDefinition) -> None:
        super().__init__(definition)
        self._schema = Schema.from_arrow(definition.full_schema)
        self._table: DeltaTable | None = None
        self._first_names: frozenset[str] = frozenset()  # when the table was opened

    @property
    def address(self) -> str:
        """See `TableFormat.address`."""
        return f"Delta table {self.definition.location}"

    @property
    def id(self) -> str:
        """See `TableFormat.id`."""
        return str(self._opened.metadata().id)

    @property
    def _opened(self) -> DeltaTable:
        if self._table is None:
            raise ValueError("call `find` or `create` first")
        return self._table

    def find(self) -> FoundTable | None:
        """See `TableFormat.find`."""
        with self._asking():
            try:
                self._table = DeltaTable(self.definition.location)
            except TableNotFoundError:
                return None
            there = {field.name: field.type for field in self._opened.schema().fields}
            properties = self._opened.metadata().configuration
            self._first_names = frozenset(self.names())
        return FoundTable(
            dataset=properties.get(DATASET),
            root=self.definition.root,
            wrong_columns=tuple(each.name for each in self._schema.fields if there.get(each.name) != each.type),
        )

    def create(self, *, replace: bool) -> None:
        """See `TableFormat.create`; a table that is replaced lets go of its files in the same commit."""
        definition = self.definition
        with self._asking():
            self._table = DeltaTable.create(
                definition.location,
                self._schema,
                mode="overwrite" if replace else "error",
                partition_by=[DAY],
                name=definition.name,
                configuration={DATASET: definition.dataset},
                raise_if_key_not_exists=False,
            )
            self._first_names = frozenset()

    def holds(self, batch: str, names: Sequence[str]) -> bool:
        """See `TableFormat.holds`.

        The files of a version between two looks are not listed: the log counts a path once, however often it was added.
        """
        with self._asking():
            known = self.id
            self._opened.update_incremental()
            if self.id != known:
                raise Conflict(f"{self.address} was replaced while this run was under way; run the same command again")
            added = self._opened.transaction_version(self._application(batch)) is not None
        return added or self._first_names.issuperset(names)

    def _application(self, batch: str) -> str:
        """The table's id is part of it: a table that replaces another keeps its transactions."""
        return f"wattif:{self.id}:{batch}"

    def add(self, batch: str, files: Sequence[TableFile]) -> None:
        """See `TableFormat.add`."""
        now_ms = time.time_ns() // 10**6
        actions: list[Any] = [
            AddAction(
                path=quote(self._relative(each.name), safe="/="),
                size=each.bytes,
                partition_values={DAY: each.day.isoformat()},
                modification_time=now_ms,
                data_change=True,
                stats=orjson.dumps(statistics_of(each.footer)).decode(),
            )
            for each in files
        ]
        properties = CommitProperties(
            max_commit_retries=0,  # whoever came in between may have added the same batch: look again
            app_transactions=[Transaction(self._application(batch), 0)],
        )
        with self._asking():
            self._opened.create_write_transaction(actions, "append", self._schema, [DAY], commit_properties=properties)

    def _relative(self, name: str) -> str:
        return name.removeprefix(f"{self.definition.folder}/") if self.definition.folder else name

    def names(self) -> Iterator[str]:
        """See `TableFormat.names`."""
        folder = f"{self.definition.folder}/" if self.definition.folder else ""
        with self._asking():
            actions = self._opened.get_add_actions(flatten=True)
        for path in map(str, actions.column("path").to_pylist()):
            yield path if "://" in path else folder + unquote(path)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except CommitFailedError as error:
            raise Unavailable(f"{self.address}: another commit came first ({_line(error)})") from error
        except (PermissionError, FileNotFoundError, NotADirectoryError) as error:
            raise Refused(f"{self.address}: {_line(error)}") from error
        except DeltaError as error:
            if "already exists" in str(error):  # another run of the dataset has just made it
                raise Unavailable(f"{self.address}: {_line(error)}") from error
            raise Refused(f"{self.address} cannot be used: {_line(error)}") from error
        except OSError as error:  # what its client of object stores raises
            if "ermission denied" in str(error):
                raise Refused(f"{self.address}: {_line(error)}") from error
            raise Unavailable(f"{self.address} does not answer: {_line(error)}") from error


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


FORMAT = DeltaFormat
