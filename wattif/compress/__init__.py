"""Compression of objects, one file a kind: the module of this package that is called like it, with its `COMPRESSOR`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from wattif.compress.compressor import Compressor
from wattif.encode import encoder_type, format_names
from wattif.encode.encoder import Encoder
from wattif.errors import InvalidValue, choose_from

NONE = "none"
_SEAM = "compressor"  # the module that is no compression
_BETWEEN = "+"  # the format's name and the compression's, where a dataset names both


def compression_names() -> tuple[str, ...]:
    """The names of all compressions."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != _SEAM))


def compressor_type(name: str) -> type[Compressor]:
    """The compression *name*, imported now; `InvalidValue` when there is none."""
    if name not in compression_names():
        raise InvalidValue("compression", name, f"unknown compression{choose_from(name, compression_names())}")
    found: type[Compressor] = importlib.import_module(f"{__name__}.{name}").COMPRESSOR
    return found


def file_compression(encoder: type[Encoder], name: str) -> type[Compressor]:
    """What the compression *name* does to whole files of a format; `InvalidValue` when the format does not take it."""
    if not encoder.codecs:
        within = [each for each in format_names() if name in encoder_type(each).codecs]
        if within and name not in compression_names():
            raise InvalidValue(
                "compression",
                name,
                f"files of the `format` {encoder.name} do not take it, those of {' and '.join(within)} do;"
                f" choose {' or '.join(compression_names())}, or another `format`",
            )
        return compressor_type(name)
    if name not in (NONE, *encoder.codecs):
        raise InvalidValue(
            "compression",
            name,
            f"the `format` {encoder.name} takes none or, within its files, {', '.join(encoder.codecs)}",
        )
    return compressor_type(NONE)


def compressor_of(name: str, encoder: Encoder) -> Compressor:
    """What compresses objects of *encoder*; `InvalidValue` when it does not take its format."""
    kind = file_compression(type(encoder), name)
    if name in encoder.codecs:
        return kind(encoder.with_codec(name))
    reason = kind.refuses(encoder)
    if reason is not None:
        raise InvalidValue("compression", name, f"{reason}; choose another, or another `format`")
    return kind(encoder)


def compressions() -> Iterator[type[Compressor]]:
    """All of them."""
    return map(compressor_type, compression_names())


def compression_of(object_name: str) -> type[Compressor]:
    """The compression of an object, by the ending of its name."""
    return max(
        (each for each in compressions() if object_name.endswith(each.suffix)), key=lambda each: len(each.suffix)
    )


def format_of(object_name: str) -> type[Encoder]:
    """The format of an object, by what its name ends with before the ending of a compression."""
    plain = object_name.removesuffix(compression_of(object_name).suffix)
    return next(each for each in map(encoder_type, format_names()) if plain.endswith(each.extension))


@contextmanager
def plain_file(path: Path) -> Iterator[BinaryIO]:
    """The content of a file of an object as it was before it was compressed."""
    with path.open("rb") as file, compression_of(path.name).reader(file) as plain:
        yield plain


def joined_name(format_name: str, compression: str) -> str:
    """What a dataset calls its format: with the compression, where there is one."""
    return format_name if compression == NONE else f"{format_name}{_BETWEEN}{compression}"


def split_name(name: str) -> tuple[str, str]:
    """Format and compression, out of a `joined_name`."""
    format_name, _, compression = name.partition(_BETWEEN)
    return format_name, compression or NONE
