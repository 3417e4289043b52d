"""The files that a table of a table format names against those that the manifests commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from wattif.answers.reconcile.differences import Difference, difference_of_object
from wattif.engine.streams import plans_of
from wattif.engine.tables import Tables
from wattif.lake.days import committed_days
from wattif.spec import Spec
from wattif.table_formats.lake_table import LakeTable
from wattif.table_formats.options import TableOptions
from wattif.uploader.retrying import RetryingStore


def unequal_files(whole: Spec, store: RetryingStore, options: TableOptions, fingerprint: str) -> Iterator[Difference]:
    """Files that a table lacks, names twice, or should not name; of all days of the dataset in *store*."""
    tables = Tables.of(whole, options, plans=plans_of(whole), store=store, fingerprint=fingerprint)
    tables.check(overwrite=False)
    for name, table in tables.by_name.items():
        yield from _unequal(store, name, table)


def _unequal(store: RetryingStore, name: str, table: LakeTable) -> Iterator[Difference]:
    named = Counter(table.names())
    committed = {entry.name: entry.rows for day in committed_days(store, table=name) for entry in day.files}
    for file in sorted(committed.keys() - named.keys()):
        yield difference_of_object(file, "missing", committed[file], f"a file of the {table.address}", None)
    for file, times in sorted(named.items()):
        if file not in committed:
            yield difference_of_object(file, "extra", 0, None, f"a file of the {table.address}")
        elif times > 1:
            yield difference_of_object(
                file, "doubled", committed[file], "once", f"{times} times in the {table.address}"
            )
