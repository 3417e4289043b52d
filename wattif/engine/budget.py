"""How much may wait in staging, and what to do when the disk is full all the same."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Event

from wattif.errors import Interrupted

_TICK_S = 0.2  # how soon a waiting thread notices that the run was stopped


class Budget:
    """A semaphore of bytes and files: producers wait in it while staging is full, so the disk never fills."""

    def __init__(self, limit_bytes: int, limit_files: int, stop: Event, will_free: Callable[[], bool]) -> None:
        """*will_free* tells whether files in staging are on their way into the lake."""
        self._limit_bytes = limit_bytes
        self._limit_files = limit_files
        self._stop = stop
        self._will_free = will_free
        self._changed = Condition()
        self._bytes = 0
        self._files = 0
        self._releases = 0
        self._writers = 0
        self._waiting_writers = 0

    def acquire(self, size: int, files: int = 1) -> None:
        """Take *size* bytes for so many files, waiting until they are free; `Interrupted` when the run stops first."""
        with self._changed:
            while self._bytes + size > self._limit_bytes or self._files + files > self._limit_files:
                self._wait()
            self._bytes += size
            self._files += files

    def give_back(self, size: int, files: int) -> None:
        """Give back what was taken and not needed; no room on the disk comes of it."""
        with self._changed:
            self._bytes -= size
            self._files -= files
            self._changed.notify_all()

    def release(self, size: int) -> None:
        """Give back the bytes of a file that has left staging."""
        with self._changed:
            self._bytes -= size
            self._files -= 1
            self._releases += 1
            self._changed.notify_all()

    def writer_begins(self) -> None:
        """A file is being made."""
        with self._changed:
            self._writers += 1

    def writer_ends(self) -> None:
        """It is sealed, and its batch handed on when it was the last one; or it failed."""
        with self._changed:
            self._writers -= 1

    def wait_for_space(self) -> bool:
        """The disk is full: wait until a file has left staging. True when none will: then try a last time.

        That is so when no batch is on its way and every other writer waits too; those go on waiting while
        this one tries.
        """
        with self._changed:
            seen = self._releases
            self._waiting_writers += 1
            try:
                while self._releases == seen:
                    if self._waiting_writers == self._writers and not self._will_free():
                        return True
                    self._wait()
                return False
            finally:
                self._waiting_writers -= 1

    def _wait(self) -> None:
        if self._stop.is_set():
            raise Interrupted("stopped")
        self._changed.wait(_TICK_S)
