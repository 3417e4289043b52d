"""Rows that are no JSON any more, whoever reads them, and that still are one line."""

from __future__ import annotations

from collections.abc import Sequence

from wattif.encode.template import RowTemplate

_JUNK = b"#?~^%$@!"  # none of them may follow a name in JSON; ASCII, so that labels can quote it
_JUNK_MAX = 12  # bytes


def colons_of(template: RowTemplate) -> tuple[int, ...]:
    """Where a row has the colons that follow its names."""
    return tuple(template.text.rindex(b'":', 0, offset) + 1 for offset in template.offsets.values())


def cut(row: bytes, bits: int) -> bytes:
    """The beginning of *row*, without its closing brace and line feed: 1 byte at least."""
    return row[: 1 + bits % (len(row) - 2)]


def corrupt(row: bytes, colons: Sequence[int], bits: int) -> tuple[bytes, str]:
    """*row* cut, or overwritten from one of its *colons* on, with a line feed at the end; and what was done."""
    if bits & 1:
        return cut(row, bits >> 1) + b"\n", "cut"
    start = colons[(bits >> 1) % len(colons)]
    end = min(start + 1 + (bits >> 16) % _JUNK_MAX, len(row) - 1)
    junk = bytes(_JUNK[(bits >> (20 + 3 * n)) % len(_JUNK)] for n in range(end - start))
    return row[:start] + junk + row[end:], f"{end - start} bytes overwritten"
