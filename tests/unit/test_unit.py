"""A unit says which rows of which table are made, and survives the way to another process."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zlib
from collections.abc import Callable
from datetime import date
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.asking import Asked, generate
from tests.undo_faults import read_objects
from wattif.engine.plan import Plan
from wattif.tables.unit import Unit

UNITS = st.builds(
    Unit,
    st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}", fullmatch=True),
    st.integers(0, 2**53),
    st.integers(1, 2**53),
)


@given(UNITS)
def test_json_brings_it_back(unit: Unit) -> None:
    text = unit.to_json()
    assert Unit.from_json(text) == Unit.from_json(text.decode()) == unit
    assert len(text) < 400
    assert pickle.loads(pickle.dumps(unit)) == unit
    assert len({unit, Unit.from_json(text)}) == 1


def test_by_hand() -> None:
    unit = Unit("readings", "2024-01-31", 40, 20)
    assert unit.to_json() == b'{"table":"readings","partition":"2024-01-31","first":40,"count":20}'
    assert (unit.day, unit.last) == (date(2024, 1, 31), 59)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"table":"../x","partition":"2024-01-31","first":0,"count":1}', "table"),
        ('{"table":"readings","partition":"../x","first":0,"count":1}', "partition"),
        ('{"table":"readings","partition":20240131,"first":0,"count":1}', "partition"),
        ('{"table":"readings","partition":"2024-01-31","first":-1,"count":1}', "first"),
        ('{"table":"readings","partition":"2024-01-31","first":0.0,"count":1}', "first"),
        ('{"table":"readings","partition":"2024-01-31","first":0,"count":0}', "count"),
        ('{"table":"readings","partition":"2024-01-31","first":0,"count":true}', "count"),
        ('{"table":"readings","partition":"2024-01-31","first":0}', "its fields"),
        ('{"table":"readings","partition":"2024-01-31","first":0,"count":1,"x":1}', "its fields"),
        ("[1]", "its fields"),
        ("{", "unexpected end"),
    ],
)
def test_anything_else_is_refused_by_name(text: str, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        Unit.from_json(text)


@pytest.mark.parametrize("faults", ["none", "late=0.1,batch_twice=1,corrupt=0.1,schema_drift=2024-01-02"])
def test_a_unit_and_the_settings_are_enough_for_another_process(settings: Callable[..., Asked], faults: str) -> None:
    asked = settings(faults=faults, anomaly_rate=0.3)
    generate(asked, Event())
    script = (
        "import sys; from wattif.engine.streams import content_of; from wattif.spec import Spec;"
        " from wattif.tables.unit import Unit;"
        " made = content_of(Spec.model_validate_json(sys.argv[1]), Unit.from_json(sys.argv[2]));"
        " print(*(f'{name} {zlib.crc32(data)}' for name, data in sorted(made.items())), sep='\\n')"
    )
    unit = Plan.of(asked).batch(date(2024, 1, 2), 1).units[0]
    arguments = asked.spec.model_dump_json(), unit.to_json().decode()
    told = subprocess.run([sys.executable, "-c", f"import zlib; {script}", *arguments], capture_output=True, check=True)
    stem = f"dt=2024-01-02/readings-{unit.first:08d}-{unit.last:08d}"
    lying = {name: data for name, data in read_objects(asked.lake).items() if name.startswith(stem)}
    assert told.stdout.decode().splitlines() == [f"{name} {zlib.crc32(data)}" for name, data in sorted(lying.items())]
