"""Text that every terminal, file and pipe can take."""

from __future__ import annotations

import codecs
import io
import sys

_PLAIN = {
    "\u2026": "...",
    "\u2013": "-",
    "\u2014": "-",
    "\u2192": "->",
    "\u00d7": "x",
    "\u00b7": "*",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
}
_HANDLER = "wattif.plain"


def _as_plain_text(error: UnicodeError) -> tuple[str, int]:
    """What an encoding cannot express: its plain form, or else its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    plain = (_PLAIN.get(each) or each.encode("ascii", "backslashreplace").decode("ascii") for each in text)
    return "".join(plain), error.end


def print_in_any_encoding() -> None:
    """Let standard output and error print everything, whatever their encoding."""
    codecs.register_error(_HANDLER, _as_plain_text)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)
