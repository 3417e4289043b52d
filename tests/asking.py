"""Small datasets, asked for as a library does: the spec, where it goes and how it is made in one object."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from wattif.engine import run
from wattif.engine.events import Listener, ignore
from wattif.engine.figures import Figures
from wattif.engine.run_options import RunOptions
from wattif.spec import Spec
from wattif.uploader.retrying import RetryPolicy
from wattif.uploader.store import Store


class Asked(Spec, RunOptions):
    """A spec, and how a test has it made."""

    lake: Path = Path("lake")
    bucket: str | None = None
    prefix: str = ""

    @property
    def spec(self) -> Spec:
        """What determines the dataset, alone."""
        return Spec(**{name: getattr(self, name) for name in Spec.model_fields})

    @property
    def run(self) -> RunOptions:
        """How it is made, alone."""
        return RunOptions(**{name: getattr(self, name) for name in RunOptions.model_fields})

    @property
    def place(self) -> Path | str:
        """Where it goes."""
        return self.lake / self.prefix if self.bucket is None else f"gs://{self.bucket}/{self.prefix}"


Asking = Callable[..., Asked]


def generate(
    asked: Asked,
    stop: Event | None = None,
    store: Store | None = None,
    policy: RetryPolicy | None = None,
    *,
    progress: Listener = ignore,
) -> Figures:
    """Make what was *asked* for, into *store* instead of its lake where one is given."""
    return run.generate(asked.spec, store or asked.place, asked.run, retry=policy, stop=stop, progress=progress)


def asking(values: dict[str, Any]) -> Asking:
    """Makes what differs from *values* in what is named."""

    def make(**changes: Any) -> Asked:
        return Asked(**{**values, **changes})

    return make
