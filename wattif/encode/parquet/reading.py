"""Parquet objects, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from wattif.encode.encoder import Bytes

_BATCH_ROWS = 10_000


def batches(content: Bytes) -> Iterator[pa.RecordBatch]:
    """See `wattif.encode.columnar.ColumnarEncoder.batches`."""
    try:
        yield from pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True).iter_batches(_BATCH_ROWS)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"no Parquet file: {(str(error).splitlines() or [''])[0]}") from None
