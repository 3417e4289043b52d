"""A warehouse that is a dataset of BigQuery; the only module that imports google.cloud.bigquery."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from wattif.compress import compression_of, file_compression, format_of
from wattif.compress.compressor import Compressor
from wattif.encode.encoder import Encoder
from wattif.errors import WarehouseError
from wattif.lake.days import CommittedDay
from wattif.lake.manifest import ManifestEntry
from wattif.tables.column import Column
from wattif.uploader.retrying import duration
from wattif.uploader.store import Store
from wattif.warehouse import bigquery_answers as answers
from wattif.warehouse.bigquery_formats import LINES, options_of
from wattif.warehouse.statements import names
from wattif.warehouse.tables import Table
from wattif.warehouse.warehouse import BadRecord, Staged

_URIS_PER_JOB = 10_000  # that a load job takes
_TIMEOUT_S = 60.0  # of a request, not of a job
_TEMPORARY = timedelta(days=1)  # after which a table that was left behind removes itself
_OLD_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}  # as the service calls types


class BigQueryWarehouse:
    """Tables of one dataset. A job's own retries are the client's; *retry_s* is how long it tries a request again."""

    dialect = "bigquery"
    notes: Sequence[str] = ()
    absent_days: Mapping[date, str] = MappingProxyType({})

    def __init__(self, project: str, dataset: str, location: str | None = None, *, retry_s: float = 120.0) -> None:
        """Connect; `WarehouseError` when there are no credentials, no dataset, or it lies elsewhere."""
        self._project, self._name = project, dataset
        self._retry = bigquery.DEFAULT_RETRY.with_timeout(retry_s)
        anonymous: Any = AnonymousCredentials  # its constructor has no types
        credentials = anonymous() if os.environ.get("BIGQUERY_EMULATOR_HOST") else None
        with self._explaining():
            self._client = bigquery.Client(project, credentials=credentials, location=location)
            there = self._client.get_dataset(f"{project}.{dataset}", retry=self._retry, timeout=_TIMEOUT_S)
        if location is not None and (there.location or "").lower() != location.lower():
            self.close()
            raise WarehouseError(f"{self.place} is in {there.location}, not in {location}; correct `location`")
        self._location = there.location

    @staticmethod
    def loads(encoder: type[Encoder], compressor: type[Compressor]) -> bool:
        """See `Warehouse.loads`."""
        return encoder.bigquery is not None and compressor.bigquery is not None

    @property
    def place(self) -> str:
        """``project.dataset``."""
        return f"{self._project}.{self._name}"

    def _full_name(self, name: str) -> str:
        return f"{self._project}.{self._name}.{name}"

    def kept_as(self, column: Column) -> tuple[str, str]:
        """See `Warehouse.kept_as`: as it is."""
        return column.name, f"`{column.name}`"

    def create_table(self, table: Table) -> None:
        """Create a table, partitioned and clustered, unless it is there; an error when it has other columns."""
        wanted = self._declare(table)
        if table.day_column is not None:
            wanted.time_partitioning = bigquery.TimePartitioning("DAY", field=table.day_column)
        if table.cluster_column is not None:
            wanted.clustering_fields = [table.cluster_column]
        self._create(wanted, [(column.name, column.bigquery_type) for column in table.columns])

    def create_external_table(self, table: Table, lake: str, encoder: type[Encoder], compression: str) -> None:
        """Lay *table* over the objects of *lake*, ``gs://bucket/prefix``; its last column is the partition."""
        config = bigquery.ExternalConfig(encoder.bigquery)
        config.source_uris = [f"{lake}/dt=*"]
        if encoder.is_text:
            config.compression = file_compression(encoder, compression).bigquery
            config.schema = self._fields(table)[:-1]
            _set(config, LINES)
        _set(config.options, options_of(encoder.bigquery))
        partitions = bigquery.HivePartitioningOptions()
        partitions.mode = "CUSTOM"
        partitions.source_uri_prefix = f"{lake}/{{dt:DATE}}"
        config.hive_partitioning = partitions
        wanted = bigquery.Table(self._full_name(table.name))
        wanted.description = table.description
        wanted.external_data_configuration = config
        self._create(wanted, [(column.name, column.bigquery_type) for column in table.columns])

    def _create(self, wanted: bigquery.Table, columns: Sequence[tuple[str, str]]) -> None:
        with self._explaining():
            there = self._client.create_table(wanted, exists_ok=True, retry=self._retry, timeout=_TIMEOUT_S)
        kinds = [bool(each.external_data_configuration) for each in (wanted, there)]
        if kinds[0] != kinds[1]:
            raise WarehouseError(
                f"{self.place}: {wanted.table_id} is there as {'an external' if kinds[1] else 'a native'} table;"
                f" {'add' if kinds[1] else 'drop'} `external`, name another `dataset`, or remove its tables"
            )
        found = [(field.name, _OLD_NAMES.get(field.field_type, field.field_type)) for field in there.schema]
        if found and found != list(columns):  # the service may tell an external table's columns later
            raise WarehouseError(
                f"{self.place}: table {wanted.table_id} has other columns than this dataset's;"
                " name another `dataset`, or remove its tables"
            )

    def drop_table(self, name: str) -> None:
        """Drop a temporary table."""
        with self._explaining():
            self._client.delete_table(self._full_name(name), not_found_ok=True, retry=self._retry, timeout=_TIMEOUT_S)

    def put_table(self, table: Table, content: pa.RecordBatchReader) -> None:
        """Create a temporary table with the rows of *content*; columns that these lack are NULL."""
        self._create_temporary(table)
        with tempfile.TemporaryFile(prefix="wattif-") as file:
            with pq.ParquetWriter(file, content.schema, compression="zstd") as writer:
                rows = 0
                for batch in content:
                    writer.write_batch(batch)
                    rows += batch.num_rows
            if rows:
                self._load_parquet(file, table)

    def _load_parquet(self, file: IO[bytes], table: Table) -> None:
        config = bigquery.LoadJobConfig(
            source_format="PARQUET", write_disposition="WRITE_TRUNCATE", schema=self._fields(table)
        )
        with self._explaining():
            self._client.load_table_from_file(
                file, self._full_name(table.name), rewind=True, job_config=config, timeout=_TIMEOUT_S
            ).result(retry=self._retry)

    def stage(self, store: Store, day: CommittedDay, table: Table) -> Staged:
        """Load the files of a day: those of a bucket by their names, those of a folder through this machine."""
        for file in day.files:
            self._check_size(file)
        self._create_temporary(table)
        if not day.files:  # all were withheld
            return Staged()
        encoder = format_of(day.files[0].name)
        config = bigquery.LoadJobConfig(source_format=encoder.bigquery, write_disposition="WRITE_APPEND")
        _set(config, options_of(encoder.bigquery))
        if encoder.is_text:
            config.schema = self._fields(table)
            config.create_disposition = "CREATE_NEVER"
            _set(config, LINES)
            return self._load(store, day, self._full_name(table.name), config)
        return self._stage_columns(store, day, table, config)

    def _stage_columns(self, store: Store, day: CommittedDay, table: Table, config: bigquery.LoadJobConfig) -> Staged:
        """Load files that have a schema of their own, the same in all of them, and take the columns of *table*."""
        name = f"{table.name}_files"
        try:
            self._load(store, day, self._full_name(name), config)
            with self._explaining():
                loaded = self._client.get_table(self._full_name(name), retry=self._retry, timeout=_TIMEOUT_S)
            there = [field.name for field in loaded.schema]
            listed = names([column for column in table.column_names if column in there])
            self._run(f"INSERT INTO `{table.name}` ({listed}) SELECT {listed} FROM `{name}`")
        finally:
            self.drop_table(name)
        rows = sum(file.rows for file in day.files)
        return Staged(unknown_fields={each: rows for each in there if each not in table.column_names})

    def _load(self, store: Store, day: CommittedDay, table: str, config: bigquery.LoadJobConfig) -> Staged:
        jobs = self._load_uris if store.place.startswith("gs://") else self._load_files
        bad_records: list[BadRecord] = []
        count = 0
        for errors, bad in jobs(store, day, table, config):
            count += bad
            bad_records += errors
        return Staged(bad_records=tuple(bad_records), bad_record_count=max(count, len(bad_records)))

    def _check_size(self, file: ManifestEntry) -> None:
        most = compression_of(file.name).bigquery_most_bytes
        if most is not None and file.bytes > most:
            raise WarehouseError(
                f"{self.place}: {file.name} has {file.bytes:,} bytes, and BigQuery reads compressed files of at most"
                f" {most:,}; generate the dataset with a smaller `meters_per_file`, or with `compression` none"
            )

    def _load_uris(
        self, store: Store, day: CommittedDay, table: str, config: bigquery.LoadJobConfig
    ) -> Iterator[tuple[list[BadRecord], int]]:
        uris = [f"{store.place}/{file.name}" for file in day.files]
        for first in range(0, len(uris), _URIS_PER_JOB):
            with self._explaining():
                job = self._client.load_table_from_uri(
                    uris[first : first + _URIS_PER_JOB],
                    table,
                    job_config=config,
                    location=self._location,
                    retry=self._retry,
                    timeout=_TIMEOUT_S,
                )
                job.result(retry=self._retry)
            yield self._bad_records(store, job, None)

    def _load_files(
        self, store: Store, day: CommittedDay, table: str, config: bigquery.LoadJobConfig
    ) -> Iterator[tuple[list[BadRecord], int]]:
        for entry in day.files:
            with self._explaining(), store.fetch(entry.name, Path()).open("rb") as file:
                job = self._client.load_table_from_file(
                    file, table, job_config=config, location=self._location, timeout=_TIMEOUT_S
                )
                job.result(retry=self._retry)
            yield self._bad_records(store, job, entry.name)

    def _bad_records(self, store: Store, job: bigquery.LoadJob, name: str | None) -> tuple[list[BadRecord], int]:
        """The bad records that a job describes, which need not be all, and how many there were."""
        document: dict[str, Any] = job._properties  # no attribute tells how many were bad
        statistics: dict[str, Any] = document.get("statistics", {}).get("load", {})
        positions = [answers.position_of(error, store.place, name) for error in job.errors or []]
        with tempfile.TemporaryDirectory(prefix="wattif-") as folder:
            described = answers.describe(store, [each for each in positions if each is not None], Path(folder))
        return described, int(statistics.get("badRecords", 0))

    def execute(self, script: str, *, days: Collection[date] = ()) -> None:
        """Execute statements in one transaction; none of the *days* is ever absent."""
        self._run(f"BEGIN TRANSACTION;\n{script}\nCOMMIT TRANSACTION;")

    def query(self, sql: str) -> pa.Table:
        """The rows that a query returns."""
        return self._run(sql).to_arrow(create_bqstorage_client=False)

    def run_native(self, sql: str) -> None:
        """Execute GoogleSQL as it is."""
        self._run(sql)

    def close(self) -> None:
        """Close the connections."""
        client: Any = self._client  # its method has no types
        client.close()

    def _run(self, sql: str) -> Any:
        config = bigquery.QueryJobConfig(default_dataset=self.place)
        with self._explaining():
            job = self._client.query(
                sql, job_config=config, location=self._location, retry=self._retry, timeout=_TIMEOUT_S
            )
            return job.result(retry=self._retry)

    def _fields(self, table: Table) -> list[bigquery.SchemaField]:
        return [
            bigquery.SchemaField(column.name, column.bigquery_type, description=column.meaning)
            for column in table.columns
        ]

    def _declare(self, table: Table) -> bigquery.Table:
        declared = bigquery.Table(self._full_name(table.name), self._fields(table))
        declared.description = table.description
        return declared

    def _create_temporary(self, table: Table) -> None:
        declared = self._declare(table)
        declared.expires = datetime.now(UTC) + _TEMPORARY
        with self._explaining():
            self._client.create_table(declared, retry=self._retry, timeout=_TIMEOUT_S)

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        """What the client's exceptions mean to the user."""
        began_s = time.monotonic()
        try:
            yield
        except auth.DefaultCredentialsError:
            raise WarehouseError(
                f"{self.place}: no credentials for Google Cloud; run 'gcloud auth application-default login' or point"
                " GOOGLE_APPLICATION_CREDENTIALS to a key file, or leave out `warehouse` for local DuckDB"
            ) from None
        except auth.RefreshError as error:
            raise WarehouseError(
                f"{self.place}: the credentials have expired ({answers.first_line(error)});"
                " run 'gcloud auth application-default login'"
            ) from None
        except api.GoogleAPICallError as error:
            words = answers.words_of(error.message)
            raise WarehouseError(answers.explain(self._project, self._name, error.code, words)) from error
        except (api.GoogleAPIError, auth.GoogleAuthError, requests.RequestException, TimeoutError, OSError) as error:
            raise WarehouseError(
                f"{self.place}: BigQuery does not answer: {answers.first_line(error)};"
                f" tried for {duration(time.monotonic() - began_s)}; run the same command again"
            ) from error


def _set(config: Any, options: dict[str, Any]) -> None:
    for name, value in options.items():
        setattr(config, name, value)
