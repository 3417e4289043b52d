"""The fields of a reading, declared once: rows, Arrow types, warehouses and docs are derived from here.

{"mac":"02:1A:7F:00:3B:C9","timestamp":"2024-01-01T19:26:40Z","consumption_wh":   8.743,"power_w":  3147,
 "voltage_v":230.1,"current_a":   9.85,"power_factor":0.998,"frequency_hz":50.018,"register_kwh":   23464.571,
 "status":0}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from wattif.errors import UsageError
from wattif.model import quantities

READINGS = "readings"
POWER_MAX_W = 9_999_999
NEGATIVE_POWER_MAX_W = 999_999  # the sign takes the place of a digit
SEQ_MAX = 99_999_999


@dataclass(frozen=True)
class Field:
    """One field of a reading.

    A number is an integer of 10^-decimals units between *minimum* and *maximum* (both in such integers); its
    text always has room for the widest value of the range.
    """

    name: str
    kind: Literal["mac", "timestamp", "city", "number"]
    unit: str
    description: str
    obis: str = ""
    quantity: int = -1  # column of a block of readings, see `wattif.model.quantities`
    decimals: int = 0
    minimum: int = 0
    maximum: int = 0
    optional: bool = False  # only written when it is asked for

    @property
    def whole_digits(self) -> int:
        """Digits before the point of the widest value."""
        return len(str(self.maximum // 10**self.decimals))


def reading_fields(interval_s: int) -> dict[str, Field]:
    """All fields of a reading by name, in their default order; the range of an energy grows with the interval."""
    fields = (
        Field("mac", "mac", "", "the meter: a locally administered unicast MAC address"),
        Field("timestamp", "timestamp", "UTC", "start of the interval, RFC 3339"),
        Field(
            "consumption_wh", "number", "Wh", "energy imported in the interval", "1.8.0 difference",
            quantities.CONSUMPTION_MWH, 3, 0, POWER_MAX_W * 1000 * interval_s // 3600,
        ),
        Field(
            "power_w", "number", "W", "mean active power of the interval; negative where a meter has the wrong sign",
            "1.7.0", quantities.POWER_W, 0, -NEGATIVE_POWER_MAX_W, POWER_MAX_W,
        ),
        Field("voltage_v", "number", "V", "voltage", "32.7.0", quantities.VOLTAGE_DV, 1, 0, 9_999),
        Field("current_a", "number", "A", "current", "31.7.0", quantities.CURRENT_CA, 2, 0, 9_999_999),
        Field(
            "power_factor", "number", "", "active over apparent power", "13.7.0",
            quantities.POWER_FACTOR_MILLI, 3, 0, 1_000,
        ),
        Field(
            "frequency_hz", "number", "Hz", "mains frequency, shared by the whole grid", "14.7.0",
            quantities.FREQUENCY_MHZ, 3, 40_000, 70_000,
        ),
        Field(
            "register_kwh", "number", "kWh", "import register at the end of the interval", "1.8.0",
            quantities.REGISTER_WH, 3, 0, 10**11 - 1,
        ),
        Field(
            "status", "number", "", "quality flags: 0 good, 1 voltage outside its limits, 2 no supply", "",
            quantities.STATUS, 0, 0, 9,
        ),
        Field("city_id", "city", "", "the city that the meter is in", optional=True),
        Field(
            "export_wh", "number", "Wh", "energy exported in the interval", "2.8.0 difference",
            quantities.EXPORT_MWH, 3, 0, POWER_MAX_W * 1000 * interval_s // 3600, optional=True,
        ),
        Field(
            "export_register_kwh", "number", "kWh", "export register at the end of the interval", "2.8.0",
            quantities.EXPORT_REGISTER_WH, 3, 0, 10**11 - 1, optional=True,
        ),
        Field(
            "seq", "number", "", "number of the interval since the dataset's epoch, without gaps", "",
            quantities.SEQ, 0, 0, SEQ_MAX, optional=True,
        ),
    )  # fmt: skip
    return {field.name: field for field in fields}


FIELD_NAMES: tuple[str, ...] = tuple(reading_fields(10))
DEFAULT_NAMES: tuple[str, ...] = tuple(field.name for field in reading_fields(10).values() if not field.optional)


def select_fields(columns: Sequence[str], interval_s: int) -> tuple[Field, ...]:
    """The fields named by *columns*, in that order; `UsageError` for an unknown, doubled or missing name."""
    fields = reading_fields(interval_s)
    for name in columns:
        if name not in fields:
            raise UsageError(f"--columns: there is no column {name!r}; choose from {', '.join(fields)}")
    if not columns:
        raise UsageError(f"--columns: name at least one of {', '.join(fields)}")
    if len(set(columns)) < len(columns):
        raise UsageError(f"--columns: {', '.join(columns)} names a column twice")
    return tuple(fields[name] for name in columns)
