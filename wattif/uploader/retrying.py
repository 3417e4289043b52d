"""Patience with a store that does not answer: every verb is tried again, for as long as the policy says."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from wattif.errors import Interrupted, LakeError, TransferError
from wattif.uploader.store import Guard, SealedFile, Store, StoredObject, Unavailable, judged

if TYPE_CHECKING:
    from tenacity import RetryCallState

_log = logging.getLogger("wattif.uploader")
_Result = TypeVar("_Result")
_Item = TypeVar("_Item")


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """For how long an unanswering store is tried again, and how the waits between two attempts grow."""

    retry_for_s: float = 600.0  # from the first attempt on; 0: one attempt
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt that failed and will be repeated."""

    error: LakeError
    number: int  # from 1 on
    tried_for_s: float  # since the first attempt began
    wait_s: float  # until the next one


def log_attempt(attempt: Attempt) -> None:
    """Log a failed attempt."""
    _log.warning("%s; trying again in %.0f s (attempt %d)", attempt.error, attempt.wait_s, attempt.number + 1)


class Patience:
    """Tries again what is `Unavailable`: exponential waits with jitter.

    In the end that is a `TransferError`, which says for how long it was tried; `Interrupted` once *stop* is set.
    *on_retry* is called with each failed attempt, in the thread that made it.
    """

    def __init__(
        self,
        policy: RetryPolicy | None = None,
        stop: Event | None = None,
        on_retry: Callable[[Attempt], None] = log_attempt,
    ) -> None:
        self.policy = policy or RetryPolicy()
        self.stop = stop or Event()
        self.on_retry = on_retry

    def retry(self, call: Callable[[], _Result]) -> _Result:
        """What *call* gives, at the first attempt that gives anything."""
        # imported when it is needed: help and usage errors do without
        from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential
        from tenacity.nap import sleep_using_event
        from tenacity.stop import stop_when_event_set

        policy = self.policy
        backoff = wait_random_exponential(multiplier=policy.first_wait_s, max=policy.longest_wait_s)
        retrying = Retrying(
            retry=retry_if_exception_type(Unavailable),
            stop=stop_after_delay(policy.retry_for_s) | stop_when_event_set(self.stop),
            wait=lambda state: min(backoff(state), max(policy.retry_for_s - _elapsed_s(state), 0.0)),
            sleep=sleep_using_event(self.stop),
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            return retrying(call)
        except Unavailable as error:
            if self.stop.is_set():
                raise Interrupted(f"stopped while {error}") from error
            raise given_up(error, float(retrying.statistics.get("delay_since_first_attempt", 0.0))) from error

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, LakeError):
            wait_s = state.next_action.sleep if state.next_action else 0.0
            self.on_retry(
                Attempt(error=error, number=state.attempt_number, tried_for_s=_elapsed_s(state), wait_s=wait_s)
            )


def given_up(error: Unavailable, tried_for_s: float) -> TransferError:
    """What is said in the end."""
    return TransferError(f"{error}; tried for {duration(tried_for_s)}; to resume, run the same command")


