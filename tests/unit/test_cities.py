"""Cities: the shipped ones, a user's file and what is said of a wrong one, public holidays."""

from __future__ import annotations

import math
import pickle
import re
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from wattif.errors import UsageError
from wattif.model import cities
from wattif.model.cities import MANILA, TROPICAL_SEASON, load_cities
from wattif.model.city_figures import PerClass
from wattif.model.classes import CLASSES
from wattif.model.holidays import day_type, holidays_of
from wattif.model.local_time import profile_at
from wattif.numeric.calendar import day_number
from wattif.spec.values import CLASS_IDS

SHIPPED = Path(cities.__file__).parent / "data" / "cities.toml"
PARIS = """
[[city]]
id = "paris"
name = "Paris"
country = "FR"
time_zone = "Europe/Paris"
latitude = 48.8566
longitude = 2.3522
population = 2102650
climate = "north"
nominal_v = 230
nominal_hz = 50
frequency_spread_mhz = 20
temperature_c = [5, 5, 10, 10, 15, 20, 20, 20, 15, 10, 10, 5]
temperature_day_sd_k = 3.0
daily_range_k = 8.0
cooling_per_k = 0.01
heating_per_k = 0.024
season = "temperature"
mean_kwh = { residential = 390, commercial = 1500, industrial = 4700 }
"""


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_cities() -> None:
    assert list(load_cities()) == [
        "manila",
        "london",
        "new-york",
        "los-angeles",
        "chicago",
        "san-francisco",
        "toronto",
        "sydney",
        "berlin",
        "tokyo",
    ]
    assert {(city.nominal_v, city.nominal_hz) for city in load_cities().values()} == {
        (230, 60),
        (230, 50),
        (120, 60),
        (100, 50),
    }


def test_each_shipped_climate_fits_its_hemisphere() -> None:
    for city in load_cities().values():
        warmest = city.temperature_c.index(max(city.temperature_c)) + 1
        assert warmest in {"north": (7, 8, 9), "south": (1, 2), "tropics": (4, 5)}[city.climate], city.id
        assert (city.latitude < 0) == (city.climate == "south"), city.id


def test_a_city_can_be_hashed_pickled_and_asked_for_a_class() -> None:
    assert len({*load_cities().values(), *load_cities().values()}) == 10
    assert pickle.loads(pickle.dumps(MANILA)) == MANILA
    assert MANILA.mean_kwh["residential"] == 223.0
    assert math.fsum(MANILA.class_mix[kind] for kind in ("residential", "commercial", "industrial")) == 1.0
    with pytest.raises(KeyError):
        MANILA.mean_kwh["households"]


def test_every_class_of_customers_is_known_in_each_place_in_the_same_order() -> None:
    assert tuple(each.id for each in CLASSES) == CLASS_IDS == tuple(each.name for each in fields(PerClass))


def test_the_tropical_season_is_a_sine(tmp_path: Path) -> None:
    sine = tuple(round(0.15 * math.sin(2 * math.pi * (month - 4) / 12), 4) for month in range(1, 13))
    assert sine == TROPICAL_SEASON
    assert load_cities(_write(tmp_path, PARIS.replace('"temperature"', '"tropical"')))["paris"].season == sine


def test_a_season_that_follows_the_temperature(tmp_path: Path) -> None:
    """By hand: 0.024 * 10 K = 0.24 at 5 degrees, 0.12 at 10, nothing at 15 and 20; each by the days of its month."""
    uses = (1.24, 1.24, 1.12, 1.12, 1.0, 1.0, 1.0, 1.0, 1.0, 1.12, 1.12, 1.24)
    energies = [use * days for use, days in zip(uses, (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), strict=True)]
    mean = (1.24 * 90.25 + 1.12 * 122 + 153) / 12
    season = load_cities(_write(tmp_path, PARIS))["paris"].season
    assert season == tuple(round(energy / mean - 1, 4) for energy in energies)


