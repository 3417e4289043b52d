"""What each standard calls the quality of a reading: one table for all of them.

Sources of the codes:

- NEM12: AEMO, *Meter Data File Format Specification NEM12 & NEM13*, v2.6, appendices C (quality flags: A actual, S
  substituted), D (method flags of smart meters: 17 linear, 19 zero) and E (reason codes). A reason is mandatory with S,
  and with A where the meter recorded an outage (79), a reset of its time (89) or tampering (61); 0 brings its own text.
  An interval must have a value and can have one reason.
- ESPI: NAESB REQ.21, enumeration *QualityOfReading*: 9 estimated by linear interpolation, 10 questionable (failed one
  or more checks), 14 raw (not validated), 16 other. A block may leave a reading out.
- CIM: IEC 61968-9, annex D, *ReadingQualityType*: the system that says so (1 the device, 3 the meter-data management),
  a category (1 diagnostics, 2 power quality, 3 tamper, 4 data collection, 5 reasonability, 8 estimated), and an index
  within it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wattif.model.quantities import Status

NOT_SENT = -1  # in place of the flags of a reading whose row never came
GOOD = 0


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The codes of a reading."""

    flag: int  # of `Status`; or `NOT_SENT`, or `GOOD`
    nem_method: str  # quality flag and method flag
    nem_reason: str = ""
    nem_text: str = ""  # of reason 0
    espi: int | None  # None: there is no such reading
    cim: str


# A reading has the codes of the first line that is true of it.
QUALITIES = (
    Quality(flag=NOT_SENT, nem_method="S19", nem_reason="78", espi=None, cim="3.5.259"),  # zero, null data
    Quality(flag=Status.ESTIMATED, nem_method="S17", nem_reason="24", espi=9, cim="3.8.0"),  # replaced data
    Quality(flag=Status.COVER_OPENED, nem_method="A", nem_reason="61", espi=10, cim="1.3.1"),
    Quality(flag=Status.NO_SUPPLY, nem_method="A", nem_reason="79", espi=16, cim="1.2.32"),
    Quality(flag=Status.POWER_FAIL, nem_method="A", nem_reason="79", espi=16, cim="1.2.32"),
    Quality(flag=Status.CLOCK_INVALID, nem_method="A", nem_reason="89", espi=10, cim="1.1.9"),
    Quality(flag=Status.REGISTER_RESET, nem_method="A", nem_reason="87", espi=16, cim="1.4.8"),
    Quality(flag=Status.VOLTAGE, nem_method="A", nem_reason="0", nem_text=Status.VOLTAGE.meaning, espi=16, cim="1.2.0"),
    Quality(flag=GOOD, nem_method="A", espi=14, cim="1.0.0"),
)


def qualities_of(status: NDArray[np.int64]) -> NDArray[np.intp]:
    """The place in `QUALITIES` of each reading with such flags (or `NOT_SENT`)."""
    found = np.full(len(status), len(QUALITIES) - 1, np.intp)
    if not status.any():
        return found
    for place in range(len(QUALITIES) - 2, 0, -1):
        found[(status & QUALITIES[place].flag) != 0] = place
    found[status == NOT_SENT] = 0
    return found


def runs_of(qualities: NDArray[np.intp]) -> list[tuple[int, int, Quality]]:
    """Stretches of one quality, as first and end place, and what it is."""
    cuts = [0, *(np.flatnonzero(np.diff(qualities)) + 1).tolist(), len(qualities)]
    return [(first, end, QUALITIES[qualities[first]]) for first, end in pairwise(cuts)]
