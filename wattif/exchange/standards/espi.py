"""Green Button: NAESB REQ.21 ESPI, an Atom feed of usage points, reading types, and a block for each local day.

Entries are those of a file for download; elements stand in the order of espi.xsd. Times are seconds since 1970, UTC.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import BinaryIO

from wattif.exchange.dst_rules import local_time
from wattif.exchange.meter_month import MeterMonth
from wattif.exchange.periods import LocalDay
from wattif.exchange.quality import GOOD, QUALITIES, Quality, qualities_of, runs_of
from wattif.exchange.standard import ExchangeFile, Standard
from wattif.exchange.xml_writer import XmlWriter, form_of
from wattif.model.cities import City
from wattif.numeric.calendar import month_after

_ATOM, _ESPI = "http://www.w3.org/2005/Atom", "http://naesb.org/espi"
_ROOT = "espi/1_1/resource"  # of references
_NUMBERS = {"consumption_wh": "01", "export_wh": "02"}  # of a meter's streams
_TITLES = {"consumption_wh": "Energy delivered", "export_wh": "Energy received"}
_DIRECTIONS = {"consumption_wh": 1, "export_wh": 19}  # forward, reverse
_DEFAULT = next(each.espi for each in QUALITIES if each.flag == GOOD)  # quality of readings that tell of no other


class Espi(Standard):
    """Energies in whole mWh, with the power of ten that says so."""

    name, title = "espi", "Green Button"
    intervals_s = (300, 900, 1800, 3600)

    @classmethod
    def time_zone_of(cls, city: City) -> str:
        """See `Standard.time_zone_of`: the city's own."""
        return city.time_zone

    def file_name(self, file: ExchangeFile) -> str:
        """See `Standard.file_name`."""
        return f"espi-{file.month:%Y%m}-{file.first_meter:08d}-{file.last_meter:08d}.xml"

    def write(self, stream: BinaryIO, file: ExchangeFile, meters: Iterable[MeterMonth]) -> None:
        """See `Standard.write`."""
        with XmlWriter(stream) as xml, xml.element("feed", {"xmlns": _ATOM, "xmlns:espi": _ESPI}):
            feed = _Feed(xml, file)
            feed.head(self.file_name(file))
            for meter in meters:
                feed.add(meter)


