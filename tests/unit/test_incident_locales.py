"""What incidents call people, streets, and telephones: enough of each, nobody's number, one file a country."""

from __future__ import annotations

import doctest
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from wattif.incidents import locale
from wattif.incidents.locale import Locale, locale_of
from wattif.model.cities import City, load_cities

FOLDER = Path(locale.__file__).parent / "locales"
FILES = sorted(FOLDER.glob("*.json"))
CITIES = load_cities()
# What regulators reserve for drama and advertising, by calling code. 555-01xx is nobody's in any area of +1.
FOR_FICTION = re.compile(
    r"""\+1\ ([2-9]\d\d\ )?555-01\d\d     # NANPA
    | \+44\ (20\ 7946\ 0 | 1632\ 960)\d{3}  # Ofcom: London, and no area at all
    | \+49\ 30\ 23125\ \d{3}                # Bundesnetzagentur: Berlin
    | \+61\ [2378]\ (5550 | 7010)\ \d{4}    # ACMA: any of the four areas
    """,
    re.VERBOSE,
)


def _locales() -> Iterator[Locale]:
    """Of each shipped city, and of a city in each country of which no file knows anything."""
    known = {city.country: city for city in CITIES.values()}
    yield from map(locale_of, CITIES.values())
    yield from (locale_of(replace(known[file.stem], id="my-town")) for file in FILES)


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_each_shipped_city_has_its_place(city: City) -> None:
    found = locale_of(city)
    place = json.loads((FOLDER / f"{city.country}.json").read_text(encoding="utf-8"))["places"][city.id]
    assert found.country == city.country
    assert (found.region, list(found.postal_codes)) == (place["region"], place["postal_codes"])
    assert len(set(found.postal_codes)) == len(found.postal_codes) >= 5


def test_codes_of_the_post_have_the_form_of_their_country() -> None:
    forms = {
        "AU": r"2\d{3}",
        "CA": r"M\d[A-Z]",
        "DE": r"1[0-4]\d{3}",
        "GB": r"(E|EC|N|NW|SE|SW|W|WC)\d{1,2}",
        "JP": r"1\d\d-\d{4}",
        "PH": r"1\d{3}",
        "US": r"1\d{4}|9\d{4}|6\d{4}",
    }
    for found in _locales():
        assert all(re.fullmatch(forms[found.country], code) for code in found.postal_codes), found.country


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_names_and_streets_are_many_and_can_stand_in_any_format(file: Path) -> None:
    pools = json.loads(file.read_text(encoding="utf-8"))
    assert pools["country"] == file.stem
    for pool in (pools["names"], pools["streets"]):
        assert len(set(pool)) == len(pool) >= 300
        assert [text for text in pool if not re.fullmatch(r"\w+([ -]\w+)*", text)] == []
    assert all(re.fullmatch(r"[^\W\d_][\w-]* [^\W\d_][\w-]*", name) for name in pools["names"])


def test_every_telephone_number_is_reserved_for_fiction() -> None:
    for found in _locales():
        numbers = [found.phone_number(draw) for draw in range(found.phone_numbers)]
        assert len(set(numbers)) == found.phone_numbers >= 100
        assert [each for each in numbers if not FOR_FICTION.fullmatch(each)] == []
        assert found.phone_number(found.phone_numbers) == numbers[0]
        assert found.phone_source


def test_addresses_are_written_as_in_the_country() -> None:
    written = {
        city: (
            locale_of(CITIES[city]).address.format(street=locale_of(CITIES[city]).streets[0], number=12),
            locale_of(CITIES[city]).unit.format(number=3),
        )
        for city in ("london", "berlin", "tokyo")
    }
    assert re.fullmatch(r"12 \w+ \w+", written["london"][0])
    assert re.fullmatch(r"[\w-]+ 12", written["berlin"][0])
    assert re.fullmatch(r"\w+丁目12番", written["tokyo"][0])
    assert [unit for _, unit in written.values()] == ["Flat 3", "Wohnung 3", "3号室"]


def test_a_city_of_a_country_without_a_file_has_the_pools_of_the_united_states() -> None:
    nairobi = replace(CITIES["new-york"], id="new-york", country="KE", subdivision=None)
    found = locale_of(nairobi)
    assert (found.country, found.language, found.region) == ("US", "en", "")
    assert found.phone_number(7) == "+1 555-0107"


def test_a_city_of_the_user_has_its_own_region() -> None:
    assert locale_of(replace(CITIES["chicago"], id="albany", subdivision="NY")).region == "NY"
    assert locale_of(replace(CITIES["berlin"], id="my-town", subdivision=None)).region == "Deutschland"


def test_a_new_country_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pools = json.loads((FOLDER / "AU.json").read_text(encoding="utf-8"))
    new = {**pools, "country": "NZ", "places": {"auckland": {"region": "AUK", "postal_codes": ["1010"]}}}
    (tmp_path / "NZ.json").write_text(json.dumps(new), encoding="utf-8")
    auckland = replace(CITIES["sydney"], id="auckland", country="NZ", subdivision=None)
    monkeypatch.setattr(locale, "_FOLDER", tmp_path)
    locale._pools.cache_clear()
    try:
        found = locale_of(auckland)
    finally:
        locale._pools.cache_clear()
    assert (found.country, found.region, found.postal_codes) == ("NZ", "AUK", ("1010",))


def test_the_example_of_the_docstring_runs() -> None:
    assert doctest.testmod(locale) == doctest.TestResults(failed=0, attempted=3)
