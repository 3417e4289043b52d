"""What compresses the pages of a Parquet file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wattif.encode.encoder import Bytes
from wattif.errors import InvalidValue, choose_from

_ZSTD_LEVEL = 1  # higher ones take four times as long for 2 % fewer bytes


@dataclass(frozen=True)
class Codec:
    """A kind of compression; *number*: Parquet's own for it."""

    name: str
    number: int
    compress: Callable[[Bytes], Bytes]


def _with_arrow(name: str, level: int | None = None) -> Callable[[Bytes], Bytes]:
    import pyarrow as pa

    codec = pa.Codec(name, compression_level=level)

    def compress(data: Bytes) -> bytes:
        compressed: bytes = codec.compress(data, asbytes=True)
        return compressed

    return compress


_CODECS: dict[str, Callable[[], Codec]] = {
    "none": lambda: Codec("none", 0, lambda data: data),
    "snappy": lambda: Codec("snappy", 1, _with_arrow("snappy")),
    "zstd": lambda: Codec("zstd", 6, _with_arrow("zstd", _ZSTD_LEVEL)),
    "lz4": lambda: Codec("lz4", 7, _with_arrow("lz4_raw")),
}


CODECS = tuple(name for name in _CODECS if name != "none")


def codec_of(name: str) -> Codec:
    """The codec *name*; `InvalidValue` when there is none."""
    if name not in _CODECS:
        raise InvalidValue("compression", name, f"no compression of Parquet pages{choose_from(name, _CODECS)}")
    return _CODECS[name]()
