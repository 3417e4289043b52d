"""A batch's way: sealed -> uploading -> confirmed by the lake -> manifest written -> deleted from staging."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from tenacity.nap import sleep_using_event
from tenacity.stop import stop_when_event_set

from wattif.errors import Interrupted, LakeError, TransferError
from wattif.uploader.store import SealedFile, Store, StoredObject, Unavailable

_log = logging.getLogger("wattif.uploader")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how patiently to try again, on top of the cloud client's own retries."""

    attempts: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0


class Consumer:
    """Brings batches into a store and commits them. Threads may share it; *stop* ends its waiting."""

    def __init__(self, store: Store, stop: Event, policy: RetryPolicy | None = None) -> None:
        self._store = store
        self._stop = stop
        self._policy = policy or RetryPolicy()

    def retrying(self, call: Callable[[], _Result]) -> _Result:
        """*call*, tried again while it is `Unavailable`: exponential waits with jitter; `TransferError` in the end."""
        try:
            return Retrying(
                retry=retry_if_exception_type(Unavailable),
                stop=stop_after_attempt(self._policy.attempts) | stop_when_event_set(self._stop),
                wait=wait_random_exponential(multiplier=self._policy.first_wait_s, max=self._policy.longest_wait_s),
                sleep=sleep_using_event(self._stop),
                before_sleep=_log_attempt,
                reraise=True,
            )(call)
        except Unavailable as error:
            if self._stop.is_set():
                raise Interrupted(f"stopped while {error}") from error
            raise TransferError(f"{error}; gave up for now, run the same command again to go on") from error

    def move(
        self,
        files: Sequence[SealedFile],
        manifest_name: str,
        manifest: bytes,
        discard: Callable[[SealedFile, StoredObject], None],
    ) -> None:
        """Upload *files*, have each confirmed, write the manifest, then hand each to *discard* with its receipt.

        Raises `LakeError` when that cannot be done; then nothing is discarded, and whatever the lake already
        holds is found there the next time.
        """
        receipts: dict[str, StoredObject] = {}
        self.retrying(lambda: self._upload_missing(files, receipts))
        self.retrying(lambda: self._store.put_bytes(manifest_name, manifest))
        for file in files:
            discard(file, receipts[file.name])

    def _upload_missing(self, files: Sequence[SealedFile], receipts: dict[str, StoredObject]) -> None:
        """One attempt at the files that have no receipt yet; every file's own result counts."""
        missing = [file for file in files if file.name not in receipts]
        failed: list[LakeError] = []
        for file, result in zip(missing, self._store.put_files(missing), strict=True):
            if isinstance(result, LakeError):
                failed.append(result)
            elif not result.matches(file):
                failed.append(
                    Unavailable(
                        f"{self._store.place}/{file.name} has {result.size} bytes with CRC32C {result.crc32c:#010x},"
                        f" but {file.size} bytes with {file.crc32c:#010x} were sent"
                    )
                )
            else:
                receipts[file.name] = result
        final = [error for error in failed if not isinstance(error, Unavailable)]
        if failed:
            raise (final or failed)[0]


def _log_attempt(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    wait_s = state.next_action.sleep if state.next_action else 0.0
    _log.warning("%s; trying again in %.0f s (attempt %d)", error, wait_s, state.attempt_number + 1)
