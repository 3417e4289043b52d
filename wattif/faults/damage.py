"""Lines that no reader of their format accepts any more, and that still are one line: for formats that are text."""

from __future__ import annotations

from wattif.encode.encoder import Encoder
from wattif.errors import InvalidValue
from wattif.faults.rates import FaultRates
from wattif.tables.fault_kinds import FaultKind

_JUNK = b"#?~^%$@!"  # none of them may begin a value; ASCII, so that labels can quote it
_JUNK_MAX = 12  # bytes


def cut(encoder: Encoder, row: bytes, bits: int) -> bytes:
    """The beginning of *row*: 1 byte at least."""
    return row[: 1 + bits % encoder.most_left(row)]


def corrupt(encoder: Encoder, row: bytes, bits: int) -> tuple[bytes, str]:
    """*row* cut, or overwritten from one of its weak places on, with a line feed at the end; and what was done."""
    if bits & 1:
        return cut(encoder, row, bits >> 1) + b"\n", "cut"
    weak_places = encoder.weak_places(row)
    start = weak_places[(bits >> 1) % len(weak_places)]
    end = min(start + 1 + (bits >> 16) % _JUNK_MAX, len(row) - 1)
    junk = bytes(_JUNK[(bits >> (20 + 3 * n)) % len(_JUNK)] for n in range(end - start))
    return row[:start] + junk + row[end:], f"{end - start} bytes overwritten"


def check_format(rates: FaultRates, encoder: Encoder) -> None:
    """`InvalidValue` when objects of the format cannot carry one of the faults asked for."""
    for kind in FaultKind:
        if kind.needs_lines and getattr(rates, kind) and not encoder.is_text:
            raise InvalidValue(
                "faults",
                kind,
                f"objects of the `format` {encoder.name} have no lines that could be damaged; leave {kind} out, or"
                " choose a format that is text",
            )
