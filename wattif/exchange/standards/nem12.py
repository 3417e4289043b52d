"""NEM12: interval readings of the Australian market, a row for each day of a meter in market time.

AEMO, Meter Data File Format Specification NEM12 & NEM13, v2.6: the number of a record's kind comes first, 100 header,
200 a meter's stream, 300 a day of it, 400 where the quality varies within the day, 900 end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from wattif.exchange import nem
from wattif.exchange.decimals import row_text
from wattif.exchange.meter_month import MeterMonth
from wattif.exchange.periods import LocalDay
from wattif.exchange.quality import Quality, qualities_of, runs_of
from wattif.exchange.standard import ExchangeFile, Standard
from wattif.model.cities import City

SUFFIXES = {"consumption_wh": "E1", "export_wh": "B1"}  # the NMI suffix: from the grid, and into it
_ALWAYS_AN_EVENT = frozenset({"61", "79", "89"})  # reasons of actual readings that must be told in a 400 record


class Nem12(Standard):
    """Energies in kWh with all digits; each 300 record is a whole day in market time."""

    name, title = "nem12", "NEM12"
    intervals_s = (300, 900, 1800)

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
        configuration = "".join(SUFFIXES[energy] for energy in file.energies)
        for meter in meters:
            for energy in file.energies:
                suffix = SUFFIXES[energy]
                names = f"{nem.nmi(meter.number)},{configuration},{suffix},{suffix},,{nem.serial_number(meter.mac)}"
                records = [f"200,{names},KWH,{file.interval_s // 60},\n"]
                for day in meter.period.days:
                    records += _day(meter, energy, day)
                stream.write("".join(records).encode("ascii"))
        nem.write_end(stream)


def _day(meter: MeterMonth, energy: str, day: LocalDay) -> Iterator[str]:
    """The 300 record of a day, and the 400 records that belong to it."""
    own = meter.between(day.start_s, day.end_s)
    runs = runs_of(qualities_of(meter.status_within(own)))
    values = row_text(meter.energy_mwh(energy, own), nem.KWH_DECIMALS)
    first = runs[0][2]
    quality = _codes(first) if all(_codes(each) == _codes(first) for _, _, each in runs) else "V,,"
    yield f"300,{day.day:%Y%m%d},{values},{quality},{nem.market_time(day.end_s)},\n"
    if quality == "V,," or first.nem_reason in _ALWAYS_AN_EVENT:
        for begin, end, each in runs:
            yield f"400,{begin + 1},{end},{_codes(each)}\n"


def _codes(quality: Quality) -> str:
    return f"{quality.nem_method},{quality.nem_reason},{quality.nem_text}"


STANDARD = Nem12
