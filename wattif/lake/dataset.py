"""The identity of a dataset: all that determines its bytes, and the fingerprint of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

import orjson

from wattif.errors import LakeError
from wattif.lake import layout
from wattif.settings import GenerateSettings
from wattif.world.cities import City

_NAMES = {"epoch": "the first day of the month of --start", "version": "the version of the bytes"}
VERSION = 2  # of the bytes: raised with every change of the model or the rows, see CHANGELOG.md


@dataclass(frozen=True)
class Dataset:
    """What determines every byte of a dataset, its last day aside: that one may move on."""

    version: int
    seed: int
    epoch: date
    cities: str  # each city's id, and the beginning of the SHA-256 of its figures
    class_mix: str
    solar_share: float
    ev_share: float
    meters: int
    interval: int
    columns: str
    meters_per_file: int
    batch_files: int

    @classmethod
    def of(cls, settings: GenerateSettings, cities: Sequence[City]) -> Dataset:
        """The dataset that *settings* ask for, in *cities*."""
        figures = (f"{city.id}:{hashlib.sha256(repr(city).encode()).hexdigest()[:12]}" for city in cities)
        return cls(
            VERSION, settings.seed, settings.epoch, ",".join(figures), str(settings.class_shares or "each city's own"),
            settings.solar_share, settings.ev_share, settings.meters, settings.interval,
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
                f"{place}/{layout.DATASET} cannot be read ({error});"
                " replace the dataset with --overwrite, or use another --prefix"
            ) from None
        own = orjson.loads(orjson.dumps(asdict(self)))
        return [
            f"{_NAMES.get(field.name, field.name)} is {other.get(field.name)!r} there and {own[field.name]!r} here"
            for field in fields(self)
            if other.get(field.name) != own[field.name]
        ]
