"""A city as a file for `--cities`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from wattif.errors import InvalidValue, WattIfError
from wattif.model.cities import City, load_cities
from wattif.version import __version__

_WIDTH = 12  # numbers a line


def check_place(out: Path, *, overwrite: bool) -> None:
    """`InvalidValue` when no city file can, or should, be written there."""
    if out.suffix.lower() != ".toml":
        raise InvalidValue("out", out, "must end with .toml, for example mycity.toml")
    if not out.parent.is_dir():
        raise InvalidValue("out", out, f"no such folder: {out.parent}; create it or name another")
    if out.exists() and not overwrite:
        raise InvalidValue("out", out, "is there already; name another file, or replace it with `overwrite`")


def write_city(city: City, out: Path, comments: Sequence[str]) -> None:
    """Write *city* with *comments* above it; a city file that does not give the same city again is a failure."""
    lines = [f"# A city for --cities, made by wattif calibrate {__version__}", *(f"# {each}" for each in comments)]
    lines += ["", "[[city]]", *_lines(asdict(city))]
    try:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise WattIfError(f"`out` {out}: cannot be written: {error.strerror}; name another file") from None
    if load_cities(out)[city.id] != city:
        raise WattIfError(f"`out` {out}: the file does not say what was meant; report this as a fault of WattIf")


def _lines(values: Mapping[str, Any], table: str = "city") -> Iterator[str]:
    """Simple values first, then tables: TOML wants it so."""
    tables: dict[str, Mapping[str, Any]] = {}
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, Mapping) and any(isinstance(each, Mapping | tuple) for each in value.values()):
            tables[name] = value
        else:
            yield f"{name} = {_value(value)}"
    for name, value in tables.items():
        inner = f"{table}.{name}"
        if not all(isinstance(each, Mapping) or each is None for each in value.values()):
            yield ""
            yield f"[{inner}]"
        yield from _lines(value, inner)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_value(each)}" for name, each in value.items()) + " }"
    if isinstance(value, tuple):
        texts = [_value(each) for each in value]
        rows = [", ".join(texts[start : start + _WIDTH]) for start in range(0, len(texts), _WIDTH)]
        return f"[{rows[0]}]" if len(rows) == 1 else "[\n  " + ",\n  ".join(rows) + ",\n]"
    return orjson.dumps(value).decode()  # texts and numbers of JSON are those of TOML
