"""From the address of a lake to its store."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from threading import Event

from wattif.errors import UsageError
from wattif.uploader import schemes
from wattif.uploader.retrying import Attempt, RetryingStore, RetryPolicy, log_attempt
from wattif.uploader.store import Opening, Store

FOLDER = "file"  # the scheme of folders, and of paths without one


def open_store(
    url: str | Path,
    *,
    threads: int = 2,
    overwrite: bool = False,
    retry: RetryPolicy | None = None,
    stop: Event | None = None,
    on_retry: Callable[[Attempt], None] = log_attempt,
) -> RetryingStore:
    """The lake at *url*: ``gs://bucket/prefix``, what else `wattif.uploader.schemes` knows, or the path of a folder.

    *threads* upload at once; *overwrite*: replace objects that hold other bytes; *retry*: how to retry a store
    that does not answer, which setting *stop* ends; *on_retry* is called with each failed attempt.
    `UsageError` when *url* is no address of a lake.
    """
    policy = retry or RetryPolicy()
    opening = Opening(threads=threads, overwrite=overwrite, retry_for_s=policy.retry_for_s)
    return RetryingStore(_store_at(str(url), opening), policy, stop, on_retry)


def opened(
    lake: Store | str | Path,
    *,
    threads: int = 2,
    overwrite: bool = False,
    retry: RetryPolicy | None = None,
    stop: Event | None = None,
    on_retry: Callable[[Attempt], None] = log_attempt,
) -> RetryingStore:
    """The lake at an address, see `open_store`; or a store that is open already, tried again in the same way."""
    if isinstance(lake, str | Path):
        return open_store(lake, threads=threads, overwrite=overwrite, retry=retry, stop=stop, on_retry=on_retry)
    return lake if isinstance(lake, RetryingStore) else RetryingStore(lake, retry, stop, on_retry)


def split_address(url: str) -> tuple[str, str]:
    """The scheme of *url*, `FOLDER` for a path, and what follows; `UsageError` when it is no address of a lake."""
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme.isalnum():
        scheme, rest = FOLDER, url.removeprefix(f"{FOLDER}:")
    elif scheme == FOLDER and not rest.startswith("/"):
        raise UsageError(f"{url}: names a folder on another machine; write file:/folder")
    known = {module.name for module in pkgutil.iter_modules(schemes.__path__)}
    if scheme not in known:
        ways = ", ".join(f"{name}://" for name in sorted(known - {FOLDER}))
        raise UsageError(f"{url}: unsupported scheme {scheme}://; write {ways}, file:/folder or a path")
    return scheme, rest


def path_address(folder: Path) -> str:
    """The address of a *folder*: its path, which begins in a way that no scheme does."""
    path = str(folder)
    return f"./{path}" if path.startswith(f"{FOLDER}:") or re.match(r"\w+:/", path) else path


def _store_at(url: str, opening: Opening) -> Store:
    scheme, rest = split_address(url)
    opened: Store = importlib.import_module(f"{schemes.__name__}.{scheme}").open_at(rest, opening)
    return opened
