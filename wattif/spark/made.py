"""What Spark reads: the rows of a table, parted into tasks on the driver and made by the executors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import pyarrow as pa
from pydantic import BaseModel, ValidationError
from pyspark.sql.datasource import Filter

from wattif.errors import InvalidValue, UsageError, choose_from
from wattif.spec.reasons import reason_of
from wattif.uploader.local import file_crc32c

AnySpec = TypeVar("AnySpec", bound=BaseModel)
Checksums = tuple[tuple[str, Path, int | None], ...]


class Made(ABC):
    """A table of one kind of data. Goes to each task."""

    @classmethod
    @abstractmethod
    def of(cls, options: Mapping[str, str]) -> Self:
        """What *options* ask for; `UsageError` when that cannot be."""

    @property
    @abstractmethod
    def types(self) -> dict[str, str]:
        """Spark's types of all columns, by name, in order."""

    @property
    @abstractmethod
    def specs(self) -> Sequence[BaseModel]:
        """What the rows follow from."""

    @abstractmethod
    def parts(self, filters: Sequence[Filter]) -> Iterable[object]:
        """What each task makes, of rows that may pass *filters*; None alone where the table is made as a whole."""

    @abstractmethod
    def batches(self, part: Any, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a *part*, with the columns *names*, of the types that Spark insists on."""

    @property
    def checksums(self) -> Checksums:
        """The files that options name, by option, as they are on this machine; None where one cannot be read."""
        named = [(name, value) for spec in self.specs for name, value in spec if isinstance(value, Path)]
        return tuple((name, path, _checksum(path)) for name, path in named)


def _checksum(path: Path) -> int | None:
    try:
        return file_crc32c(path)
    except OSError:
        return None


def spec_of(model: type[AnySpec], fields: Mapping[str, str], own: Iterable[str]) -> AnySpec:
    """The *model* with *fields*; `UsageError` says what is wrong. *own*: options that are none of its fields."""
    for name, value in fields.items():
        if name not in model.model_fields:
            raise InvalidValue(name, value, f"unknown option{choose_from(name, [*model.model_fields, *own])}")
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise UsageError("; ".join(map(_complaint, error.errors()))) from None


def _complaint(detail: Any) -> str:
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, InvalidValue):
        return str(cause)
    name = detail["loc"][0]
    if detail["type"] == "missing":
        return f"`{name}` is missing"
    return f"`{name}` {detail['input']}: {reason_of(detail)}"
