"""List prices of stores, warehouses and machines: `prices.toml`, or a file of the user's over it."""

from __future__ import annotations

import datetime
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wattif.errors import InvalidValue

_WAY_OUT = "name a TOML file of prices, or leave `prices` out for those that are known"
_Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str


class StorePrices(_Part):
    """Of an object store."""

    name: str
    gb_month: _Dollars  # a gigabyte, 10^9 bytes, and month
    thousand_writes: _Dollars


class BigQueryPrices(_Part):
    """Of BigQuery."""

    gib_month: _Dollars
    scanned_tib: _Dollars


class MachinePrices(_Part):
    """Of machines."""

    name: str
    vcpu_hour: _Dollars
    gib_hour: _Dollars


class Prices(BaseModel):
    """All prices, in US dollars."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: datetime.date
    store: dict[str, StorePrices]  # by the scheme of its addresses
    bigquery: BigQueryPrices
    machine: MachinePrices


def load_prices(own: Path | None = None) -> Prices:
    """The prices that WattIf knows, those of the file *own* over them; `InvalidValue` names what is wrong in it."""
    known = tomllib.loads(resources.files("wattif.engine").joinpath("prices.toml").read_text("utf-8"))
    if own is None:
        return Prices.model_validate(known)
    try:
        return Prices.model_validate(_over(known, tomllib.loads(own.read_text("utf-8"))))
    except OSError as error:
        raise InvalidValue("prices", str(own), f"cannot be read ({error.strerror}); {_WAY_OUT}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidValue("prices", str(own), f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except ValueError as error:
        raise InvalidValue("prices", str(own), f"is not TOML ({error}); {_WAY_OUT}") from None


def _over(known: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """*known* with what *own* has, part by part."""
    both = dict(known)
    for name, value in own.items():
        there = both.get(name)
        both[name] = _over(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return both
