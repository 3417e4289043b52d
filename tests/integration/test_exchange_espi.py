"""Green Button files, read by a reader that knows nothing of WattIf."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from greenbutton_objects import enums
from greenbutton_objects.parse import parse_feed

from tests.exchanging import damaged, expected_days, rows_of
from wattif.errors import InvalidValue
from wattif.exchange.quality import QUALITIES
from wattif.exchange.run import Exported, export

SPEC = damaged(city="new-york,sydney", meters_per_file=12, start="2024-03-29", end="2024-04-09", interval=1800)
ZONES = {"America/New_York", "Australia/Sydney"}
ATOM, ESPI = "{http://www.w3.org/2005/Atom}", "{http://naesb.org/espi}"
# xs:sequence of each type in espi.xsd, as far as the files have these elements
SEQUENCES = {
    "LocalTimeParameters": ["dstEndRule", "dstOffset", "dstStartRule", "tzOffset"],
    "UsagePoint": ["ServiceCategory"],
    "ServiceCategory": ["kind"],
    "MeterReading": [],
    "ReadingType": [
        "accumulationBehaviour",
        "commodity",
        "dataQualifier",
        "defaultQuality",
        "flowDirection",
        "intervalLength",
        "kind",
        "phase",
        "powerOfTenMultiplier",
        "timeAttribute",
        "uom",
    ],
    "IntervalBlock": ["interval", "IntervalReading"],
    "interval": ["duration", "start"],
    "IntervalReading": ["ReadingQuality", "timePeriod", "value"],
    "ReadingQuality": ["quality"],
    "timePeriod": ["duration", "start"],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(SPEC, "espi", tmp_path_factory.mktemp("espi"))


def _readings(made: Exported) -> dict[str, dict[int, list[Any]]]:
    """By MAC and direction, in the order of the files."""
    found: dict[str, dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(made.folder.iterdir()):
        for point in parse_feed(str(path)):
            assert point.serviceCategory == enums.ServiceKind.electricity
            for meter_reading in point.meterReadings:
                kind = meter_reading.readingType
                assert (kind.uom, kind.intervalLength) == (enums.UomType.wattHours, SPEC.interval)
                assert kind.defaultQuality == enums.QualityOfReading.raw
                found[point.title][kind.flowDirection.value] += meter_reading.intervalReadings
    return found


def test_every_reading_that_was_sent_is_there_and_no_other(made: Exported) -> None:
    found = _readings(made)
    assert len(found) == SPEC.meters
    seen = set()
    for meter in range(SPEC.meters):
        rows = rows_of(SPEC, meter)
        mac = rows[min(rows)]["mac"]
        for direction, column in ((1, "consumption_wh"), (19, "export_wh")):
            readings = found[mac][direction]
            starts = [each.timePeriod.start for each in readings]
            assert starts == sorted(set(starts))
            assert [each for each in rows if min(starts) <= each <= max(starts)] == starts
            for each in readings:
                row = rows[each.timePeriod.start.astimezone(UTC)]
                assert each.timePeriod.duration == timedelta(seconds=SPEC.interval)
                assert each._value == row[column]
                assert each.value == pytest.approx(row[column] / 1000)
                expected = next(q for q in QUALITIES if q.flag >= 0 and row["status"] & q.flag == q.flag)
                told = [quality.quality.value for quality in each.readingQualities] or [
                    enums.QualityOfReading.raw.value
                ]
                assert told == [expected.espi]
                seen.add(expected.espi)
    assert {9, 14, 16} <= seen


def test_local_days_sum_to_what_is_expected(made: Exported, tmp_path: Path) -> None:
    expected = expected_days(SPEC, "local", tmp_path)
    zone_of: dict[str, str] = {}
    energy: defaultdict[tuple[str, date], Decimal] = defaultdict(Decimal)
    counts: Counter[tuple[str, date]] = Counter()
    for path in sorted(made.folder.iterdir()):
        feed = ElementTree.parse(path)
        for entry in feed.iterfind(f"{ATOM}entry"):
            if entry.find(f".//{ESPI}UsagePoint") is not None:
                zone = [link.get("href", "") for link in entry.iterfind(f"{ATOM}link") if link.get("rel") == "related"]
                (own,) = (each for each in ZONES if any(href.endswith(each.replace("/", "-")) for href in zone))
                zone_of[entry.findtext(f"{ATOM}title", "")] = own
    for mac, directions in _readings(made).items():
        for each in directions[1]:
            day = mac, each.timePeriod.start.astimezone(ZoneInfo(zone_of[mac])).date()
            energy[day] += Decimal(each._value) / 1000
            counts[day] += 1
    assert {day for _, day in counts} == {date(2024, 3, 29) + timedelta(days=n) for n in range(12)}
    for key, wh in energy.items():
        assert (wh, counts[key]) == expected[key]


def test_elements_stand_in_the_order_of_the_schema(made: Exported) -> None:
    for path in made.folder.iterdir():
        feed = ElementTree.parse(path).getroot()
        assert [child.tag for child in feed][:4] == [f"{ATOM}{name}" for name in ("id", "title", "updated", "link")]
        ids = [each.text for each in feed.iter(f"{ATOM}id")]
        assert len(ids) == len(set(ids))
        references = {link.get("href") for link in feed.iter(f"{ATOM}link") if link.get("rel") == "self"}
        for entry in feed.iterfind(f"{ATOM}entry"):
            (resource,) = entry.find(f"{ATOM}content") or []
            for link in entry.iterfind(f"{ATOM}link"):
                if link.get("rel") == "related" and not link.get("href", "").endswith(
                    ("MeterReading", "IntervalBlock")
                ):
                    assert link.get("href") in references
            for element in resource.iter():
                name = element.tag.removeprefix(ESPI)
                if name in SEQUENCES:
                    order = [SEQUENCES[name].index(child.tag.removeprefix(ESPI)) for child in element]
                    assert order == sorted(order)
                else:
                    assert len(element) == 0


def test_clocks_are_told_as_north_american_files_tell_them(made: Exported) -> None:
    clocks = {}
    for path in made.folder.iterdir():
        for entry in ElementTree.parse(path).getroot().iterfind(f"{ATOM}entry"):
            clock = entry.find(f".//{ESPI}LocalTimeParameters")
            if clock is not None:
                clocks[entry.findtext(f"{ATOM}title")] = [child.text for child in clock]
    assert clocks == {
        "America/New_York": ["B40E2000", "3600", "360E2000", "-18000"],
        "Australia/Sydney": ["440E3000", "3600", "A40E2000", "36000"],
    }


def test_what_cannot_be_sent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="Green Button has readings every 300, 900, 1800, 3600 seconds"):
        export(damaged(interval=10), "espi", tmp_path / "new")
