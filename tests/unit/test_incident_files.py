"""A new type of incidents, or a new language, is one new file; what is wrong with one is told by file and key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wattif
from wattif.errors import UsageError
from wattif.incidents import kinds, language
from wattif.incidents.kinds import incident_types
from wattif.incidents.language import language_of

SPANISH = """
between = " "
station = "Parque {number}"
[sources]
CALL = "Aviso por teléfono."
[notes.medical]
done = ["Paciente entregado."]
[types.MEDICAL]
title = "Asistencia médica, {street}"
[types.MEDICAL.indoors]
told = ["Persona desplomada, {street} {number}. Impresión: {cause}."]
causes = ["disnea", "dolor torácico"]
[types.MEDICAL.outdoors]
told = ["Persona desplomada en la calle, {street}. Impresión: {cause}."]
causes = ["mareo"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Copies of the files, which may be changed."""
    for module, name in ((kinds, "types"), (language, "languages")):
        shutil.copytree(str(module._FOLDER), tmp_path / name)
        monkeypatch.setattr(module, "_FOLDER", tmp_path / name)
    yield tmp_path
    monkeypatch.undo()
    incident_types.cache_clear()
    language_of.cache_clear()


def _forget() -> None:
    incident_types.cache_clear()
    language_of.cache_clear()


def _change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    _forget()


def test_a_new_language_is_one_new_file_and_what_it_lacks_is_english(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wattif.incidents.setting.language_of", lambda _: language_of("es"))
    spec = wattif.IncidentSpec(incident_count=400, seed=4, window_end="2024-07-01")

    def rows(table: str) -> list[dict[str, Any]]:
        _forget()
        made: list[dict[str, Any]] = wattif.read(spec, table).read_all().to_pylist()
        return made

    english = rows("incidents")
    (folder / "languages" / "es.toml").write_text(SPANISH, encoding="utf-8")
    told, stations, notes = rows("incidents"), rows("stations"), rows("incident_notes")
    assert {each["name"].split(",")[0] for each in stations} == {f"Parque {n}" for n in range(1, 26)}
    for before, after in zip(english, told, strict=True):
        is_medical = before["type_code"] == "MEDICAL"
        assert after["title"].startswith("Asistencia médica, ") == is_medical
        assert ("Impresión: " in after["narrative"]) == is_medical
        assert after["narrative"].endswith("Aviso por teléfono.") == (before["source_code"] == "CALL")
        if not is_medical and before["source_code"] != "CALL":
            assert after["narrative"] == before["narrative"]
        texts = {"title", "narrative"}
        assert {key: after[key] for key in after if key not in texts} == {
            key: before[key] for key in before if key not in texts
        }
    assert "Paciente entregado." in {each["note"] for each in notes}
    assert any(each["note"].startswith("Address confirmed: ") for each in notes)


INDOORS = """[types.OUTAGE]
title = "X"
[types.OUTAGE.indoors]
told = ["X"]
causes = ["X"]
"""
BOTH = f"""{INDOORS}[types.OUTAGE.outdoors]
told = ["X"]
causes = ["X"]
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[types.MEDICAL]", "[types.MEDCAL]", "types: there is no MEDCAL; did you mean MEDICAL?"),
        ("[notes.medical]", "[notes.medicine]", "notes: there is no medicine; did you mean medical?"),
        ("CALL =", "FAX =", "sources: there is no FAX; choose from CALL, "),
        (
            "{street} {number}.",
            "{stret}.",
            "types.MEDICAL.indoors.told.1 = 'Persona desplomada, {stret}. Impresión: "
            "{cause}.': there is no {stret} to fill in; did you mean street?",
        ),
        ("{street} {number}.", "{street.", "types.MEDICAL.indoors.told.1 = 'Persona desplomada, {street. "),
        ("teléfono", "{street}", "sources.CALL = 'Aviso por {street}.': {street} is not filled in here"),
        ("{number}", "", "station = 'Parque ': must have {number}, once"),
        ('causes = ["mareo"]', "", "types.MEDICAL.outdoors.causes is missing; add it"),
        ('causes = ["mareo"]', "causes = []", "types.MEDICAL.outdoors.causes: must have one text at least"),
        ("[types.MEDICAL.outdoors]", "[types.MEDICAL.outdoor]", "types.MEDICAL.outdoor is not a key of a language"),
        ("[types.MEDICAL]", f"{INDOORS}[types.MEDICAL]", "types: OUTAGE.outdoors is missing; add it"),
        ("[types.MEDICAL]", f"{BOTH}[types.MEDICAL]", "types: OUTAGE does not happen indoors; remove it"),
        ("between", "betwixt", "betwixt is not a key of a language; correct or remove it"),
        ("[types.MEDICAL]", "[types.MEDICAL", "not TOML: "),
    ],
)
def test_a_fault_of_a_language_is_named(folder: Path, old: str, new: str, said: str) -> None:
    file = folder / "languages" / "es.toml"
    file.write_text(SPANISH, encoding="utf-8")
    _change(file, old, new)
    with pytest.raises(UsageError) as error:
        language_of("es")
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith(f"wattif/incidents/languages/es.toml: {said}")
    assert line.endswith("; see wattif/incidents/languages/en.toml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{customers}", "{custmers}", "outdoors.told.1 = "),
        ("{customers}", "{custmers}", "there is no {custmers} to fill in; did you mean customers?"),
        ('title = "', 'titel = "', "title is missing; add it"),
        ('title = "', 'titel = "', "titel is not a key of a type of incidents; correct or remove it"),
        ("FEEDER =", "FEDER =", "outdoors.assets: there is no FEDER; did you mean FEEDER?"),
        ("METER =", "METRE =", "outdoors.sources: there is no METRE; did you mean METER?"),
        ("CALL = 0.68", "CALL = -1", "outdoors.sources.CALL = -1: must be greater than or equal to 0"),
        ("FEEDER = 0.1", "FEEDER = 2", "outdoors.assets.FEEDER = 2: must be less than or equal to 1"),
        ("[outdoors]", "[outdoor]", "outdoor is not a key of a type of incidents; correct or remove it"),
        ('"outage"', '"outrage"', "label = 'outrage': no such kind of anomaly; did you mean outage?"),
        ("handling_min = 85.0", "handling_min = 0", "handling_min = 0: must be greater than 0"),
        ('code = "OUTAGE"', 'code = "MEDICAL"', "code MEDICAL is that of wattif/incidents/types/medical.toml;"),
    ],
)
def test_a_fault_of_a_type_is_named(folder: Path, old: str, new: str, said: str) -> None:
    _change(folder / "types" / "outage.toml", old, new)
    with pytest.raises(UsageError) as error:
        incident_types()
    lines = str(error.value).splitlines()
    assert any(said in line for line in lines)
    assert all(line.startswith("wattif/incidents/types/outage.toml: ") for line in lines)
