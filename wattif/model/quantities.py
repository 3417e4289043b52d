"""What a meter measures: the columns of a block of readings, as scaled integers, each declared once.

A block is an int64 array of shape (meters, `COUNT`, readings of a day). The unit of each column is that of the
last digit that is written, so that no digit of a row is ever rounded twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

CONSUMPTION_MWH = 0  # energy imported in the interval, mWh
POWER_W = 1  # mean active power, W
VOLTAGE_DV = 2  # 0.1 V
CURRENT_CA = 3  # 0.01 A
POWER_FACTOR_MILLI = 4  # 0.001
FREQUENCY_MHZ = 5  # mHz
REGISTER_WH = 6  # import register at the end of the interval, Wh
STATUS = 7  # quality flags, 0 = good
EXPORT_MWH = 8  # energy exported in the interval, mWh
EXPORT_REGISTER_WH = 9  # export register at the end of the interval, Wh
SEQ = 10  # number of the interval since the dataset's epoch
COUNT = 11
ELECTRICAL = frozenset({VOLTAGE_DV, CURRENT_CA, POWER_FACTOR_MILLI, FREQUENCY_MHZ})  # computed only where asked for

POWER_MAX_W = 9_999_999
LARGEST_MWH_PER_SECOND = POWER_MAX_W * 1000 // 3600  # of an energy that was made larger
NEGATIVE_POWER_MAX_W = 999_999  # the sign takes the place of a digit
REGISTER_MAX_WH = 10**11 - 1  # eight digits before the point
VOLTAGE_MAX_DV = 9_999
SEQ_MAX = 99_999_999


class Status(IntFlag):
    """What a meter, or who reads it, knows to be wrong with a reading; `meaning` says what."""

    VOLTAGE = 1, "voltage outside its limits"
    NO_SUPPLY = 2, "no supply"
    POWER_FAIL = 4, "first after a power cut"
    CLOCK_INVALID = 8, "clock not set"
    ESTIMATED = 16, "estimated"
    REGISTER_RESET = 32, "register reset"
    COVER_OPENED = 64, "cover opened"

    meaning: str

    def __new__(cls, bit: int, meaning: str) -> Status:
        """The flag of *bit*."""
        flag = int.__new__(cls, bit)
        flag._value_ = bit
        flag.meaning = meaning
        return flag


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One of them: an integer of 10^-decimals units between *minimum* and *maximum*, both in such integers."""

    number: int  # its column in a block
    name: str  # of the field of a reading
    unit: str
    description: str
    obis: str = ""  # IEC 62056-61, where it has one
    decimals: int = 0
    minimum: int = 0
    maximum: int
    optional: bool = False  # part of a reading only when it is asked for


def quantities_of(interval_s: int) -> tuple[Quantity, ...]:
    """All of them, in the order of a reading's fields; the range of an energy grows with the interval."""
    energy_max_mwh = POWER_MAX_W * 1000 * interval_s // 3600
    return (
        Quantity(
            number=CONSUMPTION_MWH,
            name="consumption_wh",
            unit="Wh",
            description="energy imported in the interval",
            obis="1.8.0 difference",
            decimals=3,
            maximum=energy_max_mwh,
        ),
        Quantity(
            number=POWER_W,
            name="power_w",
            unit="W",
            description="mean active power of the interval; negative where a meter has the wrong sign",
            obis="1.7.0",
            minimum=-NEGATIVE_POWER_MAX_W,
            maximum=POWER_MAX_W,
        ),
        Quantity(
            number=VOLTAGE_DV,
            name="voltage_v",
            unit="V",
            description="voltage",
            obis="32.7.0",
            decimals=1,
            maximum=VOLTAGE_MAX_DV,
        ),
        Quantity(
            number=CURRENT_CA,
            name="current_a",
            unit="A",
            description="current",
            obis="31.7.0",
            decimals=2,
            maximum=9_999_999,
        ),
        Quantity(
            number=POWER_FACTOR_MILLI,
            name="power_factor",
            unit="",
            description="active over apparent power",
            obis="13.7.0",
            decimals=3,
            maximum=1_000,
        ),
        Quantity(
            number=FREQUENCY_MHZ,
            name="frequency_hz",
            unit="Hz",
            description="mains frequency, shared by the whole grid",
            obis="14.7.0",
            decimals=3,
            minimum=40_000,
            maximum=70_000,
        ),
        Quantity(
            number=REGISTER_WH,
            name="register_kwh",
            unit="kWh",
            description="import register at the end of the interval",
            obis="1.8.0",
            decimals=3,
            maximum=REGISTER_MAX_WH,
        ),
        Quantity(
            number=STATUS,
            name="status",
            unit="",
            description=f"quality flags, summed: 0 good, {', '.join(f'{flag:d} {flag.meaning}' for flag in Status)}",
            maximum=sum(Status),
        ),
        Quantity(
            number=EXPORT_MWH,
            name="export_wh",
            unit="Wh",
            description="energy exported in the interval",
            obis="2.8.0 difference",
            decimals=3,
            maximum=energy_max_mwh,
            optional=True,
        ),
        Quantity(
            number=EXPORT_REGISTER_WH,
            name="export_register_kwh",
            unit="kWh",
            description="export register at the end of the interval",
            obis="2.8.0",
            decimals=3,
            maximum=REGISTER_MAX_WH,
            optional=True,
        ),
        Quantity(
            number=SEQ,
            name="seq",
            unit="",
            description="number of the interval since the dataset's epoch, without gaps",
            maximum=SEQ_MAX,
            optional=True,
        ),
    )
