"""JSON Schema (draft 2020-12) of one row."""

from __future__ import annotations

import json
from typing import Any

from wattif.tables.column import Column
from wattif.tables.ddl.target import Source, Target

_TYPES = {"float": "number", "boolean": "boolean"}


def _property(column: Column) -> dict[str, Any]:
    kind: str = _TYPES.get(column.kind, "string")
    about: dict[str, Any] = {"description": column.meaning}
    if column.kind == "number":
        kind = "number" if column.is_decimal else "integer"
        if column.minimum != column.maximum:
            scale = 10**column.decimals
            about["minimum"], about["maximum"] = (
                bound / scale if column.is_decimal else bound for bound in (column.minimum, column.maximum)
            )
    elif column.kind == "mac":
        about["pattern"] = "^[0-9A-F]{2}(:[0-9A-F]{2}){5}$"
    elif column.kind == "json":
        about["contentMediaType"] = "application/json"
    elif column.kind in ("timestamp", "date"):
        about["format"] = "date-time" if column.kind == "timestamp" else "date"
    return {"type": [kind, "null"] if column.nullable else kind, **about}


def _write(source: Source) -> str:
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": source.name,
        "description": source.description,
        "type": "object",
        "properties": {column.name: _property(column) for column in source.columns},
        "required": [column.name for column in source.columns],
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


TARGET = Target(write=_write)
