"""Whether an existing scan has the definition that is asked for.

Compared is what a user can set and what changes results: table, trigger, incremental field, rules, filters, sampling,
actions. Texts, labels and what the service adds are left out, and values that the documentation calls the same (a
threshold of 0 and of 1, sampling 0 and 100, no trigger and on demand) are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_SAME = {("samplingPercent", 100.0): 0.0, ("threshold", 0.0): 1.0}
_LEFT_OUT = {"ruleSource", "description", "catalogPublishingEnabled", "attributes", "debugQueries"}
_NOTHING: tuple[object, ...] = (None, "", 0, 0.0, False, [], {})


def differences(there: dict[str, Any], asked: dict[str, Any]) -> list[str]:
    """What differs between two scans as the REST API writes them, a phrase each; none when they mean the same."""
    mine, theirs = dict(_definition(asked)), dict(_definition(there))
    return [
        f"{name} is {_shown(theirs.get(name))} there and {_shown(mine.get(name))} here"
        for name in [*mine, *(name for name in theirs if name not in mine)]
        if theirs.get(name) != mine.get(name)
    ]


def _definition(scan: dict[str, Any]) -> Iterator[tuple[str, object]]:
    spec = dict(scan.get("dataQualitySpec", {}))
    rules = spec.pop("rules", [])
    yield from _leaves("data", scan.get("data", {}))
    execution = dict(scan.get("executionSpec", {}))
    execution.setdefault("trigger", {"onDemand": {}})
    yield from _leaves("executionSpec", execution)
    yield from _leaves("", spec)
    yield "the list of rules", ", ".join(rule.get("name", "") for rule in rules)
    for number, rule in enumerate(rules):
        yield from _leaves(f"rule {rule.get('name') or number}:", {"threshold": 0.0, **rule})


def _leaves(path: str, value: Any, key: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            if name not in _LEFT_OUT:
                joint = " " if path.endswith(":") else "." if path else ""
                yield from _leaves(f"{path}{joint}{name}", part, name)
    elif value == {}:
        yield path, "set"  # an empty message says something by being there: onDemand, nonNullExpectation
    else:
        value = _SAME.get((key, value), value) if isinstance(value, float | int) else value
        if value not in _NOTHING:
            yield path, value


def _shown(value: object) -> str:
    text = "not set" if value is None else str(value)
    return text if len(text) <= 160 else f"{text[:157]}..."
