"""What a spec asks to go wrong on the way, read and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from wattif.errors import InvalidValue, choose_from
from wattif.spec import Spec
from wattif.tables.fault_kinds import ROW_KINDS, FaultKind

_EXAMPLE = "duplicate=0.001,late=0.002:6h,drop=0.0005,out_of_order=0.001,corrupt=0.0001,schema_drift=2024-01-15"
_UNIT_S = {"s": 1, "m": 60, "h": 3600}
_DRIFTS = ("added", "renamed")


@dataclass(frozen=True)
class FaultRates:
    """How often each fault happens: shares of the rows, of the files or of the batches."""

    duplicate: float = 0.0  # of rows: sent twice
    late: float = 0.0  # of rows: delivered in a later object of the same partition
    late_s: int = 6 * 3600  # how late at most
    drop: float = 0.0  # of rows: never delivered
    out_of_order: float = 0.0  # of rows: delivered after later ones of the same meter
    corrupt: float = 0.0  # of rows: cut or garbled, so that they are no JSON any more
    partial_line: float = 0.0  # of files: the last line ends early
    file_missing: float = 0.0  # of files: never arrive
    batch_twice: float = 0.0  # of batches: delivered a second time under other names
    schema_drift: date | None = None  # from this day on the rows have another schema
    drift: str = "added"  # or "renamed": what happens to it

    @property
    def of_rows(self) -> float:
        """Share of the rows to which anything happens by itself."""
        return float(sum(getattr(self, kind) for kind in ROW_KINDS))

    @property
    def copies(self) -> int:
        """How often a row is delivered at most, because of these faults."""
        return (2 if self.duplicate else 1) * (2 if self.batch_twice else 1)

    @property
    def objects_per_file(self) -> int:
        """Objects that a file of the clean dataset becomes at most."""
        return (2 if self.late else 1) * (2 if self.batch_twice else 1)

    @property
    def delivered_share(self) -> float:
        """Rows delivered for each row of the clean dataset, on average."""
        return (1 + self.duplicate - self.drop) * (1 + self.batch_twice) * (1 - self.file_missing)

    def __bool__(self) -> bool:
        return self != replace(FaultRates(), late_s=self.late_s, drift=self.drift)

    def __str__(self) -> str:
        """The same for the same faults, however they were written."""
        parts = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value and field.name not in ("late_s", "drift"):
                detail = {"late": f":{self.late_s}s", "schema_drift": f":{self.drift}"}.get(field.name, "")
                parts.append(f"{field.name}={value}{detail}")
        return ",".join(parts) or "none"


_SHARES = tuple(str(kind) for kind in FaultKind if kind.share_of)


def rates_of(spec: Spec) -> FaultRates:
    """What *spec* asks to go wrong; `InvalidValue` names what cannot be read."""
    return read_rates(spec.faults)


def read_rates(text: str) -> FaultRates:
    """*text* as rates; `InvalidValue` names what cannot be read."""
    rates = FaultRates()
    seen: set[str] = set()
    if text.strip() == "none":
        return rates
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name in seen:
            raise InvalidValue("faults", text, f"names {name} twice")
        seen.add(name)
        if name == FaultKind.SCHEMA_DRIFT:
            rates = _with_drift(rates, value, part)
        elif name in _SHARES:
            rates = _with_share(rates, name, value, part)
        else:
            way_out = choose_from(name, FaultKind)
            raise InvalidValue("faults", part, f"unknown fault{way_out}, for example {_EXAMPLE}")
    if rates.of_rows > 1:
        raise InvalidValue("faults", text, "the shares of rows sum to more than 1; lower them")
    return rates


def _with_share(rates: FaultRates, name: str, value: str, part: str) -> FaultRates:
    share_text, _, delay = value.partition(":")
    try:
        share = float(share_text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InvalidValue("faults", part, f"must be a share between 0 and 1, for example {name}=0.001")
    changes: dict[str, Any] = {name: share}
    if not delay:
        return replace(rates, **changes)
    match = re.fullmatch(r"(\d{1,5})([smh])", delay)
    if name != "late":
        raise InvalidValue(
            "faults", part, "only late takes a delay, as in late=0.002:6h; leave out what follows the colon"
        )
    if match is None or match[1].strip("0") == "":
        raise InvalidValue("faults", part, f"{delay} is not a delay; write it as 6h, 30m, or 90s")
    return replace(rates, late=share, late_s=int(match[1]) * _UNIT_S[match[2]])


def _with_drift(rates: FaultRates, value: str, part: str) -> FaultRates:
    day, _, drift = value.partition(":")
    try:
        return replace(rates, schema_drift=date.fromisoformat(day), drift=_DRIFTS[_DRIFTS.index(drift or "added")])
    except ValueError:
        raise InvalidValue(
            "faults",
            part,
            "must be a day, and optionally what happens to the schema, for example"
            f" schema_drift=2024-01-15 or schema_drift=2024-01-15:renamed (or :{_DRIFTS[0]})",
        ) from None
