"""The exceptions of WattIf. Each message names the thing, the place and the way out, in one line.

WattIfError              exit code 1
├── UsageError           exit code 2: the settings are wrong
├── StagingError         the staging folder: locked, full, gone
├── LakeError            the lake: refused, missing, holds something else
│   └── TransferError    a batch could not be moved, however often it was tried
├── WarehouseError       tables and the checks on them: refused, missing, defined otherwise
└── Interrupted          exit code 130: Ctrl-C or SIGTERM
"""

from __future__ import annotations


class WattIfError(Exception):
    """Something failed; nothing that was sealed is lost, and the same command goes on from here."""

    exit_code = 1


class UsageError(WattIfError):
    """What was asked for cannot be done as asked."""

    exit_code = 2


class StagingError(WattIfError):
    """The staging folder cannot be used."""


class LakeError(WattIfError):
    """The lake cannot be used."""


class TransferError(LakeError):
    """Files could not be brought into the lake."""


class WarehouseError(WattIfError):
    """A table, or a check on it, cannot be used."""


class Interrupted(WattIfError):
    """The user asked the run to stop."""

    exit_code = 130
