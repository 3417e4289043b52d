"""How long incidents with all their tables take, beside the usual way: Faker, row by row.

    python -m scripts.bench.incidents [INCIDENTS]

Each format is written in a process of its own, kernels compiled, INCIDENTS of them (a million by default). The usual
way makes few incidents with the same columns, in memory and into CSV; what as many would take is reckoned from that.
"""

from __future__ import annotations

import csv
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pygeohash
from faker import Faker

from wattif.incidents.kinds import codes, incident_types
from wattif.incidents.spec import IncidentSpec
from wattif.incidents.write import write_incidents
from wattif.tables import incidents as tables

SEED, WINDOW_END = 123, "2024-07-01"
FAKED, WARM_UP = 2_000, 100
USUAL = IncidentSpec(incident_count=FAKED, seed=SEED, window_end=WINDOW_END)  # what both ways make


def _write(count: int, folder: Path, output_format: str) -> tuple[float, float, float, int]:
    """Seconds, seconds of processor time, peak memory in MB, and rows of all tables."""
    write_incidents(IncidentSpec(incident_count=WARM_UP, seed=SEED, window_end=WINDOW_END), folder / "warm")
    spec = IncidentSpec(incident_count=count, seed=SEED, window_end=WINDOW_END)
    wall, processor = time.perf_counter(), time.process_time()
    written = write_incidents(spec, folder / "made", output_format=output_format)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return wall, processor, peak, sum(written.rows.values())


class _Faked:
    """Rows as scripts usually make them: each value of each row is asked of Faker."""

    def __init__(self) -> None:
        self._fake = Faker("en_US")
        self._fake.seed_instance(SEED)
        self._number = 0

    def rows(self) -> dict[str, list[dict[str, object]]]:
        """The rows of one incident, by table."""
        incident = self._incident()
        own: dict[str, list[dict[str, object]]] = {
            tables.INCIDENTS.name: [incident],
            tables.EVENTS.name: self._events(incident),
            tables.UNITS.name: self._times(
                self._fake.random_int(USUAL.units_min, USUAL.units_max), self._unit, incident
            ),
        }
        for table, share, row in (
            (tables.ASSETS, USUAL.assets_probability, self._asset),
            (tables.NOTES, USUAL.notes_probability, self._note),
        ):
            has = self._fake.pyfloat(min_value=0, max_value=1) < share
            own[table.name] = self._times(self._fake.random_int(1, 2) if has else 0, row, incident)
        return own

    def _incident(self) -> dict[str, object]:
        fake, self._number = self._fake, self._number + 1
        occurrence = fake.date_time_between(USUAL.window_start, USUAL.window_end, tzinfo=UTC)
        reported, dispatch, arrival, resolved = (occurrence + timedelta(minutes=each) for each in (2, 5, 12, 80))
        lat, lng = float(fake.latitude()), float(fake.longitude())
        return {
            "incident_number": f"INC-MNL-{self._number:08d}",
            "external_reference": fake.bothify("CAD-##########"),
            "title": fake.sentence(nb_words=5),
            "narrative": fake.paragraph(nb_sentences=3),
            "type_code": fake.random_element([each.code for each in incident_types()]),
            "severity_code": fake.random_element(codes("severities")),
            "status_code": "CLOSED",
            "source_code": fake.random_element(codes("sources")),
            "weather_condition_code": fake.random_element(codes("weather_conditions")),
            "primary_station_code": self._station(),
            "occurrence_at": occurrence,
            "reported_at": reported,
            "dispatch_at": dispatch,
            "arrival_at": arrival,
            "resolved_at": resolved,
            "location_lat": lat,
            "location_lng": lng,
            "location_wkt": f"POINT({lng} {lat})",
            "location_geohash": pygeohash.encode(lat, lng, 8),
            "address_line_1": fake.street_address(),
            "address_line_2": fake.secondary_address(),
            "city": fake.city(),
            "region": fake.state(),
            "postal_code": fake.postcode(),
            "casualty_count": fake.random_int(0, 3),
            "responder_injuries": fake.random_int(0, 1),
            "estimated_damage_amount": fake.pydecimal(left_digits=5, right_digits=2, positive=True),
            "is_active": fake.boolean(),
            "metadata": json.dumps({"zone_id": fake.bothify("MNL_Z_0##"), "temperature_c": fake.random_int(20, 35)}),
        }

    def _events(self, incident: Mapping[str, object]) -> list[dict[str, object]]:
        states = ("alert", "acknowledged", "incident", "assigned", "on_scene", "restored", "closed")
        return [
            {
                "incident_number": incident["incident_number"],
                "event_number": place + 1,
                "from_state": states[place - 1] if place else None,
                "to_state": state,
                "status_code": "CLOSED",
                "actor": self._fake.job(),
                "occurred_at": self._within(incident),
            }
            for place, state in enumerate(states)
        ]

    def _unit(self, incident: Mapping[str, object]) -> dict[str, object]:
        return {
            "incident_number": incident["incident_number"],
            "station_code": self._station(),
            "assignment_role": self._fake.random_element(("PRIMARY", "SUPPORT", "COMMAND")),
            "dispatched_at": self._within(incident),
            "cleared_at": incident["resolved_at"],
        }

    def _asset(self, incident: Mapping[str, object]) -> dict[str, object]:
        return {
            "incident_number": incident["incident_number"],
            "asset_identifier": self._fake.bothify("???-MNL-#######"),
            "asset_type": self._fake.random_element(codes("asset_types")),
            "status": self._fake.random_element(("OPERATIONAL", "DAMAGED", "OUT_OF_SERVICE", "REPLACED")),
            "notes": self._fake.sentence(nb_words=4),
        }

    def _note(self, incident: Mapping[str, object]) -> dict[str, object]:
        return {
            "incident_number": incident["incident_number"],
            "author": self._fake.name(),
            "note": self._fake.sentence(),
            "created_at": self._within(incident),
        }

    def _station(self) -> str:
        return f"MNL_STN_{self._fake.random_int(1, 25):03d}"

    def _within(self, incident: Mapping[str, object]) -> datetime:
        begin, end = incident["reported_at"], incident["resolved_at"]
        assert isinstance(begin, datetime)
        assert isinstance(end, datetime)
        return self._fake.date_time_between(begin, end, tzinfo=UTC)

    def _times(
        self, count: int, row: Callable[[Mapping[str, object]], dict[str, object]], incident: Mapping[str, object]
    ) -> list[dict[str, object]]:
        return [row(incident) for _ in range(count)]


