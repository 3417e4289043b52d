"""From what arrived and the labels back to the clean files: the independent half of the promise on faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

Label = dict[str, Any]


def read_labels(lake: Path) -> list[Label]:
    """All labels in the NDJSON tables of a lake."""
    tables = sorted((lake / "_wattif/labels/faults").rglob("*.ndjson"))
    return [orjson.loads(line) for table in tables for line in table.read_bytes().splitlines()]


def read_objects(lake: Path) -> dict[str, bytes]:
    """What arrived, by the name of the object."""
    return {path.relative_to(lake).as_posix(): path.read_bytes() for path in sorted(lake.glob("dt=*/*"))}


def undo(objects: Mapping[str, bytes], labels: Iterable[Label]) -> dict[str, bytes]:
    """The clean files of all that was not withheld; fails where an object says other than a label."""
    by_file: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        by_file[label["file"]].append(label)
    rest = dict(objects)
    clean = {}
    for name in [name for name in objects if name.count(".") == 1] + [name for name in by_file if name not in objects]:
        own = by_file.pop(name, [])
        if any(label["kind"] == "file_missing" for label in own):
            assert len(own) == 1
            assert not [other for other in objects if other.startswith(name.removesuffix(".json"))]
            continue
        for label in own:
            if label["kind"] == "batch_twice":
                again = label["delivered_in"]
                assert rest.pop(again) == objects[again.replace(".again", "")]
        main = rest.pop(name)
        late = rest.pop(name.replace(".json", ".late.json"), None)
        clean[name] = _undo_file(name, main, late, own)
    assert not rest, "objects that no label explains"
    assert not by_file
    return clean


def _undo_file(name: str, main: bytes, late: bytes | None, labels: list[Label]) -> bytes:
    arrived = {name: main.splitlines(keepends=True)}
    if late is not None:
        arrived[name.replace(".json", ".late.json")] = late.splitlines(keepends=True)
    drifts = {label["delivered_in"]: label["action"] for label in labels if label["kind"] == "schema_drift"}
    assert drifts.keys() in ({}.keys(), arrived.keys())
    of_rows = [label for label in labels if label["row"] is not None]
    taken: dict[str, set[int]] = defaultdict(set)
    for label in of_rows:
        _check(label, arrived)
        if label["delivered_in"] is not None:
            assert label["delivered_row"] not in taken[label["delivered_in"]]
            taken[label["delivered_in"]].add(label["delivered_row"])
    late_labels = sorted(
        (label for label in of_rows if label["kind"] == "late"), key=lambda label: label["delivered_row"]
    )
    arrivals = [datetime.fromisoformat(label["timestamp"]).timestamp() + label["delay_s"] for label in late_labels]
    assert arrivals == sorted(arrivals)
    assert all(label["delay_s"] > 0 for label in late_labels)
    for other in arrived.keys() - {name}:
        assert taken[other] == set(range(len(arrived[other])))
        assert arrived[other]
    rows = [_undrift(line, drifts.get(name)) for n, line in enumerate(arrived[name]) if n not in taken[name]]
    assert len({label["row"] for label in of_rows}) == len(of_rows), "at most one fault a row"
    for label in sorted(of_rows, key=lambda label: label["row"]):
        original = label["original"].encode() + b"\n"
        if label["kind"] == "duplicate":
            assert rows[label["row"]] == original
        else:
            rows.insert(label["row"], original)
    return b"".join(rows)


def _undrift(line: bytes, action: str | None) -> bytes:
    if action is None:
        return line
    if action.startswith("added "):
        added = b"," + action.removeprefix("added ").encode()
        assert line.endswith(added + b"}\n")
        return line.removesuffix(added + b"}\n") + b"}\n"
    old, new = (b'"%s":' % text.encode() for text in action.removeprefix("renamed ").split(" to "))
    assert line.count(new) == 1
    return line.replace(new, old)


def _check(label: Label, arrived: Mapping[str, list[bytes]]) -> None:
    """What the label says of its row is so in the object that it names."""
    kind = label["kind"]
    if kind == "drop":
        assert (label["delivered_in"], label["delivered"], label["delivered_row"]) == (None, None, None)
        return
    lines, number = arrived[label["delivered_in"]], label["delivered_row"]
    line = lines[number]
    assert line.removesuffix(b"\n").decode() == label["delivered"]
    assert line.endswith(b"\n") == (kind != "partial_line")
    assert (label["delivered_in"] == label["file"]) == (kind != "late")
    try:
        is_json = isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        is_json = False
    assert is_json == (kind not in ("corrupt", "partial_line"))
    if kind == "duplicate":
        assert lines[number - 1] == line
    elif kind == "partial_line":
        assert number == len(lines) - 1
    elif kind == "out_of_order":
        assert _is_behind_a_later_row(line, lines[:number])


def _is_behind_a_later_row(line: bytes, before: list[bytes]) -> bool:
    own_meter, own_time = _key(line)
    for other in reversed(before):
        try:
            meter, time = _key(other)
        except orjson.JSONDecodeError:
            continue
        if meter != own_meter:
            return False
        if time > own_time:
            return True
    return False


def _key(line: bytes) -> tuple[str, str]:
    row = orjson.loads(line.replace(b'"active_', b'"'))
    return row["mac"], row["timestamp"]
