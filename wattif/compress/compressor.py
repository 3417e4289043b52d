"""What a compression is: how the bytes of an object in some format become fewer."""

from __future__ import annotations

import copy
from typing import BinaryIO, ClassVar, Self

from wattif.encode.encoder import Bytes, Encoder
from wattif.tables.block import Block


class Compressor:
    """Compresses objects of *encoder*. A new compression is a subclass in a file of its own; see `wattif.compress`.

    Threads may share a compressor. Bytes that it gives are valid until the thread's next call.
    """

    name: ClassVar[str]  # as `compression` calls it
    suffix: ClassVar[str]  # of objects' names, after the format's extension
    content_type: ClassVar[str | None]  # None: the format's
    bigquery: ClassVar[str | None]  # as BigQuery calls it; None: it reads no such files
    damage: ClassVar[tuple[type[Exception], ...]] = ()  # what its `reader` raises
    bigquery_most_bytes: ClassVar[int | None] = None  # of a file that BigQuery reads

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    @classmethod
    def refuses(cls, encoder: Encoder) -> str | None:
        """Why objects of *encoder* cannot be compressed, in words; None when they can."""
        return None

    @property
    def row_width(self) -> int | None:
        """Bytes of every row; None when the size of an object shows only when it is made."""
        return None

    @property
    def row_room(self) -> int:
        """Most bytes that a row takes."""
        raise NotImplementedError

    @property
    def object_room(self) -> int:
        """Most bytes that an object takes besides its rows."""
        return self.encoder.object_room

    @property
    def usual_row_bytes(self) -> int:
        """About so many bytes a row takes."""
        return self.row_width or self.row_room

    def open(self, encoder: Encoder) -> Self:
        """A compressor for one object of *encoder*: `block` and `data` any number of times, then `finish`."""
        own = copy.copy(self)
        own.encoder = encoder
        return own

    def block(self, block: Block) -> Bytes:
        """The compressed bytes of all rows of *block*."""
        return self.data(self.encoder.encode(block))

    def data(self, data: Bytes) -> Bytes:
        """The compressed bytes of *data*, which may be empty."""
        raise NotImplementedError

    def finish(self) -> Bytes:
        """The last bytes of an object."""
        return b""

    @classmethod
    def reader(cls, file: BinaryIO) -> BinaryIO:
        """The content of an object as it was before; reading raises one of `damage` where *file* is damaged."""
        raise NotImplementedError