def _fake(folder: Path) -> tuple[float, int]:
    """Seconds for `FAKED` incidents row by row into CSV, and their rows."""
    faked = _Faked()
    for _ in range(WARM_UP):
        faked.rows()
    begin, rows = time.perf_counter(), 0
    own: dict[str, list[dict[str, object]]] = {}
    for _ in range(FAKED):
        for name, some in faked.rows().items():
            own.setdefault(name, []).extend(some)
    for table in (tables.INCIDENTS, tables.EVENTS, tables.UNITS, tables.ASSETS, tables.NOTES):
        with (folder / f"{table.name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, table.column_names)
            writer.writeheader()
            writer.writerows(own[table.name])
        rows += len(own[table.name])
    return time.perf_counter() - begin, rows


def main() -> None:
    """Print each figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="wattif-bench-") as name:
        folder = Path(name)
        for output_format in ("csv", "parquet"):
            target = folder / output_format
            target.mkdir()
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                wall, processor, peak, rows = process.submit(_write, count, target, output_format).result()
            size = sum(each.stat().st_size for each in (target / "made").iterdir())
            print(
                f"{count:,} incidents, all tables, to {output_format}: {wall:.1f} s, {processor:.1f} s of processor"
                f" time, {peak:.0f} MB, {rows:,} rows, {rows / wall:,.0f} rows/s, {size / 1e6:,.0f} MB of files",
                flush=True,
            )
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            wall, rows = process.submit(_fake, folder).result()
    print(
        f"Faker, row by row, {FAKED:,} incidents to csv: {wall:.1f} s, {rows:,} rows, {rows / wall:,.0f} rows/s;"
        f" {count:,} would take {wall / FAKED * count:,.0f} s"
    )


if __name__ == "__main__":
    main()
