"""Arrow's files and streams, whoever wrote them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from wattif.encode.encoder import Bytes


def batches_of_file(content: Bytes) -> Iterator[pa.RecordBatch]:
    """See `wattif.encode.columnar.ColumnarEncoder.batches`."""
    try:
        with pa.ipc.open_file(pa.BufferReader(content)) as file:
            for number in range(file.num_record_batches):
                yield _checked(file.get_batch(number))
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"no Arrow file: {_first_line(error)}") from None


def batches_of_stream(content: Bytes) -> Iterator[pa.RecordBatch]:
    """See `wattif.encode.columnar.ColumnarEncoder.batches`; a stream that was cut between two batches is not whole."""
    try:
        reader = pa.BufferReader(content)
        with pa.ipc.open_stream(reader) as stream:
            yield from map(_checked, stream)
        if bytes(memoryview(content)[-len(_END) :]) != _END:
            raise pa.ArrowInvalid("it has no end")
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"no Arrow stream: {_first_line(error)}") from None


_END = b"\xff\xff\xff\xff\0\0\0\0"


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    batch.validate(full=True)  # texts of damaged bytes would be read where there are none
    return batch


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]