def test_a_file_adds_cities_and_may_replace_shipped_ones(tmp_path: Path) -> None:
    added = load_cities(_write(tmp_path, PARIS))
    assert len(added) == 11
    assert added["paris"].nominal_v == 230.0
    replaced = load_cities(_write(tmp_path, PARIS.replace('"paris"', '"berlin"')))
    assert len(replaced) == 10
    assert replaced["berlin"].name == "Paris"
    assert load_cities()["berlin"].name == "Berlin"


def test_twelve_differences_and_a_mix_of_ones_own(tmp_path: Path) -> None:
    season = "[0.1, 0.1, 0, 0, -0.1, -0.1, -0.1, -0.1, 0, 0, 0.1, 0.1]"
    mix = "class_mix = { residential = 0.5, commercial = 0.25, industrial = 0.25 }"
    city = load_cities(_write(tmp_path, PARIS.replace('"temperature"', season) + mix))["paris"]
    assert city.season == (0.1, 0.1, 0.0, 0.0, -0.1, -0.1, -0.1, -0.1, 0.0, 0.0, 0.1, 0.1)
    assert city.class_mix["commercial"] == 0.25


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("nominal_v", None, "nominal_v is missing; add it (supply voltage, phase to neutral, V)"),
        ("season", None, 'season is missing; add it ("temperature", "tropical" or twelve'),
        ("nominal_v", "2300", "nominal_v = 2300: must be less than or equal to 260 (supply voltage"),
        ("nominal_v", "nan", "nominal_v = nan: must be a finite number"),
        ("nominal_v", '"high"', "nominal_v = 'high': must be a valid number"),
        ("nominal_hz", "16.7", "nominal_hz = 16.7: must be greater than or equal to 45 (mains frequency, Hz)"),
        ("latitude", "91", "latitude = 91: must be less than or equal to 90 (degrees, south negative)"),
        ("longitude", "-181", "longitude = -181: must be greater than or equal to -180"),
        ("population", "0", "population = 0: must be greater than or equal to 1 (persons)"),
        ("climate", '"polar"', "climate = 'polar': must be 'north', 'south' or 'tropics' (whose seasons"),
        ("id", '"../paris"', "id = '../paris': String should match pattern"),
        ("time_zone", '"Europe/Pariss"', "time_zone = 'Europe/Pariss': no time zone of the IANA database (IANA name"),
        ("time_zone", '"../zones"', "time_zone = '../zones': no time zone of the IANA database"),
        ("country", '"XX"', "country = 'XX': no holidays are known for this country (ISO 3166, such as PH)"),
        ("country", '"France"', "country = 'France': String should match pattern"),
        ("subdivision", '"75"', "subdivision = '75': holidays are known for"),
        ("temperature_c", "[5, 5, 10, 99, 15, 20, 20, 20, 15, 10, 10, 5]", "temperature_c, value 4 = 99: must be less"),
        ("temperature_c", "[5, 10]", "temperature_c: has 2 values, must have twelve (monthly means, January first"),
        ("temperature_c", "11.5", "temperature_c = 11.5: must be a list of twelve numbers (monthly means"),
        ("season", '"rainy"', 'season = \'rainy\': must be a list of twelve numbers ("temperature", "tropical" or'),
        (
            "season",
            "[0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
            "season: the differences must have a mean of 0, not 0.008",
        ),
        (
            "season",
            "[1, -2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
            "season, value 2 = -2: must be greater than or equal",
        ),
        (
            "mean_kwh",
            "390",
            "mean_kwh = 390: must be a table of residential, commercial, industrial (mean energy",
        ),
        ("mean_kwh", "{ residential = 390, commercial = 1500 }", "mean_kwh.industrial is missing; add it (mean energy"),
        (
            "mean_kwh",
            "{ residential = 0, commercial = 1500, industrial = 4700 }",
            "mean_kwh: each mean must lie between 1 and 1,000,000 (mean energy per month by class, kWh)",
        ),
        (
            "class_mix",
            "{ residential = 0.8, commercial = 0.1, industrial = 0.03 }",
            "class_mix: the shares sum to 0.93, they must sum to 1 (shares of the meters by class)",
        ),
        (
            "cooling_per_k",
            "3",
            "cooling_per_k = 3: must be less than or equal to 0.2 (relative rise of use per K",
        ),
        ("altitude_m", "35", "altitude_m is not a key of a city; correct or remove it"),
        ("air", "9", "air = 9: must be a table of pm2_5_ug_m3, pm10_ug_m3, no2_ppb, o3_ppb, co_ppm (what its air"),
        ("air", "{ pm2_5_ug_m3 = 20, pm10_ug_m3 = 10 }", "air.pm10_ug_m3 = 10: must be at least pm2_5_ug_m3, which is"),
        ("air", "{ pm2_5_ug_m3 = 20 }", "air.pm10_ug_m3 = 17.0: must be at least pm2_5_ug_m3, which is"),
        ("air", "{ so2_ppb = 3 }", "air.so2_ppb is not a key of a city; correct or remove it"),
        ("profiles", "1", "profiles = 1: must be a table of residential, commercial, industrial (mean days"),
    ],
)
def test_each_fault_of_a_city_is_named(tmp_path: Path, key: str, value: str | None, message: str) -> None:
    line = "" if value is None else f"{key} = {value}"
    text, found = re.subn(rf"^{key} = .*$", lambda _: line, PARIS, flags=re.MULTILINE)
    path = _write(tmp_path, text if found else PARIS + line)
    with pytest.raises(UsageError) as caught:
        load_cities(path)
    assert str(caught.value).startswith(f"`cities` {path}: {'../paris' if key == 'id' else 'paris'}: {message}")
    assert "\n" not in str(caught.value)


