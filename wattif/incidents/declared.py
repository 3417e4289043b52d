"""Files of TOML that declare something of incidents: read into a model; what is wrong is told by file and key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from wattif.errors import UsageError

STRICT = ConfigDict(frozen=True, extra="forbid")
_Model = TypeVar("_Model", bound=BaseModel)


def read_toml(file: Traversable, place: str, example: str) -> dict[str, Any]:
    """What *file* holds; *place* is its name in messages, *example* a file that is as it should be.

    `UsageError` when it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{place}: not TOML: {error}; see {example}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{place}: cannot be read: {reason}; name a TOML file, see {example}") from None


def validated(model: type[_Model], content: Mapping[str, Any], place: str, example: str, what: str) -> _Model:
    """*content* as a *model*, which is *what* in messages; `UsageError` has a line for each fault."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = (f"{place}: {_explain(each, what)}; see {example}" for each in error.errors())
        raise UsageError("\n".join(faults)) from None


def _explain(detail: Any, what: str) -> str:
    """One line for one of pydantic's complaints."""
    where = ".".join(str(each + 1) if isinstance(each, int) else each for each in detail["loc"])
    if detail["type"] == "missing":
        return f"{where} is missing; add it"
    if detail["type"] == "extra_forbidden":
        return f"{where} is not a key of {what}; correct or remove it"
    given = "" if isinstance(detail["input"], dict | list) else f" = {detail['input']!r}"
    message = str(detail["msg"]).removeprefix("Value error, ").replace("Input should", "must")
    return f"{where}{given}: {message}" if where else message
