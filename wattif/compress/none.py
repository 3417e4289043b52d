"""No compression: objects are as the format makes them."""

from __future__ import annotations

from typing import BinaryIO

from wattif.compress.compressor import Compressor
from wattif.encode.encoder import Bytes


class NoCompression(Compressor):
    """Leaves everything as it is."""

    name = "none"
    suffix = ""
    content_type = None
    bigquery = "NONE"

    @property
    def row_width(self) -> int | None:
        """See `Compressor.row_width`."""
        return self.encoder.row_width

    @property
    def row_room(self) -> int:
        """See `Compressor.row_room`."""
        return self.encoder.row_room

    @property
    def usual_row_bytes(self) -> int:
        """See `Compressor.usual_row_bytes`."""
        return self.encoder.usual_row_bytes

    def data(self, data: Bytes) -> Bytes:
        """See `Compressor.data`."""
        return data

    @classmethod
    def reader(cls, file: BinaryIO) -> BinaryIO:
        """See `Compressor.reader`."""
        return file


COMPRESSOR = NoCompression
