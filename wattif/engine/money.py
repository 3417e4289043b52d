"""What a dataset costs at list prices: part of `--dry-run`. All of it is about: prices differ by region."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from wattif.compress import compression_names, joined_name
from wattif.encode import encoder_type, format_names
from wattif.engine.plan import Plan
from wattif.engine.prices import Prices
from wattif.errors import InvalidValue
from wattif.numeric.calendar import HOUR_S
from wattif.spec import Spec
from wattif.tables.column import Column
from wattif.wording import size_text

_GB, _GIB, _TIB = 10**9, 2**30, 2**40
# What BigQuery bills a value as: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#data_type_sizes
_BILLED_BYTES = {"INT64": 8, "NUMERIC": 16, "TIMESTAMP": 8, "DATE": 8, "FLOAT64": 8, "BOOL": 1}
_MAC_CHARACTERS = 17
_MEMORY_GIB = 2  # of a machine with two processors; a run takes a quarter of it
_PROCESSORS = 2
CLOUD_STORAGE = "gs"  # whose prices are told for a folder, which costs nothing


class Amounts(NamedTuple):
    """US dollars."""

    month_usd: float  # of the store, to keep it
    writes_usd: float
    machine_usd: float
    bigquery_month_usd: float
    query_usd: float  # of all columns


def amounts(
    spec: Spec, prices: Prices, *, scheme: str, size: float, writes: int, rows: int, machine_s: float
) -> Amounts:
    """What it costs to make, keep, and query the dataset; *machine_s*: of one machine. The rest as in `costs`."""
    store = prices.store.get(scheme, prices.store[CLOUD_STORAGE])
    billed = rows * sum(_billed(column, spec) for column in Plan.of(spec).columns)
    machine = _PROCESSORS * prices.machine.vcpu_hour + _MEMORY_GIB * prices.machine.gib_hour
    return Amounts(
        month_usd=size / _GB * store.gb_month,
        writes_usd=writes / 1000 * store.thousand_writes,
        machine_usd=machine_s / HOUR_S * machine,
        bigquery_month_usd=billed / _GIB * prices.bigquery.gib_month,
        query_usd=billed / _TIB * prices.bigquery.scanned_tib,
    )


def costs(
    spec: Spec, prices: Prices, *, scheme: str, size: float, writes: int, rows: int, rows_per_s: float | None
) -> Iterator[str]:
    """Lines that say what it costs to make, keep, and query the dataset.

    *scheme*: that of the lake's address; *size* of its objects in bytes; *writes*: requests that write; *rows_per_s*:
    readings that a machine makes a second, None where that is unknown.
    """
    store = prices.store.get(scheme, prices.store[CLOUD_STORAGE])
    seconds = rows / rows_per_s if rows_per_s else 0.0
    usd = amounts(spec, prices, scheme=scheme, size=size, writes=writes, rows=rows, machine_s=seconds)
    yield (
        f"{_dollars(usd.month_usd)} a month and {_dollars(usd.writes_usd)} for"
        f" {writes:,} writes ({store.name}; list prices of {prices.as_of})"
    )
    yield (
        f"BigQuery: loading costs nothing; {_dollars(usd.bigquery_month_usd)} a month,"
        f" {_dollars(usd.query_usd)} for a query of all columns"
    )
    if rows_per_s:
        yield (
            f"machine: about {seconds / HOUR_S:,.2f} hours at this machine's rate, {_dollars(usd.machine_usd)} for"
            f" {_PROCESSORS} processors and {_MEMORY_GIB} GiB ({prices.machine.name})"
        )


def formats(
    spec: Spec, prices: Prices, *, scheme: str, sampled: Callable[[Spec], float | None]
) -> Iterator[tuple[str, str]]:
    """For each format and compression that can carry the dataset, its size and what a month of it costs.

    *sampled*: bytes of a reading where they follow from values; None where that is unknown.
    """
    store = prices.store.get(scheme, prices.store[CLOUD_STORAGE])
    for name in format_names():
        for compression in dict.fromkeys(("none", *compression_names(), *encoder_type(name).codecs)):
            options = {**spec.model_dump(), "format": name, "compression": compression, "row_group_rows": None}
            with contextlib.suppress(InvalidValue):
                other = Spec(**options)
                plan = Plan.of(other)
                row = (sampled(other) if plan.is_about else None) or plan.row_bytes
                size = plan.rows * row
                yield (
                    joined_name(name, compression),
                    f"about {size_text(size)}, {_dollars(size / _GB * store.gb_month)} a month",
                )


def _dollars(amount: float) -> str:
    return f"about ${amount:,.2f}" if amount >= 0.01 else "less than $0.01"


def _billed(column: Column, spec: Spec) -> int:
    """Bytes of a value of *column* in BigQuery."""
    if not column.is_text:
        return _BILLED_BYTES[column.bigquery_type]
    return 2 + (_MAC_CHARACTERS if column.kind == "mac" else max(map(len, spec.city_ids)))
