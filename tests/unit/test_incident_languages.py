"""What incidents are told with: each language says all that English says, with the same facts."""

from __future__ import annotations

import re
import string
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import wattif
import wattif.incidents
from tests.unit.test_incident_locales import FOR_FICTION
from wattif.incidents.locale import locale_of
from wattif.incidents.texts import SLOTS
from wattif.model.cities import load_cities

FOLDER = Path(wattif.incidents.__file__).parent
SCENES, TEXTS = {"indoors", "outdoors"}, {"told", "causes", "notes"}
TYPES = sorted((FOLDER / "types").glob("*.toml"))
LANGUAGES = sorted(file.stem for file in (FOLDER / "languages").glob("*.toml"))
OTHERS = [each for each in LANGUAGES if each != "en"]
SCRIPTS = {"ja": "[\u3041-\u30ff\u4e00-\u9fff]", "de": "[A-Za-zÄÖÜäöüß]", "en": "[A-Za-z]"}


def _read(file: Path) -> Any:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _shape(content: Any) -> Any:
    """The keys of a text and the slots of each template, without the words."""
    if isinstance(content, dict):
        return {key: _shape(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_shape(value) for value in content]
    return {name for _, name, _, _ in string.Formatter().parse(content) if name is not None}


def _templates(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [
        each for value in (content.values() if isinstance(content, dict) else content) for each in _templates(value)
    ]


def _text_of(content: Any) -> Any:
    """What a type is told with in English, as files of languages have it."""
    scenes = {
        name: {key: each for key, each in content[name].items() if key in TEXTS} for name in SCENES & content.keys()
    }
    return {"title": content["title"], **scenes}


def _scenes(text: Any) -> list[Any]:
    return [text[name] for name in SCENES & text.keys()]


def _texts(language: str) -> list[Any]:
    """What the types are told with."""
    if language == "en":
        return [_text_of(_read(file)) for file in TYPES]
    return list(_read(FOLDER / "languages" / f"{language}.toml")["types"].values())


def test_there_are_languages_of_the_shipped_cities() -> None:
    assert set(LANGUAGES) == set(SCRIPTS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_keys_and_slots_of_english(language: str) -> None:
    own, english = (_read(FOLDER / "languages" / f"{name}.toml") for name in (language, "en"))
    own.pop("types", None)
    assert _shape(own) == _shape(english)


@pytest.mark.parametrize("language", LANGUAGES)
def test_notes_are_of_categories_that_there_are_and_any_incident_has_some_of_each_phase(language: str) -> None:
    notes = _read(FOLDER / "languages" / f"{language}.toml")["notes"]
    assert set(notes) - {"all"} <= {_read(file)["category"] for file in TYPES}
    assert all(notes["all"][phase] for phase in ("waiting", "underway", "on_scene", "done"))


@pytest.mark.parametrize("file", TYPES, ids=lambda file: file.stem)
def test_a_type_is_told_in_each_language_with_the_slots_of_english(file: Path) -> None:
    content = _read(file)
    english = _text_of(content)
    for language in OTHERS:
        told = _read(FOLDER / "languages" / f"{language}.toml")["types"][content["code"]]
        assert _shape(told) == _shape(english), language
        for scene in _scenes(told):
            assert len(set(scene["causes"])) == len(scene["causes"]), language


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_is_of_its_language_and_has_no_unknown_slot(language: str) -> None:
    own = _read(FOLDER / "languages" / f"{language}.toml")
    assert own.pop("between").strip() == ""
    for template in _templates([own, _texts(language)]):
        assert set().union(_shape(template)) <= set(SLOTS), template
        assert re.search(SCRIPTS[language], re.sub(r"\{\w+\}", "", template)), template
        assert "\n" not in template
        assert template == template.strip()


@pytest.mark.parametrize(("city", "words"), [("london", "Cause: "), ("berlin", "Ursache: "), ("tokyo", "原因")])
def test_incidents_of_a_city_are_told_in_its_language_with_its_names_and_nobodys_numbers(city: str, words: str) -> None:
    spec = wattif.IncidentSpec(city=city, incident_count=200, station_count=12, seed=3, window_end=datetime(2024, 7, 1))
    known = locale_of(load_cities()[city])
    incidents, notes, stations = (
        wattif.read(spec, table).read_all().to_pylist() for table in ("incidents", "incident_notes", "stations")
    )
    told = [each["narrative"] for each in incidents if each["type_code"] != "MEDICAL"]
    assert told
    assert all(words in each for each in told)
    assert {each["region"] for each in incidents} == {known.region}
    assert {each["postal_code"] for each in (*incidents, *stations)} <= set(known.postal_codes)
    assert all(any(street in each["address_line_1"] for street in known.streets) for each in (*incidents, *stations))
    assert {each["author"] for each in notes} <= set(known.names)
    assert [each["phone"] for each in stations if not FOR_FICTION.fullmatch(each["phone"])] == []


def _notes_with_incidents(city: str) -> list[dict[str, Any]]:
    spec = wattif.IncidentSpec(city=city, incident_count=2_000, seed=3, window_end=datetime(2024, 7, 1))
    of = {each["incident_number"]: each for each in wattif.read(spec, "incidents").read_all().to_pylist()}
    notes = wattif.read(spec, "incident_notes").read_all().to_pylist()
    return [{**of[note["incident_number"]], **note} for note in notes]


@pytest.mark.parametrize(
    ("city", "station", "utility"),
    [
        ("london", r"\bStation \d", "Utility informed"),
        ("berlin", r"\bWache \d", "(Versorger|Netzbetreiber) verständigt"),
        ("tokyo", r"第\d+消防署", "(事業者|電力会社)に連絡"),
    ],
)
def test_notes_tell_of_no_station_before_one_is_sent_and_of_a_utility_where_one_is_needed(
    city: str, station: str, utility: str
) -> None:
    notes = _notes_with_incidents(city)
    assert len({(each["incident_number"], each["note"]) for each in notes}) == len(notes)
    waiting = [
        each["note"] for each in notes if each["dispatch_at"] is None or each["created_at"] < each["dispatch_at"]
    ]
    assert len(waiting) > 20
    assert [note for note in waiting if re.search(station, note)] == []
    types = {each["type_code"] for each in notes if re.search(utility, each["note"])}
    assert {"OUTAGE", "GAS_LEAK"} <= types
    assert types.isdisjoint({"MEDICAL", "TRAFFIC_ACCIDENT", "STRUCTURE_FIRE", "VEHICLE_FIRE", "ELEVATOR_RESCUE"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cause_says_no_weather_for_it_is_drawn_whatever_the_weather(language: str) -> None:
    weather = {
        "en": r"\b(cause|wet|rain|frost|ice|icy|snow|wind|storm|heat|fog)\b",
        "de": r"\b(ursache|nass|nasse|\w*regen|frost|eis|glatteis|schnee|wind|sturm|hitze|nebel|aufgeweicht)\b",
        "ja": "原因|濡れ|雨|凍|雪|風|猛暑|霧",
    }[language]
    causes = [cause for text in _texts(language) for scene in _scenes(text) for cause in scene["causes"]]
    assert [cause for cause in causes if re.search(weather, cause.lower())] == []
