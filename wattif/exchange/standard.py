"""What a standard of exchange files is: its rules of time, and how a month of meters becomes a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, ClassVar

from wattif.errors import InvalidValue
from wattif.exchange.meter_month import MeterMonth
from wattif.model.cities import City


@dataclass(frozen=True, kw_only=True)
class ExchangeFile:
    """What a file is about: some consecutive meters in a month."""

    month: date  # its first day, in the standard's time
    first_meter: int
    last_meter: int
    interval_s: int
    energies: tuple[str, ...]  # the columns of energy that the dataset has


class Standard(ABC):
    """One of them. An instance writes the files of some meters, month after month."""

    name: ClassVar[str]
    title: ClassVar[str]
    intervals_s: ClassVar[tuple[int, ...]]  # that its files can have

    @classmethod
    @abstractmethod
    def time_zone_of(cls, city: City) -> str:
        """The IANA name of the time zone whose days the files of *city* have."""

    @classmethod
    def check_interval(cls, interval_s: int) -> None:
        """`InvalidValue` when its files cannot have readings at this interval."""
        if interval_s not in cls.intervals_s:
            fitting = ", ".join(map(str, cls.intervals_s))
            reason = f"{cls.title} has readings every {fitting} seconds; choose one of these"
            raise InvalidValue("interval", interval_s, reason)

    @abstractmethod
    def file_name(self, file: ExchangeFile) -> str:
        """The file's name, without a folder."""

    @abstractmethod
    def write(self, stream: BinaryIO, file: ExchangeFile, meters: Iterable[MeterMonth]) -> None:
        """Write the whole file; *meters* are made while they are asked for, and each is valid until the next."""
