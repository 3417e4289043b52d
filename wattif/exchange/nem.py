"""What NEM12 and NEM13 files of the Australian market have in common: its time, names, first and last record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from wattif.exchange.standard import ExchangeFile
from wattif.numeric.calendar import month_after

MARKET_TIME = "Etc/GMT-10"  # ten hours ahead of UTC, all year, wherever the meter is
_AHEAD = timedelta(hours=10)
_SENDER, _RECEIVER = "WATTIF", "RETAILER"  # ParticipantID of the meter data provider, and of who asked
KWH_DECIMALS = 6  # of an energy in mWh
REGISTER_DECIMALS = 3  # of a register in Wh


def nmi(meter: int) -> str:
    """The National Metering Identifier of a meter's connection point, made up: ten characters without the checksum."""
    return f"WF{meter:08d}"


def serial_number(mac: int) -> str:
    """A meter's MAC address in twelve hexadecimal digits: as many as a MeterSerialNumber has room for."""
    return f"{mac:012X}"


def market_time(moment_s: int, form: str = "%Y%m%d%H%M%S") -> str:
    """A moment, in seconds since 1970, in market time."""
    return f"{datetime.fromtimestamp(moment_s, UTC) + _AHEAD:{form}}"


def file_name(version: str, file: ExchangeFile) -> str:
    """As the specification wants it: version, unique identifier, from, to."""
    unique = f"{file.month:%Y%m}-{file.first_meter:08d}-{file.last_meter:08d}"
    return f"{version.lower()}#{unique}#{_SENDER}#{_RECEIVER}.csv"


def write_header(stream: BinaryIO, version: str, file: ExchangeFile) -> None:
    """The 100 record. The file says to be of the moment at which its month has passed, so that its bytes stay."""
    _write(stream, f"100,{version},{month_after(file.month):%Y%m%d}0000,{_SENDER},{_RECEIVER}\n")


def write_end(stream: BinaryIO) -> None:
    """The 900 record."""
    _write(stream, "900\n")


def _write(stream: BinaryIO, text: str) -> None:
    stream.write(text.encode("ascii"))
