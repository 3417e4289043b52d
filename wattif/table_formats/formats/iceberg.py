"""Apache Iceberg, by the library `pyiceberg`: a catalog says which snapshot of the table is the present one.

The column of the day is in no file: readers take it from the partition, as the format's rules of projection say. A
transform of the timestamps would not do, since a meter's clock may be wrong by days. Files have no field ids, so the
table has a name mapping. Footers are not read again: data files are declared from those that the run has read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from wattif.errors import InvalidValue
from wattif.extras import needs
from wattif.numeric.calendar import day_number
from wattif.table_formats.table_format import DATASET, DAY, ROOT, FoundTable, TableDefinition, TableFile, TableFormat
from wattif.uploader.store import Conflict, Refused, Unavailable

with needs("iceberg"):
    from pyiceberg import exceptions as answers
    from pyiceberg.catalog import Catalog, load_catalog
    from pyiceberg.io.pyarrow import (
        compute_statistics_plan,
        data_file_statistics_from_parquet_metadata,
        parquet_path_to_id_mapping,
        pyarrow_to_schema,
    )
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table, TableProperties
    from pyiceberg.table.name_mapping import MappedField, NameMapping
    from pyiceberg.transforms import IdentityTransform
    from pyiceberg.typedef import Record
    from pyiceberg.utils.config import Config
    from requests.exceptions import RequestException
    from sqlalchemy.exc import SQLAlchemyError

_BATCH = "wattif.batch"  # in the summary of a snapshot
_FOLDER = "_iceberg"  # of metadata, and of the catalog where none is named; engines skip what begins with _
_NAMESPACE = "wattif"
_OTHERS_RETRY = "commit.retry.num-retries"
_UNANSWERED = (
    answers.CommitFailedException,
    answers.CommitStateUnknownException,
    answers.ServerError,
    answers.ServiceUnavailableError,
    answers.TableAlreadyExistsError,  # another run of the dataset has just made it
)
_REFUSED = tuple(each for each in vars(answers).values() if isinstance(each, type) and issubclass(each, Exception))


class IcebergFormat(TableFormat):
    """See `TableFormat`."""

    name = "iceberg"
    title = "Apache Iceberg"
    has_catalog: ClassVar[bool] = True

    def __init__(self, definition: TableDefinition) -> None:
        super().__init__(definition)
        place, root = definition.place, definition.root
        if any(each in root for each in "#?%"):
            raise InvalidValue(
                "lake", root, "Iceberg takes #, ? and % in a path for parts of an address; choose another"
            )
        self._is_remote = "://" in root
        self._root = root if self._is_remote else f"file://{root}"
        self._own_catalog = None if place.catalog else Path(root) / _FOLDER / "catalog.db"
        if self._is_remote and self._own_catalog:
            reason = "a lake in a bucket needs one; name a catalog of your .pyiceberg.yaml, or give its address"
            raise InvalidValue("catalog", None, reason)
        self._identifier = (*(place.namespace or _NAMESPACE).split("."), definition.name)
        names = definition.full_schema.names
        self._mapping = NameMapping([MappedField(field_id=n, names=[name]) for n, name in enumerate(names, 1)])
        self._schema: Schema = pyarrow_to_schema(definition.full_schema, name_mapping=self._mapping)
        self._catalog: Catalog | None = None
        self._table: Table | None = None
        self._id = ""
        self._first_names: frozenset[str] | None = None  # when the first batch was looked for

    @property
    def address(self) -> str:
        """See `TableFormat.address`."""
        return f"Iceberg table {'.'.join(self._identifier)} of {self._catalog_name}"

    @property
    def _catalog_name(self) -> str:
        from wattif.table_formats.addresses import without_password

        catalog = self.definition.place.catalog
        return f"the catalog {without_password(catalog) if catalog else self._own_catalog}"

    @property
    def id(self) -> str:
        """See `TableFormat.id`."""
        return self._id

    @property
    def _opened(self) -> Catalog:
        if self._catalog is None:
            self._catalog = self._connect()
        return self._catalog

    def _connect(self) -> Catalog:
        given = self.definition.place.catalog or f"sqlite:///{self._own_catalog}"
        if "://" not in given:
            _check_declared(given)
            return load_catalog(given)
        if given.startswith(("http://", "https://")):
            return load_catalog("wattif", type="rest", uri=given)
        return load_catalog("wattif", type="sql", uri=given, warehouse=f"{self._root}/{_FOLDER}")

    def find(self) -> FoundTable | None:
        """See `TableFormat.find`."""
        if self._own_catalog is not None and not self._own_catalog.exists():
            return None
        with self._asking():
            try:
                table = self._opened.load_table(self._identifier)
            except answers.NoSuchTableError:
                return None
        self._id = str(table.metadata.table_uuid)
        there = {field.name: field.field_type for field in table.schema().fields}
        return FoundTable(
            dataset=table.properties.get(DATASET),
            root=table.properties.get(ROOT),
            wrong_columns=tuple(
                field.name for field in self._schema.fields if there.get(field.name) != field.field_type
            ),
        )

    def create(self, *, replace: bool) -> None:
        """See `TableFormat.create`.

        A table that is replaced is dropped: whoever still adds to it is refused, for it has another id.
        """
        definition = self.definition
        day = PartitionField(
            source_id=self._schema.find_field(DAY).field_id, field_id=1000, transform=IdentityTransform(), name=DAY
        )
        with self._asking():
            if self._own_catalog is not None:
                self._own_catalog.parent.mkdir(parents=True, exist_ok=True)
            if replace:
                self._opened.drop_table(self._identifier)
            self._opened.create_namespace_if_not_exists(self._identifier[:-1])
            table = self._opened.create_table(
                self._identifier,
                self._schema,
                partition_spec=PartitionSpec(day),
                properties={
                    DATASET: definition.dataset,
                    ROOT: definition.root,
                    TableProperties.DEFAULT_NAME_MAPPING: self._mapping.model_dump_json(),
                    # each commit writes the metadata anew: of thousands of commits only the last are kept
                    TableProperties.METADATA_DELETE_AFTER_COMMIT_ENABLED: "true",
                },
            )
        self._id = str(table.metadata.table_uuid)

    def holds(self, batch: str, names: Sequence[str]) -> bool:
        """See `TableFormat.holds`; what is added meanwhile says so in its snapshot."""
        table = self._load()
        if any(
            each.summary is not None and each.summary.additional_properties.get(_BATCH) == batch
            for each in table.metadata.snapshots
        ):
            return True
        if self._first_names is None:
            self._first_names = frozenset(self.names())
        return self._first_names.issuperset(names)

    def _load(self) -> Table:
        with self._asking():
            try:
                self._table = self._opened.load_table(self._identifier)
            except answers.NoSuchTableError:
                raise Conflict(f"{self.address} was dropped while this run was under way; run it again") from None
        if str(self._table.metadata.table_uuid) != self._id:
            raise Conflict(f"{self.address} was replaced while this run was under way; run the same command again")
        return self._table

    def _root_of(self, name: str) -> str:
        return f"{self._root}/{name}"

    def add(self, batch: str, files: Sequence[TableFile]) -> None:
        """See `TableFormat.add`."""
        table = self._table or self._load()
        # the library's own repetition would add the batch though somebody has just done so: `holds` looks again
        once = {**table.metadata.properties, _OTHERS_RETRY: "0"}
        table.metadata = table.metadata.model_copy(update={"properties": once})
        transaction = table.transaction()
        with self._asking():
            with transaction.update_snapshot(snapshot_properties={_BATCH: batch}).fast_append() as append:
                for file in files:
                    append.append_data_file(self._data_file(table, file))
            transaction.commit_transaction()

    def _data_file(self, table: Table, file: TableFile) -> DataFile:
        statistics = data_file_statistics_from_parquet_metadata(
            file.footer,
            compute_statistics_plan(table.schema(), table.metadata.properties),
            parquet_path_to_id_mapping(table.schema()),
        )
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=self._root_of(file.name),
            file_format=FileFormat.PARQUET,
            partition=Record(day_number(file.day)),
            file_size_in_bytes=file.bytes,
            sort_order_id=None,
            spec_id=table.metadata.default_spec_id,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )

    def names(self) -> Iterator[str]:
        """See `TableFormat.names`."""
        table = self._load()
        snapshot = table.current_snapshot()
        with self._asking():
            for manifest in snapshot.manifests(table.io) if snapshot is not None else ():
                for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
                    yield entry.data_file.file_path.removeprefix(f"{self._root}/")

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except InvalidValue:
            raise
        except _UNANSWERED as error:
            raise Unavailable(f"{self.address}: {_line(error)}") from error
        except _REFUSED as error:
            raise Refused(f"{self.address} is refused: {_line(error)}") from error
        except RequestException as error:
            raise Unavailable(f"{self._catalog_name} does not answer: {_line(error)}") from error
        except SQLAlchemyError as error:
            reason = _line(getattr(error, "orig", None) or error)
            if reason.startswith(("unable to open database file", "attempt to write a readonly", "file is not a")):
                way_out = "its folder must exist and be writable, and the file, if there is one, be a database"
                raise Refused(f"{self._catalog_name} cannot be used: {reason}; {way_out}") from error
            raise Unavailable(f"{self._catalog_name} does not answer: {reason}") from error
        except (OSError, ValueError, ImportError) as error:
            raise Refused(f"{self.address} cannot be used: {_line(error)}") from error


def _check_declared(name: str) -> None:
    """`InvalidValue` unless PyIceberg's own configuration says which catalog *name* is."""
    declared = Config().get_catalog_config(name) or {}
    if not declared.keys() & {"uri", "type", "py-catalog-impl"}:
        # PyIceberg takes each _ of a variable for a -
        variable = "" if "_" in name else f" or PYICEBERG_CATALOG__{name.upper().replace('-', '_')}__URI"
        reason = f"no catalog of this name is configured; give its address, or declare it in .pyiceberg.yaml{variable}"
        raise InvalidValue("catalog", name, reason)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


FORMAT = IcebergFormat