class _Feed:
    """A feed in the making."""

    def __init__(self, xml: XmlWriter, file: ExchangeFile) -> None:
        self._xml = xml
        self._file = file
        self._forms = _forms(file.interval_s)
        self._shared: set[str] = set()  # references of entries that meters share

    def head(self, name: str) -> None:
        """What a feed begins with."""
        self._xml.leaf("id", _urn(name))
        self._xml.leaf("title", f"Green Button data, {self._file.month:%B %Y}")
        self._xml.leaf("updated", self._made)
        self._xml.leaf("link", attributes={"rel": "self", "href": name})

    def add(self, meter: MeterMonth) -> None:
        """The entries of a meter, and of what it shares with others if they are not there yet."""
        time_zone = meter.period.time_zone
        clock = f"{_ROOT}/LocalTimeParameters/" + time_zone.replace("/", "-")
        point = f"{_ROOT}/UsagePoint/{meter.number}"
        if self._is_new(clock):
            with self._entry(clock, time_zone):
                self._write_clock(time_zone)
        with self._entry(point, meter.mac_text, f"{point}/MeterReading", clock):
            self._write_usage_point()
        for energy in self._file.energies:
            kind, own = f"{_ROOT}/ReadingType/{_NUMBERS[energy]}", f"{point}/MeterReading/{_NUMBERS[energy]}"
            if self._is_new(kind):
                with self._entry(kind, _TITLES[energy]):
                    self._write_reading_type(energy)
            with self._entry(own, _TITLES[energy], f"{own}/IntervalBlock", kind):
                self._xml.leaf("espi:MeterReading")
            for day in meter.period.days:
                part = meter.between(day.start_s, day.end_s)
                runs = runs_of(qualities_of(meter.status_within(part)))
                if any(each.espi is not None for _, _, each in runs):
                    with self._entry(f"{own}/IntervalBlock/{day.day:%Y%m%d}", ""):
                        self._write_block(day, runs, meter.energy_mwh(energy, part).tolist())

    def _is_new(self, reference: str) -> bool:
        known = reference in self._shared
        self._shared.add(reference)
        return not known

    @property
    def _made(self) -> str:
        return f"{month_after(self._file.month)}T00:00:00Z"

    @contextmanager
    def _entry(self, reference: str, title: str, *related: str) -> Iterator[None]:
        """An entry, whose content is written within it."""
        with self._xml.element("entry"):
            self._xml.leaf("id", _urn(reference))
            up = reference.rpartition("/")[0]
            for relation, target in (("self", reference), ("up", up), *(("related", each) for each in related)):
                self._xml.leaf("link", attributes={"rel": relation, "href": target})
            self._xml.leaf("title", title)
            with self._xml.element("content"):
                yield
            self._xml.leaf("published", self._made)
            self._xml.leaf("updated", self._made)

    def _write_usage_point(self) -> None:
        with self._xml.element("espi:UsagePoint"), self._xml.element("espi:ServiceCategory"):
            self._xml.leaf("espi:kind", 0)  # electricity

    def _write_clock(self, time_zone: str) -> None:
        own = local_time(time_zone, self._file.month.year)
        with self._xml.element("espi:LocalTimeParameters"):
            self._xml.leaf("espi:dstEndRule", own.end_rule)
            self._xml.leaf("espi:dstOffset", own.summer_s)
            self._xml.leaf("espi:dstStartRule", own.start_rule)
            self._xml.leaf("espi:tzOffset", own.standard_s)

    def _write_reading_type(self, energy: str) -> None:
        with self._xml.element("espi:ReadingType"):
            self._xml.leaf("espi:accumulationBehaviour", 4)  # what came since the last reading
            self._xml.leaf("espi:commodity", 1)  # electricity
            self._xml.leaf("espi:dataQualifier", 12)  # normal
            self._xml.leaf("espi:defaultQuality", _DEFAULT)
            self._xml.leaf("espi:flowDirection", _DIRECTIONS[energy])
            self._xml.leaf("espi:intervalLength", self._file.interval_s)
            self._xml.leaf("espi:kind", 12)  # energy
            self._xml.leaf("espi:phase", 0)  # not told
            self._xml.leaf("espi:powerOfTenMultiplier", -3)
            self._xml.leaf("espi:timeAttribute", 0)  # the interval says it
            self._xml.leaf("espi:uom", 72)  # Wh

    def _write_block(self, day: LocalDay, runs: list[tuple[int, int, Quality]], values: list[int]) -> None:
        """The readings of a local day, but those that never came."""
        starts_s = range(day.start_s, day.end_s, self._file.interval_s)
        with self._xml.element("espi:IntervalBlock"):
            with self._xml.element("espi:interval"):
                self._xml.leaf("espi:duration", day.end_s - day.start_s)
                self._xml.leaf("espi:start", day.start_s)
            for first, end, quality in runs:
                if quality.espi is not None:
                    numbers = zip(starts_s[first:end], values[first:end], strict=True)
                    self._xml.fill(self._forms[quality.espi], numbers)


@cache
def _forms(interval_s: int) -> dict[int, str]:
    """A reading of each quality, with holes for its start and its value."""

    def reading(quality: int) -> str:
        def write(xml: XmlWriter) -> None:
            with xml.element("espi:IntervalReading"):
                if quality != _DEFAULT:
                    with xml.element("espi:ReadingQuality"):
                        xml.leaf("espi:quality", quality)
                with xml.element("espi:timePeriod"):
                    xml.leaf("espi:duration", interval_s)
                    xml.leaf("espi:start", "%d")
                xml.leaf("espi:value", "%d")

        return form_of(write)

    return {each.espi: reading(each.espi) for each in QUALITIES if each.espi is not None}


def _urn(reference: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, reference).urn


STANDARD = Espi
