"""How the peers of `scripts.bench.peers` write ready rows: each from a table of its own, with so many threads."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from scripts.bench.throughput import Confirming
from tests.asking import Asked, generate

KINDS = [
    ("ndjson", "none"),
    ("ndjson", "gzip"),
    ("csv", "none"),
    ("csv", "gzip"),
    ("parquet", "none"),
    ("parquet", "zstd"),
]
Kind = tuple[str, str]
Write = Callable[
    [Kind, Path], int | None
]  # a kind into a folder; bytes, if they do not stay there; `KeyError` where the peer cannot
DAY = {"start": "2024-01-01", "end": "2024-01-01"}


def made(folder: Path, kind: Kind, meters: int, threads: int) -> int:
    """What WattIf makes of it, in bytes: model, encoder, compressor, checksums, files; the uploader only confirms."""
    folder.mkdir(exist_ok=True)
    asked = Asked(
        **DAY,
        meters=meters,
        format=kind[0],
        compression=kind[1],
        lake=folder / "lake",
        staging_dir=folder,
        write_workers=threads,
        staging_limit="8GiB",
    )
    return generate(asked, Event(), Confirming(folder / "lake")).bytes


def pyarrow_writes(rows: Path, threads: int) -> Write:
    """Its writers use one thread: each gets a part of the rows and a file of its own."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    table = pq.read_table(rows).combine_chunks()
    part = -(-len(table) // threads)
    parts = [table.slice(first, part) for first in range(0, len(table), part)]

    def csv(table: pa.Table, path: Path) -> None:
        pa.csv.write_csv(table, path)

    def csv_gzip(table: pa.Table, path: Path) -> None:
        with gzip.open(path, "wb", 1) as file:
            pa.csv.write_csv(table, file)

    def parquet(compression: str) -> Callable[[pa.Table, Path], None]:
        packed = {name: "DELTA_BINARY_PACKED" for name in table.column_names if name not in {"mac", "status"}}
        return lambda table, path: pq.write_table(
            table,
            path,
            compression=compression,
            use_dictionary=["mac"],
            store_decimal_as_integer=True,
            column_encoding=packed,
        )

    writers = {
        ("csv", "none"): csv,
        ("csv", "gzip"): csv_gzip,
        ("parquet", "none"): parquet("none"),
        ("parquet", "zstd"): parquet("zstd"),
    }

    def write(kind: Kind, path: Path) -> None:
        writer = writers[kind]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda each: writer(each[1], path / f"part{each[0]}"), enumerate(parts)))

    return write


def duckdb_writes(rows: Path, threads: int) -> Write:
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    connection.execute(f"CREATE TABLE readings AS FROM '{rows}'")
    options = {
        ("ndjson", "none"): "FORMAT json",
        ("ndjson", "gzip"): "FORMAT json, COMPRESSION gzip",
        ("csv", "none"): "FORMAT csv",
        ("csv", "gzip"): "FORMAT csv, COMPRESSION gzip",
        ("parquet", "none"): "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION uncompressed",
        ("parquet", "zstd"): "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd",
    }

    def write(kind: Kind, path: Path) -> None:
        connection.execute(f"COPY readings TO '{path / 'rows'}' ({options[kind]})")

    return write


def polars_writes(rows: Path, threads: int) -> Write:
    import polars

    frame = polars.read_parquet(rows)
    writers: dict[Kind, Callable[[Path], object]] = {
        ("ndjson", "none"): frame.write_ndjson,
        ("ndjson", "gzip"): lambda path: frame.write_ndjson(path, compression="gzip", compression_level=1),
        ("csv", "none"): frame.write_csv,
        ("csv", "gzip"): lambda path: frame.write_csv(path, compression="gzip", compression_level=1),
        ("parquet", "none"): lambda path: frame.write_parquet(path, compression="uncompressed"),
        ("parquet", "zstd"): lambda path: frame.write_parquet(path, compression="zstd"),
    }

    def write(kind: Kind, path: Path) -> None:
        writers[kind](path / f"rows.{kind[0]}{'.gz' if kind[1] == 'gzip' else ''}")

    return write


def chdb_writes(rows: Path, threads: int) -> Write:
    from chdb import session

    query: Callable[[str], object] = session.Session().query
    query(f"CREATE TABLE readings ENGINE = Memory AS SELECT * FROM file('{rows}', 'Parquet')")
    ends = {"ndjson": ("json", "JSONEachRow"), "csv": ("csv", "CSVWithNames"), "parquet": ("parquet", "Parquet")}

    def write(kind: Kind, path: Path) -> None:
        extension, name = ends[kind[0]]
        gz = ".gz" if kind[1] == "gzip" else ""
        query(
            f"INSERT INTO FUNCTION file('{path}/rows.{extension}{gz}', '{name}') SELECT * FROM readings SETTINGS"
            f" max_threads = {threads}, output_format_compression_level = 1,"
            f" output_format_parquet_compression_method = '{'zstd' if kind[1] == 'zstd' else 'none'}'"
        )

    return write


def wattif_writes(rows: Path, threads: int) -> Write:
    meters = int(rows.stem)
    with tempfile.TemporaryDirectory() as folder:
        for number, kind in enumerate(KINDS):  # compiles what it needs
            made(Path(folder) / str(number), kind, 1, threads)
    return lambda kind, path: made(path, kind, meters, threads)


PEERS: dict[str, Callable[[Path, int], Write]] = {
    "wattif": wattif_writes,
    "pyarrow": pyarrow_writes,
    "duckdb": duckdb_writes,
    "polars": polars_writes,
    "chdb": chdb_writes,
}
