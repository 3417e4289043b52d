"""NEM13: register reads of the Australian market, a row for each month of a meter in market time.

AEMO, Meter Data File Format Specification NEM12 & NEM13, v2.6: 100 header, 250 two reads and the energy between them,
550 why they were taken, 900 end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from wattif.exchange import nem
from wattif.exchange.decimals import number_text
from wattif.exchange.meter_month import MeterMonth
from wattif.exchange.quality import NOT_SENT
from wattif.exchange.standard import ExchangeFile, Standard
from wattif.model.cities import City
from wattif.model.quantities import Status

# of each column of energy: NMI suffix of an accumulation register, and whether energy leaves the grid (E) or enters it
_SUFFIXES = {"consumption_wh": ("11", "E"), "export_wh": ("12", "I")}
_DIAL_DIGITS = 8  # before the point, of the widest register
_LEAST_DIGITS = 5  # of a dial
_BELOW_PREVIOUS = "18"  # reason: read less than previous
_SCHEDULED = "550,N,,N,\n"  # both reads were normal ones


@dataclass(kw_only=True)
class _Read:
    """What a register showed, and what the meter told to have used since."""

    register_wh: int
    moment_s: int
    since_mwh: int = 0


class Nem13(Standard):
    """Registers in kWh. A read is the last one that came by the end of the month and was not estimated."""

    name, title = "nem13", "NEM13"
    intervals_s = (300, 900, 1800, 3600)

    def __init__(self) -> None:
        self._reads: dict[tuple[int, str], _Read] = {}  # the last one of each meter and register

    @classmethod
    def time_zone_of(cls, city: City) -> str:
        """See `Standard.time_zone_of`: market time, everywhere."""
        return nem.MARKET_TIME

    def file_name(self, file: ExchangeFile) -> str:
        """See `Standard.file_name`."""
        return nem.file_name(self.title, file)

    def write(self, stream: BinaryIO, file: ExchangeFile, meters: Iterable[MeterMonth]) -> None:
        """See `Standard.write`."""
        nem.write_header(stream, self.title, file)
        configuration = "".join(_SUFFIXES[energy][0] for energy in file.energies)
        for meter in meters:
            for energy in file.energies:
                stream.write(self._records(meter, energy, configuration).encode("ascii"))
        nem.write_end(stream)

    def _records(self, meter: MeterMonth, energy: str, configuration: str) -> str:
        """The 250 and 550 records of a register; none when no read came since the last one."""
        key = meter.number, energy
        previous = self._reads.get(key) or _first_read(meter, energy)
        if previous is None:
            return ""
        current = _last_read(meter, energy, meter.period.end_s)
        start_s = max(previous.moment_s, meter.period.start_s)
        until_s = meter.period.end_s if current is None else max(current.moment_s, start_s)
        used_mwh = previous.since_mwh + _sum_mwh(meter, energy, start_s, until_s)
        if current is None or current.moment_s <= previous.moment_s:
            previous.since_mwh = used_mwh + _sum_mwh(meter, energy, until_s, meter.period.end_s)
            self._reads[key] = previous
            return ""
        current.since_mwh = _sum_mwh(meter, energy, until_s, meter.period.end_s)
        self._reads[key] = current
        quantity_wh, reason = _quantity(previous, current, used_mwh)
        suffix, direction = _SUFFIXES[energy]
        names = f"{nem.nmi(meter.number)},{configuration},{suffix},{suffix},,{nem.serial_number(meter.mac)},{direction}"
        quantity = number_text(quantity_wh, nem.REGISTER_DECIMALS)
        return (
            f"250,{names},{_shown(previous)},A,,,{_shown(current)},A,{reason},,{quantity},KWH,,"
            f"{nem.market_time(meter.period.end_s)},\n{_SCHEDULED}"
        )


def _first_read(meter: MeterMonth, energy: str) -> _Read | None:
    """The last read by the beginning of the month, or else the first one within it."""
    before = _last_read(meter, energy, meter.period.start_s)
    if before is not None:
        return before
    read = np.flatnonzero(_is_read(meter, meter.period.end_s))
    return _read(meter, energy, int(read[0])) if len(read) else None


def _last_read(meter: MeterMonth, energy: str, until_s: int) -> _Read | None:
    read = np.flatnonzero(_is_read(meter, until_s))
    return _read(meter, energy, int(read[-1])) if len(read) else None


def _is_read(meter: MeterMonth, until_s: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Of each reading until *until_s*: whether its row came, and is not an estimate."""
    status = meter.status_within(meter.between(meter.first_s, until_s))
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (status != NOT_SENT) & (status & Status.ESTIMATED == 0)
    return found


def _read(meter: MeterMonth, energy: str, place: int) -> _Read:
    """The register at the end of the reading at *place*."""
    moment_s = meter.first_s + (place + 1) * meter.interval_s
    return _Read(register_wh=int(meter.register_wh(energy)[place]), moment_s=moment_s)


def _sum_mwh(meter: MeterMonth, energy: str, start_s: int, end_s: int) -> int:
    return int(meter.energy_mwh(energy, meter.between(start_s, end_s)).sum())


def _quantity(previous: _Read, current: _Read, used_mwh: int) -> tuple[int, str]:
    """The energy between two reads in Wh, and the reason code where they do not tell it.

    A register that is lower than before went round its dial, if the way is what the intervals tell, or up to twice
    that, since rows may be missing. Otherwise the meter was exchanged or reset: the energy is that of the intervals.
    """
    used_wh, difference_wh = used_mwh // 1000, current.register_wh - previous.register_wh
    if difference_wh >= 0:
        return difference_wh, ""
    dial_kwh = 10 ** max(len(str(previous.register_wh // 1000)), _LEAST_DIGITS)
    around_wh = difference_wh + dial_kwh * 1000
    return (around_wh, "") if used_wh <= around_wh <= 2 * used_wh + 1 else (used_wh, _BELOW_PREVIOUS)


def _shown(read: _Read) -> str:
    return f"{number_text(read.register_wh, nem.REGISTER_DECIMALS, _DIAL_DIGITS)},{nem.market_time(read.moment_s)}"


STANDARD = Nem13
