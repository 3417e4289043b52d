"""Write the page as a whole, or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

from wattif.errors import InvalidValue, WattIfError

_ENDINGS = (".html", ".htm")


def check_place(out: Path, *, overwrite: bool) -> None:
    """`InvalidValue` when no page can, or should, be written there."""
    if out.suffix.lower() not in _ENDINGS:
        raise InvalidValue("out", out, "must end with .html, for example map.html")
    if not out.parent.is_dir():
        raise InvalidValue("out", out, f"no such folder: {out.parent}; create it or name another")
    if out.is_dir():
        raise InvalidValue("out", out, "is a folder; name a file")
    if out.exists() and not overwrite:
        raise InvalidValue("out", out, "is there already; name another file, or replace it with `overwrite`")


def write_page(text: str, out: Path) -> int:
    """Write *text* to *out*, in place of what is there, and return its size in bytes."""
    content = text.encode("utf-8")
    try:
        with tempfile.TemporaryDirectory(prefix=".wattif-map-", dir=out.parent) as folder:
            (Path(folder) / out.name).write_bytes(content)
            (Path(folder) / out.name).replace(out)
    except OSError as error:
        raise WattIfError(f"`out` {out}: cannot be written: {error.strerror}; name another file") from None
    return len(content)
