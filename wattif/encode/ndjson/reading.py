"""What NDJSON rows say, whoever wrote or damaged them."""

from __future__ import annotations

import re
from functools import cache

import orjson

_FIELD = re.compile(rb'"([^"]*)":\s*("[^"]*"|[^,}]*)')


@cache
def _text_of(column: str) -> re.Pattern[bytes]:
    return re.compile(rb'"%s":\s*(?:"([^"]*)"|([^",}\s]+)(?=[,}\s]))' % re.escape(column.encode()))


def field_in(row: bytes, column: str) -> bytes | None:
    """See `wattif.encode.encoder.Encoder.field_in`; texts without their quotes."""
    match = _text_of(column).search(row)
    return None if match is None else match[1] if match[1] is not None else match[2]


def fields_in(row: bytes) -> dict[str, bytes] | None:
    """See `wattif.encode.encoder.Encoder.fields_in`; texts with their quotes."""
    try:
        readable = isinstance(orjson.loads(row), dict)
    except ValueError:
        readable = False
    if not readable:
        return None
    return {name.decode("utf-8", "backslashreplace"): value.strip() for name, value in _FIELD.findall(row)}
