"""CIM: IEC 61968-9, a message of MeterReadings, a block of a meter's readings for each stream.

Elements stand in the order of MeterReadings.xsd (profile of 2011). A time stamp is the end of its interval, ISO 8601
with the local offset.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import BinaryIO

import numpy as np

from wattif.exchange.decimals import row_text
from wattif.exchange.meter_month import MeterMonth
from wattif.exchange.quality import NOT_SENT, QUALITIES, Quality, qualities_of, runs_of
from wattif.exchange.standard import ExchangeFile, Standard
from wattif.exchange.xml_writer import XmlWriter, form_of
from wattif.model.cities import City
from wattif.numeric.calendar import month_after
from wattif.numeric.local_days import offsets_of

_MESSAGE, _READINGS = "http://iec.ch/TC57/2011/schema/message", "http://iec.ch/TC57/2011/MeterReadings#"
_PERIODS = {300: 6, 900: 2, 1800: 5, 3600: 7}  # measuringPeriod of a ReadingType
_DIRECTIONS = {"consumption_wh": 1, "export_wh": 19}  # flowDirection: forward, reverse
_SENDER = "WATTIF"
_WH_DECIMALS = 3


class Cim(Standard):
    """Energies in Wh with all digits. What never came is a reading without a value, whose quality says so."""

    name, title = "cim", "CIM"
    intervals_s = tuple(_PERIODS)

    @classmethod
    def time_zone_of(cls, city: City) -> str:
        """See `Standard.time_zone_of`: the city's own."""
        return city.time_zone

    def file_name(self, file: ExchangeFile) -> str:
        """See `Standard.file_name`."""
        return f"cim-{file.month:%Y%m}-{file.first_meter:08d}-{file.last_meter:08d}.xml"

    def write(self, stream: BinaryIO, file: ExchangeFile, meters: Iterable[MeterMonth]) -> None:
        """See `Standard.write`."""
        with XmlWriter(stream) as xml, xml.element("EventMessage", {"xmlns": _MESSAGE}):
            with xml.element("Header"):
                xml.leaf("Verb", "created")
                xml.leaf("Noun", "MeterReadings")
                xml.leaf("Revision", "2.0")
                xml.leaf("Timestamp", f"{month_after(file.month)}T00:00:00Z")
                xml.leaf("Source", _SENDER)
                xml.leaf("MessageID", uuid.uuid5(uuid.NAMESPACE_URL, self.file_name(file)))
            with xml.element("Payload"), xml.element("MeterReadings", {"xmlns": _READINGS}):
                for meter in meters:
                    with xml.element("MeterReading"):
                        for energy in file.energies:
                            _write_block(xml, meter, energy)
                        _write_meter(xml, meter)
                        _write_interval(xml, meter)


def reading_type(energy: str, interval_s: int) -> str:
    """The 18 fields of a ReadingType: how often, differences (4), direction, electricity (1), energy (12), Wh (72)."""
    return f"0.0.{_PERIODS[interval_s]}.4.{_DIRECTIONS[energy]}.1.12.0.0.0.0.0.0.0.0.0.72.0"


def _write_block(xml: XmlWriter, meter: MeterMonth, energy: str) -> None:
    stamps = _time_stamps(
        meter.period.time_zone, meter.period.start_s + meter.interval_s, meter.period.end_s, meter.interval_s
    )
    values = row_text(meter.energy_mwh(energy), _WH_DECIMALS).split(",")
    with xml.element("IntervalBlocks"):
        for first, end, quality in runs_of(qualities_of(meter.status_within())):
            numbers = (stamps[first:end],) if quality.flag == NOT_SENT else (stamps[first:end], values[first:end])
            xml.fill(_forms()[quality], zip(*numbers, strict=True))
        xml.leaf("ReadingType", attributes={"ref": reading_type(energy, meter.interval_s)})


@cache
def _forms() -> dict[Quality, str]:
    """A reading of each quality, with holes for its time stamp and its value."""

    def reading(quality: Quality) -> str:
        def write(xml: XmlWriter) -> None:
            with xml.element("IntervalReadings"):
                xml.leaf("timeStamp", "%s")
                if quality.flag != NOT_SENT:
                    xml.leaf("value", "%s")
                with xml.element("ReadingQualities"):
                    xml.leaf("ReadingQualityType", attributes={"ref": quality.cim})

        return form_of(write)

    return {each: reading(each) for each in QUALITIES}


def _write_meter(xml: XmlWriter, meter: MeterMonth) -> None:
    with xml.element("Meter"):
        xml.leaf("mRID", meter.mac_text)
        with xml.element("Names"):
            xml.leaf("name", meter.number)
            with xml.element("NameType"):
                xml.leaf("name", "meter number")
                with xml.element("NameTypeAuthority"):
                    xml.leaf("name", _SENDER)


def _write_interval(xml: XmlWriter, meter: MeterMonth) -> None:
    period = meter.period
    start, end = _time_stamps(period.time_zone, period.start_s, period.end_s, period.end_s - period.start_s)
    with xml.element("valuesInterval"):
        xml.leaf("end", end)
        xml.leaf("start", start)


@lru_cache(maxsize=64)
def _time_stamps(time_zone: str, first_s: int, last_s: int, step_s: int) -> list[str]:
    """Moments from the first to the last one, by the clock of a time zone: ``2024-03-31T03:00:00+02:00``."""
    moments = np.arange(first_s, last_s + 1, step_s)
    stamps: list[str] = []
    for since_s, until_s, offset_s in offsets_of(time_zone, first_s, last_s + 1):
        hours, minutes = divmod(abs(offset_s) // 60, 60)
        offset = f"{'-' if offset_s < 0 else '+'}{hours:02d}:{minutes:02d}"
        own = moments[(moments >= since_s) & (moments < until_s)] + offset_s
        stamps += [f"{local}{offset}" for local in own.astype("datetime64[s]")]
    return stamps


STANDARD = Cim
