"""Why pydantic does not take a value, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_COMPLAINTS = {
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "bool_parsing": "is neither true nor false",
    "byte_size": "is not a size such as 2GiB or 500MB",
    "byte_size_unit": "is not a size such as 2GiB or 500MB",
}


def reason_of(detail: Mapping[str, Any]) -> str:
    """The reason in one of the ``ValidationError.errors()``, where a value is there to be named before it."""
    message = _COMPLAINTS.get(detail["type"])
    if message is None and detail["type"].startswith("date"):
        message = "is not a valid date; write it as YYYY-MM-DD"
    if message is None and "ctx" in detail and "error" not in detail["ctx"]:
        message = detail["msg"].replace("Input should be", "must be")
    return message or str(detail["msg"]).removeprefix("Value error, ")
