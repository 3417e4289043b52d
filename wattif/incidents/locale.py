"""What people, streets, and telephones of a city are called: files of locales/, one a country, found where they lie.

scripts/incident_locales.py makes the shipped ones.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from wattif.model.cities import City

_FOLDER = files("wattif.incidents") / "locales"
_ELSEWHERE = "US"  # whose pools a city has when its country has no file


@dataclass(frozen=True, kw_only=True)
class Locale:
    """Of one city, so that each text that names somebody or something is drawn from a pool.

    >>> from wattif.model.cities import load_cities
    >>> berlin = locale_of(load_cities()["berlin"])
    >>> berlin.address.format(street="Uferweg", number=7), berlin.phone_number(12)
    ('Uferweg 7', '+49 30 23125 012')
    """

    country: str  # whose pools these are: ISO 3166
    language: str  # ISO 639-1
    faker: str  # the locale and version that names and streets were drawn from
    address: str  # of {street} and {number}
    unit: str  # the second line of an address, of {number}
    phone: str  # of {number}: all numbers are reserved for fiction, or belong to nobody
    phone_first: int  # the first {number}
    phone_numbers: int  # how many there are
    phone_source: str  # who reserves them
    restoration: float  # how long power takes to come back, relative to the United States
    per_usd: float  # how much of its currency as much damage costs as is a US dollar in the United States
    region: str
    postal_codes: tuple[str, ...]
    names: tuple[str, ...]  # given and family name, in the order of the country
    streets: tuple[str, ...]

    def phone_number(self, draw: int) -> str:
        """The number of a *draw*, a whole number from 0 on; draws beyond the last number begin again."""
        return self.phone.format(number=self.phone_first + draw % self.phone_numbers)


def locale_of(city: City) -> Locale:
    """The pools of the city's country, with what its file says of this very place; else those of the United States."""
    pools = _pools(city.country) or {**_pools(_ELSEWHERE), "places": {}, "region": ""}
    region = city.subdivision or pools["region"]
    known = {**pools, "region": region, **pools["places"].get(city.id, {})}
    frozen: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in known.items()}
    return Locale(**{each.name: frozen[each.name] for each in fields(Locale)})


@cache
def _pools(country: str) -> dict[str, Any]:
    """The file of a country; empty where there is none."""
    file = _FOLDER / f"{country}.json"
    pools: dict[str, Any] = orjson.loads(file.read_bytes()) if file.is_file() else {}
    return pools
