"""What may befall a request to a Cloud Storage of the tests, and the rules that say which requests it befalls."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """The request is read, nothing is done, an error is answered; *reason* and *message* are the usual when empty."""

    status: int
    reason: str = ""
    message: str = ""


@dataclass(frozen=True)
class Reset:
    """The connection is reset when that many bytes of the content were read."""

    after_bytes: int = 0


@dataclass(frozen=True)
class LoseAnswer:
    """The request is done, but the connection is reset before the answer."""


@dataclass(frozen=True)
class Stall:
    """Nothing happens for a while: before the content is read or, when *late*, between doing and answering."""

    seconds: float
    late: bool = False


@dataclass(frozen=True)
class WrongChecksum:
    """The request is done, but the answer names another CRC32C than the content has."""


@dataclass(frozen=True)
class Corrupt:
    """A bit of the content changes on its way, up or down; *unnoticed*: the server compares no checksums."""

    unnoticed: bool = False


@dataclass(frozen=True)
class CutShort:
    """The answer ends in the middle of its content; only `tests.fakes.store_proxy` can do it."""


@dataclass(frozen=True)
class KeepPart:
    """Of a chunk only that many bytes are kept: 308 with their `Range`, the rest is to be sent again."""

    size: int


Fault = Answer | Reset | LoseAnswer | Stall | WrongChecksum | Corrupt | CutShort | KeepPart


@dataclass
class _Rule:
    fault: Fault
    kind: str
    name: str
    times_left: int | None
    to_pass: int  # requests that fit, before the rule begins


class FaultPlan:
    """Rules, of which the first that fits and is not used up befalls a request."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault, kind: str, name: str, times: int | None, after: int = 0) -> None:
        """See `tests.fakes.gcs_server.GcsServer.add_fault`."""
        with self._lock:
            self._rules.append(_Rule(fault, kind, name, times, after))

    def take(self, kind: str, name: str) -> Fault | None:
        """What befalls this request; that rule has then been used once more."""
        with self._lock:
            for rule in self._rules:
                if rule.times_left != 0 and kind.startswith(rule.kind) and rule.name in name:
                    if rule.to_pass:
                        rule.to_pass -= 1
                        continue
                    rule.times_left = None if rule.times_left is None else rule.times_left - 1
                    return rule.fault
        return None
