"""A dataset of hourly readings behind the tests' Dataplex, a clock that passes without waiting, and actions on both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tests.fakes.dataplex_server import DataplexServer
from tests.fakes.dataplex_tables import Dataset, Model
from wattif.dataplex.act import Answer, act
from wattif.dataplex.options import Action, DataplexOptions
from wattif.dataplex.wait import Clock
from wattif.errors import WarehouseError

TABLE = "smart_meter_readings_hour_rolled"
MACS = ("AA:99:58:5A:0B:E0", "02:00:00:00:00:01")
HOURS = 6
LAST = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
POINTS = [(mac, LAST - timedelta(hours=hour)) for mac in MACS for hour in range(HOURS)]
_COLUMNS = (
    "mac VARCHAR, time_hour_rolled TIMESTAMPTZ, consumption_hour_rolled DECIMAL(38, 9), consumption_avg DOUBLE,"
    " consumption_max DECIMAL(38, 9), readings BIGINT"
)

Judged = Sequence[tuple[str, datetime, float]]
PLAIN: Judged = [(mac, hour, 0.5) for mac, hour in POINTS]


def dataset(*changes: str, average: Judged = PLAIN, maximum: Judged = PLAIN) -> Dataset:
    """Two meters, six hours each, up to the last whole one; *changes* are SQL on the table `t`."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE TABLE {TABLE} ({_COLUMNS})")
    connection.executemany(f"INSERT INTO {TABLE} VALUES (?, ?, 360, 1, 2, 360)", POINTS)
    for change in changes:
        connection.execute(change.replace(" t ", f" {TABLE} "))
    models = [
        Model("smart_meter_arima_avg", "consumption_avg", average),
        Model("smart_meter_arima_max", "consumption_max", maximum),
    ]
    return Dataset("my-project", "meters", "europe-west3", connection, models)


def asked(**changes: Any) -> DataplexOptions:
    """The scan of that dataset."""
    values = {"project": "my-project", "location": "europe-west3", "dataset": "meters"}
    return DataplexOptions(**{**values, **changes})


class Pause:
    """A clock on which sleeping takes no time; `slept_s` tells how long each sleep was asked for."""

    def __init__(self) -> None:
        self.slept_s: list[float] = []
        self.clock = Clock(lambda: sum(self.slept_s), self.slept_s.append)


@contextmanager
def serving(tables: Dataset, monkeypatch: pytest.MonkeyPatch, *, polls: int = 0) -> Iterator[DataplexServer]:
    """A server that `wattif dataplex` reaches."""
    with DataplexServer(tables, polls=polls) as server:
        monkeypatch.setenv("DATAPLEX_EMULATOR_HOST", server.address)
        yield server


def do(action: Action, *, print_only: bool = False, as_json: bool = False, **changes: Any) -> Answer:
    """The answer of an action that goes well."""
    return act(action, asked(**changes), print_only=print_only, as_json=as_json, clock=Pause().clock)


def refused(action: Action, **changes: Any) -> str:
    """The error of an action: one line."""
    with pytest.raises(WarehouseError) as error:
        do(action, **changes)
    assert "\n" not in str(error.value)
    return str(error.value)