class RetryingStore:
    """A store whose every verb is tried again while it is `Unavailable`: exponential waits with jitter.

    In the end that is a `TransferError`, which says for how long it was tried; `Interrupted` once *stop* is set.
    *on_retry* is called with each failed attempt, in the thread that made it. *guard* is asked at each write.
    """

    def __init__(
        self,
        store: Store,
        policy: RetryPolicy | None = None,
        stop: Event | None = None,
        on_retry: Callable[[Attempt], None] = log_attempt,
        *,
        guard: Guard | None = None,
    ) -> None:
        self._store = store
        self._guard = guard
        self._patience = Patience(policy, stop, on_retry)

    def guarded_by(self, make_guard: Callable[[Store], Guard]) -> RetryingStore:
        """The same store, which asks a guard at each write; it is made of the store that does not try again."""
        guard = make_guard(self._store)
        patience = self._patience
        return RetryingStore(self._store, patience.policy, patience.stop, patience.on_retry, guard=guard)

    @property
    def patience(self) -> Patience:
        """What tries its verbs again."""
        return self._patience

    @property
    def place(self) -> str:
        """See `Store.place`."""
        return self._store.place

    def put_files(self, files: Sequence[SealedFile], guard: Guard | None = None) -> list[StoredObject | LakeError]:
        """See `Store.put_files`; only files without a receipt are sent again, none once one is refused for good."""
        results: dict[str, StoredObject | LakeError] = {}

        def put() -> None:
            missing = [file for file in files if not isinstance(results.get(file.name), StoredObject)]
            for file, result in zip(missing, self._store.put_files(missing, guard or self._guard), strict=True):
                results[file.name] = judged(self._store, file, result)
            failed = [result for result in results.values() if isinstance(result, LakeError)]
            if failed and all(isinstance(error, Unavailable) for error in failed):
                raise failed[0]

        try:
            self._patience.retry(put)
        except TransferError as error:
            return [error if isinstance(results[f.name], LakeError) else results[f.name] for f in files]
        return [results[file.name] for file in files]

    def put_bytes(self, name: str, content: bytes, guard: Guard | None = None) -> None:
        """See `Store.put_bytes`."""
        self._patience.retry(lambda: self._store.put_bytes(name, content, guard or self._guard))

    def swap_bytes(self, name: str, old: bytes | None, new: bytes) -> bool:
        """See `Store.swap_bytes`; when an answer got lost, what lies there tells whether it was written."""
        attempts = itertools.count()

        def swap() -> bool:
            again = next(attempts) > 0
            return self._store.swap_bytes(name, old, new) or (again and self._store.get_bytes(name) == new)

        return self._patience.retry(swap)

    def get_bytes(self, name: str, most: int | None = None) -> bytes | None:
        """See `Store.get_bytes`."""
        return self._patience.retry(lambda: self._store.get_bytes(name, most))

    def fetch(self, name: str, folder: Path) -> Path:
        """See `Store.fetch`."""
        return self._patience.retry(lambda: self._store.fetch(name, folder))

    def list(self, prefix: str) -> Iterator[str]:
        """See `Store.list`; a listing that breaks off goes on after the last name that it gave."""
        return self._listing(lambda: self._store.list(prefix), lambda name: name)

    def list_objects(self, prefix: str, *, checksums: bool = True) -> Iterator[StoredObject]:
        """See `Store.list_objects`; a listing that breaks off goes on after the last object that it gave."""
        return self._listing(lambda: self._store.list_objects(prefix, checksums=checksums), lambda each: each.name)

    def open_object(self, name: str) -> BinaryIO | None:
        """See `Store.open_object`."""
        return self._patience.retry(lambda: self._store.open_object(name))

    def delete(self, names: Sequence[str], guard: Guard | None = None) -> None:
        """See `Store.delete`."""
        self._patience.retry(lambda: self._store.delete(names, guard or self._guard))

    def remove_unfinished(self) -> int:
        """See `Store.remove_unfinished`."""
        return self._patience.retry(self._store.remove_unfinished)

    def _listing(self, begin: Callable[[], Iterator[_Item]], name_of: Callable[[_Item], str]) -> Iterator[_Item]:
        items, last = begin(), ""

        def resume() -> Iterator[_Item]:
            """Begin anew behind *last*; comes back only when that is a step forward, so that the patience ends."""
            rest = itertools.dropwhile(lambda item: name_of(item) <= last, begin())
            first = list(itertools.islice(rest, 1))
            return itertools.chain(first, rest)

        while True:
            try:
                for item in items:
                    last = name_of(item)
                    yield item
                return
            except Unavailable as error:
                if not self._patience.policy.retry_for_s:
                    raise given_up(error, 0.0) from error
                items = self._patience.retry(resume)


def _elapsed_s(state: RetryCallState) -> float:
    return state.seconds_since_start or 0.0


def duration(seconds: float) -> str:
    """A span of time for people: ``6 min 14 s``, ``1 h 2 min 0 s``, ``0.4 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min {rest} s"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
