"""Arrow's IPC stream format: batches that are read as they come."""

from __future__ import annotations

import pyarrow as pa

from wattif.encode.arrow.encoder import ArrowEncoder, Sink
from wattif.encode.arrow.reading import batches_of_stream


class ArrowStreamEncoder(ArrowEncoder):
    """Batches one after the other; the file ends with its last one."""

    name = "arrow_stream"
    extension = ".arrows"
    content_type = "application/vnd.apache.arrow.stream"
    batches = staticmethod(batches_of_stream)

    def _writer(self, sink: Sink, schema: pa.Schema) -> pa.RecordBatchStreamWriter:
        return pa.ipc.new_stream(sink, schema)


ENCODER = ArrowStreamEncoder
