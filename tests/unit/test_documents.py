"""A `dataset.json` is read as a stranger's: one line names the file and the field that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from wattif.cli.main import exit_code
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.documents import MOST_BYTES, read_document, stored_document
from wattif.uploader.local import LocalStore

GOOD: dict[str, Any] = {
    "generator": "WattIf",
    "version": 2,
    "seed": 42,
    "epoch": "2024-01-01",
    "cities": "manila:0123",
    "class_mix": "own",
    "solar_share": 0,
    "ev_share": 0.5,
    "meters": 10,
    "interval": 300,
    "columns": "mac,timestamp,consumption_wh",
    "meters_per_file": 3,
    "batch_files": 2,
    "anomalies": "none",
    "faults": "none",
    "fingerprint": "0123",
    "options": {"start": "2024-01-01", "end": "2024-01-02", "meters": 10, "interval": 300},
}
WRONG = [
    ("meters", "ten"),
    ("meters", -1),
    ("meters", 2**63),
    ("meters", True),
    ("meters", 1.5),
    ("meters", [10]),
    ("interval", {}),
    ("seed", "42"),
    ("columns", 5),
    ("columns", ["mac"]),
    ("fingerprint", 7),
    ("epoch", "January"),
    ("epoch", "2024-02-30"),
    ("epoch", 20240101),
    ("solar_share", 2),
    ("ev_share", "half"),
    ("options", []),
    ("options", "start=2024-01-01"),
    ("options.start", 2024),
    ("options.end", "tomorrow"),
    ("options.end", "2024-1-2"),
    ("options.meters", "10"),
    ("fingerprint", "x" * 0 or ["x" * 10_000]),
]


def _document(field: str, value: object) -> bytes:
    content = {**GOOD, "options": dict(GOOD["options"])}
    path = field.split(".")
    (content["options"] if len(path) > 1 else content)[path[-1]] = value
    return orjson.dumps(content)


def test_a_good_one_is_read_and_may_have_more_fields() -> None:
    assert read_document(orjson.dumps({**GOOD, "later": [1]}), "lake") == {**GOOD, "later": [1]}
    assert read_document(b"{}", "lake") == {}


@pytest.mark.parametrize(("field", "value"), WRONG, ids=str)
def test_a_field_of_a_wrong_type_is_named(field: str, value: object) -> None:
    with pytest.raises(LakeError) as failure:
        read_document(_document(field, value), "lake")
    message = str(failure.value)
    assert message.startswith(f"lake/_wattif/dataset.json cannot be read ({field} is ")
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize(
    "content",
    [b"", b"{", orjson.dumps(GOOD)[:-40], b"[]", b"null", b"7", b"\xff\xfe", b"[" * 900_000, b'{"a":' * 100_000],
)
def test_one_that_is_damaged_is_named(content: bytes) -> None:
    with pytest.raises(
        LakeError, match=r"^lake/_wattif/dataset\.json cannot be read \([^\n]{1,200}; replace the dataset"
    ):
        read_document(content, "lake")


def test_one_that_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / layout.DATASET
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(LakeError, match=r"dataset\.json cannot be read \(it has more than 1,048,576 bytes\)"):
        stored_document(LocalStore(tmp_path))
    with path.open("wb") as file:
        file.truncate(MOST_BYTES)
    assert len(stored_document(LocalStore(tmp_path)) or b"") == MOST_BYTES


@pytest.mark.parametrize(
    "content",
    [_document("options.start", 2024), _document("meters", "ten"), b"[" * 900_000, b"{", b"x" * (MOST_BYTES + 1)],
    ids=["start", "meters", "nested", "truncated", "large"],
)
@pytest.mark.parametrize(
    "command",
    [
        ["generate", "--start", "2024-01-01", "--end", "2024-01-01", "--meters", "1", "--interval", "3600"],
        ["expect"],
        ["reconcile"],
        ["load"],
    ],
    ids=lambda command: command[0],
)
def test_every_verb_tells_it_in_one_line(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    content: bytes,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "lake" / layout.DATASET
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    (tmp_path / "staging").mkdir()
    more = ["--staging-dir", "staging", "--quiet"] if command[0] == "generate" else []
    assert exit_code([*command, *more]) == 3
    told = [line for line in capfd.readouterr().err.splitlines() if "compiling" not in line]
    assert len(told) == 1
    assert f"lake/{layout.DATASET} cannot be read (" in told[0]
