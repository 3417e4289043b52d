"""Make wattif/incidents/locales/<COUNTRY>.json: what people, streets, and telephones of a country are called.

    python scripts/incident_locales.py            write the files
    python scripts/incident_locales.py --check    exit 1 when a file differs from what would be written

Faker is a development requirement: names and streets are drawn from it once, here, so that no byte of a dataset depends
on an installed library. A name is a given and a family name drawn apart: whoever bears it does so by chance. What Faker
does not know of a country stands in incident_locales.toml.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faker

FOLDER = Path(__file__).resolve().parent.parent / "wattif" / "incidents" / "locales"
FACTS = Path(__file__).with_suffix(".toml")
SIZE = 400
_NAME = re.compile(r"[^\W\d_]+(-[^\W\d_]+)* [^\W\d_]+(-[^\W\d_]+)*")  # letters alone: no quote, comma, or title
_STREET = re.compile(r"\d*[^\W\d_]+([ -][^\W\d_]+)*(\d丁目)?")


@dataclass(frozen=True, kw_only=True)
class Country:
    """A table of incident_locales.toml, which says what the keys are."""

    faker: str
    region: str
    places: dict[str, dict[str, str]]
    language: str = "en"
    address: str = "{number} {street}"
    unit: str = "Unit {number}"
    phone: str = "+1 555-01{number:02d}"
    phone_numbers: int = 100
    restoration: float = 1.0
    per_usd: float = 1.0
    phone_source: str = "NANPA, 555-0100 to 555-0199 for fictional use"
    family_names: str = ""
    family_first: bool = False
    ends: list[str] = field(default_factory=list)


def plain(text: str) -> str:
    """Without accents, as Spanish family names are written in the Philippines."""
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def distinct(draw: Callable[[], str], allowed: Callable[[str], bool]) -> list[str]:
    """The first *SIZE* different texts of *draw* that are *allowed*, sorted."""
    found: set[str] = set()
    for _ in range(200 * SIZE):
        text = draw()
        if allowed(text):
            found.add(text)
        if len(found) == SIZE:
            return sorted(found)
    raise SystemExit(f"Faker gives only {len(found)} texts such as {draw()!r} instead of {SIZE}")


def generator(locale: str, seed: str) -> Any:
    made = faker.Faker(locale)
    made.seed_instance(seed)
    return made


def names(country: Country, seed: str, well_known: set[str]) -> list[str]:
    people = generator(country.faker, seed)
    families = generator(country.family_names, seed) if country.family_names else people

    def draw() -> str:
        given, family = people.first_name(), families.last_name()
        family = plain(family) if country.family_names else family
        return f"{family} {given}" if country.family_first else f"{given} {family}"

    return distinct(draw, lambda name: bool(_NAME.fullmatch(name)) and name not in well_known)


def streets(country: Country, seed: str) -> list[str]:
    places = generator(country.faker, seed)
    if country.language == "ja":  # a block of a quarter; a tower and a park have none
        return distinct(
            lambda: f"{places.town()}{places.random_int(1, 6)}丁目",
            lambda street: bool(_STREET.fullmatch(street)) and not re.search("タワー|外苑|公園", street),
        )
    spaces = 0 if country.language == "de" else 3  # German names are one word

    def allowed(street: str) -> bool:
        return bool(_STREET.fullmatch(street)) and street.endswith(tuple(country.ends)) and street.count(" ") <= spaces

    return distinct(places.street_name, allowed)


def build(code: str, country: Country, well_known: set[str]) -> str:
    places = {name: {**place, "postal_codes": place["postal_codes"].split()} for name, place in country.places.items()}
    locales = " and ".join(filter(None, (country.faker, country.family_names)))
    content = {
        "country": code,
        **{
            key: getattr(country, key)
            for key in ("language", "region", "address", "unit", "phone", "phone_numbers", "restoration", "per_usd")
        },
        "faker": f"{locales}, Faker {faker.VERSION}",
        "phone_first": 0,
        "phone_source": country.phone_source,
        "places": places,
        "postal_codes": next(iter(places.values()))["postal_codes"],
        "names": names(country, code, well_known),
        "streets": streets(country, code),
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    countries = tomllib.loads(FACTS.read_text(encoding="utf-8"))
    well_known = {" ".join(name.split()) for name in countries.pop("well_known").split(",")}
    differing = []
    for code, facts in countries.items():
        text, path = build(code, Country(**facts), well_known), FOLDER / f"{code}.json"
        if arguments != ["--check"]:
            path.write_text(text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != text:
            differing.append(path.name)
    print("differs from what Faker gives: " + ", ".join(differing) if differing else f"{len(countries)} countries")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