def test_a_subdivision_of_a_country_without_any_is_named(tmp_path: Path) -> None:
    path = _write(tmp_path, PARIS.replace('country = "FR"', 'country = "JP"\nsubdivision = "13"'))
    with pytest.raises(UsageError, match="paris: subdivision = '13': holidays are known for the whole country alone;"):
        load_cities(path)


def test_every_fault_of_a_file_has_a_line(tmp_path: Path) -> None:
    second = PARIS.replace('"paris"', '"lyon"').replace("nominal_hz = 50", "nominal_hz = 500")
    path = _write(tmp_path, PARIS.replace("latitude = 48.8566", "") + second)
    with pytest.raises(UsageError) as caught:
        load_cities(path)
    assert [line.split(": ")[1:3] for line in str(caught.value).splitlines()] == [
        ["paris", "latitude is missing; add it (degrees, south negative)"],
        ["lyon", "nominal_hz = 500"],
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[city]\n", "not TOML: .* see wattif/model/data/cities.toml for an example"),
        ("", r"must hold tables that begin with \[\[city\]\], and nothing else"),
        (PARIS.replace("[[city]]", "[city]"), r"must hold tables that begin with \[\[city\]\]"),
        ("version = 1\n" + PARIS, r"must hold tables that begin with \[\[city\]\], and nothing else"),
        ("city = [1, 2]", r"must hold tables that begin with \[\[city\]\]"),
        (PARIS + PARIS, "paris: id is given more than once; rename one"),
        (PARIS.replace('id = "paris"', ""), "city number 1: id is missing; add it"),
    ],
)
def test_a_file_of_another_form_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(UsageError, match=f"^`cities` {re.escape(str(path))}: {message}"):
        load_cities(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none.toml: cannot be read: No such file or directory; name a TOML file"):
        load_cities(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "Z\xfcrich"')
    with pytest.raises(UsageError, match=r"latin.toml: cannot be read: it is not UTF-8"):
        load_cities(tmp_path / "latin.toml")


@pytest.mark.parametrize(
    ("city", "day"),
    [
        ("manila", date(2024, 6, 12)),  # Independence Day
        ("london", date(2024, 8, 26)),  # Summer Bank Holiday, the last Monday of August
        ("new-york", date(2024, 11, 28)),  # Thanksgiving
        ("los-angeles", date(2024, 7, 4)),  # Independence Day
        ("chicago", date(2024, 5, 27)),  # Memorial Day
        ("san-francisco", date(2024, 9, 2)),  # Labor Day
        ("toronto", date(2024, 7, 1)),  # Canada Day
        ("sydney", date(2024, 4, 25)),  # ANZAC Day
        ("berlin", date(2024, 3, 8)),  # Women's Day, of Berlin alone when it began
        ("tokyo", date(2024, 4, 29)),  # Showa Day
    ],
)
def test_a_known_holiday_of_each_city(city: str, day: date) -> None:
    assert day in holidays_of(load_cities()[city], 2024)
    assert day_type(load_cities()[city], day) == "sunday"


def test_each_shipped_city_has_all_that_a_dashboard_needs() -> None:
    """By name; zones are its boroughs, wards, councils or barangays."""
    zones = {
        "Metro Manila": 1710,
        "London": 33,
        "New York": 5,
        "Los Angeles": 15,
        "Chicago": 50,
        "San Francisco": 11,
        "Toronto": 25,
        "Sydney": 33,
        "Berlin": 12,
        "Tokyo": 23,
    }
    assert {city.name: city.zones for city in load_cities().values()} == zones
    for city in load_cities().values():
        assert city.irradiation_kwh_m2 is not None
        assert 800 < sum(city.irradiation_kwh_m2) < 2000
        assert (city.home_hours is None) == (city.id == "berlin")  # H0 is German


def test_a_day_of_homes_has_the_hours_of_its_city_and_keeps_its_energy() -> None:
    """By hand: Berlin has H0's hours; another city's are those times its factors, each in the middle of its hour."""
    quarters = day_number(date(2024, 1, 16)) * 96 + np.arange(96)
    plain = profile_at(load_cities()["berlin"], "h0", quarters)
    for city in load_cities().values():
        if city.home_hours is None or city.climate != "north":
            continue
        own = profile_at(city, "h0", quarters)
        assert own.mean() == pytest.approx(plain.mean())
        ratio = own / plain
        middles = ratio[2::4]
        assert middles / middles[0] == pytest.approx(np.array(city.home_hours) / city.home_hours[0])
        assert np.array_equal(profile_at(city, "g1", quarters), profile_at(load_cities()["berlin"], "g1", quarters))


def test_manila_uses_most_in_may_and_at_night() -> None:
    """Its season follows the heat, and its homes cool at night."""
    assert np.argmax(MANILA.season) == 4
    hours = profile_at(MANILA, "h0", day_number(date(2024, 5, 14)) * 96 + np.arange(96)).reshape(24, 4).mean(axis=1)
    assert np.mean([*hours[21:], *hours[:5]]) > 1.05 * hours.mean()


def test_twenty_three_hours_of_homes_are_named(tmp_path: Path) -> None:
    path = _write(tmp_path, PARIS + f"home_hours = {[1.0] * 23}")
    with pytest.raises(UsageError, match="paris: home_hours: has 23 values, must have 24"):
        load_cities(path)


def test_holidays_are_those_of_the_place_and_the_year() -> None:
    cities = load_cities()
    assert date(2024, 11, 28) not in holidays_of(cities["london"], 2024)  # Thanksgiving
    assert date(2024, 1, 6) not in holidays_of(cities["berlin"], 2024)  # Epiphany, a holiday in Bavaria
    assert all(day.year == 2021 for city in cities.values() for day in holidays_of(city, 2021))


def test_each_shipped_figure_says_where_it_comes_from() -> None:
    """By a mark in a comment on its line or just above, or where the head of the file explains its key."""
    mark = re.compile(r"\[(read|memory|derived|assumed)")
    head, *places = SHIPPED.read_text(encoding="utf-8").split("[[city]]\n")
    explained = re.split(r"^# (?=[a-z])", head.split("# Marks:")[0], flags=re.M)
    for_all = {key for text in explained if mark.search(text) for key in re.findall(r"[a-z_0-9]+", text)[:2]}
    unmarked = []
    for place in places:
        comment = ""
        for line in place.splitlines():
            key, _, rest = line.partition(" = ")
            comment += " " + (line if line.startswith("#") else rest.partition("#")[2])
            if not line.startswith(("#", " ")) and rest:
                if rest[0] in "-[{0123456789" and key not in for_all and not mark.search(comment):
                    unmarked.append((place.splitlines()[0], key))
                comment = ""
    assert unmarked == []
