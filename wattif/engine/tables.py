"""The tables that a run adds its files to: one for each table of the dataset that is made in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from wattif.engine.plan import Batch, Plan
from wattif.errors import InvalidValue
from wattif.lake.manifest import ManifestEntry
from wattif.spec import Spec
from wattif.table_formats import table_format_of
from wattif.table_formats.addresses import without_password
from wattif.table_formats.lake_table import Footers, LakeTable, footer_of, schema_of
from wattif.table_formats.options import TableOptions
from wattif.table_formats.table_format import TableDefinition, TableFormat, TablePlace
from wattif.tables import catalog
from wattif.uploader.retrying import RetryingStore
from wattif.uploader.store import SealedFile


def check_table_format(spec: Spec, options: TableOptions) -> type[TableFormat] | None:
    """The table format that is asked for, if any; `InvalidValue` when it cannot name the files of *spec*."""
    if options.table_format is None:
        for name in ("catalog", "namespace"):
            if getattr(options, name) is not None:
                raise InvalidValue(name, _shown(options, name), "is of a table; name its `table_format`, too")
        return None
    found = table_format_of(options.table_format)
    if spec.format not in found.files:
        reason = f"names files of {' or '.join(found.files)} alone, not of {spec.format}; choose that `format`"
        raise InvalidValue("table_format", found.name, reason)
    if "schema_drift" in spec.faults:
        reason = "a table has one schema, and this changes that of later files; leave it out, or `table_format`"
        raise InvalidValue("faults", "schema_drift", reason)
    for name in ("catalog", "namespace") if not found.has_catalog else ():
        if getattr(options, name) is not None:
            reason = f"{found.title} has no catalog: its log lies in the lake; leave it out"
            raise InvalidValue(name, _shown(options, name), reason)
    return found


def _shown(options: TableOptions, name: str) -> str:
    return without_password(getattr(options, name))


class Tables:
    """All of them; none where no table format is asked for. Threads may share it."""

    def __init__(self, tables: dict[str, LakeTable] | None = None) -> None:
        self.by_name = tables or {}

    @classmethod
    def of(
        cls, spec: Spec, options: TableOptions, *, plans: Iterable[Plan], store: RetryingStore, fingerprint: str
    ) -> Tables:
        """Those of the dataset with that *fingerprint* in *store*."""
        table_format = check_table_format(spec, options)
        if table_format is None:
            return cls()
        root = store.place if "://" in store.place else str(Path(store.place).absolute())
        folders = {table.name: table.folder for table in catalog.lake_tables_of(spec, "stream")}
        tables = {}
        for plan in plans:
            definition = TableDefinition(
                name=plan.table,
                root=root,
                folder=folders[plan.table],
                schema=schema_of(_empty_object(plan)),
                dataset=fingerprint,
                place=TablePlace(catalog=options.catalog, namespace=options.namespace),
            )
            tables[plan.table] = LakeTable(table_format(definition), store, store.patience)
        return cls(tables)

    def check(self, *, overwrite: bool) -> None:
        """See `LakeTable.check`."""
        for table in self.by_name.values():
            table.check(overwrite=overwrite)

    def prepare(self, store: RetryingStore) -> None:
        """See `LakeTable.prepare`."""
        for table in self.by_name.values():
            table.prepare(store)

    def footers(self, batch: Batch, files: Sequence[SealedFile]) -> Footers:
        """What *files* of *batch* in staging say of themselves, where a table asks for it."""
        return [footer_of(file.path) for file in files] if batch.table in self.by_name else []

    def add(self, batch: Batch, entries: Sequence[ManifestEntry], footers: Footers) -> None:
        """See `LakeTable.add`."""
        if batch.table in self.by_name:
            self.by_name[batch.table].add(batch.day, batch.index, entries, footers)

    def catch_up(self, batch: Batch) -> None:
        """See `LakeTable.catch_up`."""
        if batch.table in self.by_name:
            self.by_name[batch.table].catch_up(batch.day, batch.index)


def _empty_object(plan: Plan) -> bytes:
    encoder = plan.encoder.open()
    return bytes(encoder.start()) + bytes(encoder.finish())
