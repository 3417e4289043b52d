"""What the verbs of the warehouse share: a report, for people or as JSON."""

from __future__ import annotations

from typing import Protocol

INTERRUPTED = "complete days stay as they are; to resume, run the same command"


class Report(Protocol):
    """What a verb did; a dataclass, so that it can be written as JSON."""

    @property
    def summary(self) -> str:
        """For people."""


def print_report(report: Report, *, as_json: bool) -> int:
    """Print it; the exit code."""
    if as_json:
        import orjson

        print(orjson.dumps(report).decode())
    else:
        print(report.summary)
    return 0
