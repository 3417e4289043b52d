"""The identity of a dataset: all that determines its bytes, and the fingerprint of it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

import orjson

from wattif.errors import LakeError
from wattif.lake import layout
from wattif.settings import GenerateSettings

VERSION = 1  # of the bytes: raised with every change of the model or the rows, see CHANGELOG.md


@dataclass(frozen=True)
class Dataset:
    """What determines every byte of a dataset, its last day aside: that one may move on."""

    version: int
    seed: int
    epoch: date
    city: str
    meters: int
    interval: int
    columns: str
    meters_per_file: int
    batch_files: int

    @classmethod
    def of(cls, settings: GenerateSettings, city: str) -> Dataset:
        """The dataset that *settings* ask for."""
        return cls(
            VERSION, settings.seed, settings.epoch, city, settings.meters, settings.interval,
            ",".join(settings.column_names), settings.meters_per_file, settings.batch_files,
        )  # fmt: skip

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the identity, in hexadecimal."""
        return hashlib.sha256(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def to_json(self) -> bytes:
        """The content of `_wattif/dataset.json`."""
        document = {"generator": "WattIf", **asdict(self), "fingerprint": self.fingerprint}
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    def differences(self, document: bytes, place: str) -> list[str]:
        """How the dataset that *document* describes differs from this one; empty when it is the same."""
        try:
            other: dict[str, Any] = orjson.loads(document)
            if not isinstance(other, dict):
                raise ValueError("not an object")
        except ValueError as error:
            raise LakeError(
                f"{place}/{layout.DATASET} cannot be read ({error}); remove it, or use another --prefix"
            ) from None
        own = orjson.loads(orjson.dumps(asdict(self)))
        return [
            f"{field.name} is {other.get(field.name)!r} there and {own[field.name]!r} here"
            for field in fields(self)
            if other.get(field.name) != own[field.name]
        ]
