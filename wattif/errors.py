"""The exceptions of WattIf. Each message names the thing, the place and the way out, in one line.

WattIfError              exit code 1
├── UsageError           exit code 2: what was asked for cannot be done
│   └── InvalidValue     a field has a value that it cannot have; also a ValueError
├── StagingError         the staging folder: locked, full, gone
├── LakeError            exit code 3: the lake is missing, refuses, or holds something else
│   └── TransferError    a batch could not be moved, however often it was tried
├── EngineError          exit code 3: the cluster does not answer, is of another version, lost its workers
├── WarehouseError       tables and the checks on them: refused, missing, defined otherwise
└── Interrupted          exit code 130: SIGINT, SIGTERM or SIGHUP

A message names a field in backticks (`staging_dir`); the command line shows it as its option (--staging-dir).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class WattIfError(Exception):
    """Something failed. No sealed file is lost, and the same command resumes."""

    exit_code = 1


class UsageError(WattIfError):
    """What was asked for cannot be done as asked."""

    exit_code = 2


class InvalidValue(UsageError, ValueError):
    """A *field* has a *value* that it cannot have (None: it has none); the *reason* says why, and the way out."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"`{field}`: {reason}" if value is None else f"`{field}` {value}: {reason}")
        self.field = field
        self.value = value
        self.reason = reason

    def __reduce__(self) -> tuple[type[InvalidValue], tuple[str, object, str]]:
        """Come through a pickle whole: from one process to another."""
        return type(self), (self.field, self.value, self.reason)


class StagingError(WattIfError):
    """The staging folder cannot be used."""


class LakeError(WattIfError):
    """The lake cannot be used."""

    exit_code = 3


class TransferError(LakeError):
    """Files could not be brought into the lake."""


class WarehouseError(WattIfError):
    """A table, or a check on it, cannot be used."""


class EngineError(WattIfError):
    """The cluster that does the work cannot be used."""

    exit_code = 3


class Interrupted(WattIfError):
    """The user asked the run to stop."""

    exit_code = 130


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean NAME?`` with the *known* name that is nearest to *name*; empty when none is near."""
    nearest = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {nearest[0]}?" if nearest else ""


def choose_from(name: str, known: Iterable[str]) -> str:
    """The way out when *name* is none of those that are *known*: the nearest of them, and all."""
    names = list(known)
    nearest = did_you_mean(name, names)
    return f"{nearest} Choose from {', '.join(names)}" if nearest else f"; choose from {', '.join(names)}"
