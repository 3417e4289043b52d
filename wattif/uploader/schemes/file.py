"""``file:/folder``, or a path: a folder on this machine."""

from __future__ import annotations

from pathlib import Path

from wattif.uploader.local import LocalStore
from wattif.uploader.local_folder import check_folder
from wattif.uploader.store import Opening, Store


def open_at(rest: str, opening: Opening) -> Store:
    """The lake in the folder *rest*; see `check_folder` for what it raises."""
    check_folder(Path(rest))
    return LocalStore(Path(rest), overwrite=opening.overwrite)
