"""CIM messages: no reader of them is at hand, so their elements are held against the sequences of MeterReadings.xsd."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.exchanging import around, damaged, every_change, expected_days, rows_of
from wattif.exchange.quality import QUALITIES
from wattif.exchange.run import Exported, export

MESSAGE, CIM = "{http://iec.ch/TC57/2011/schema/message}", "{http://iec.ch/TC57/2011/MeterReadings#}"
SPEC = damaged(city="new-york,sydney", meters_per_file=12, start="2024-03-29", end="2024-04-09", interval=1800)
# xs:sequence of each type (profile of 2011), as far as the files have these elements
SEQUENCES = {
    f"{MESSAGE}EventMessage": ["Header", "Payload"],
    f"{MESSAGE}Header": ["Verb", "Noun", "Revision", "Timestamp", "Source", "MessageID"],
    f"{MESSAGE}Payload": ["MeterReadings"],
    f"{CIM}MeterReadings": ["MeterReading"],
    f"{CIM}MeterReading": ["IntervalBlocks", "Meter", "valuesInterval"],
    f"{CIM}IntervalBlocks": ["IntervalReadings", "ReadingType"],
    f"{CIM}IntervalReadings": ["timeStamp", "value", "ReadingQualities"],
    f"{CIM}ReadingQualities": ["ReadingQualityType"],
    f"{CIM}Meter": ["mRID", "Names"],
    f"{CIM}Names": ["name", "NameType"],
    f"{CIM}NameType": ["name", "NameTypeAuthority"],
    f"{CIM}NameTypeAuthority": ["name"],
    f"{CIM}valuesInterval": ["end", "start"],
}
FORWARD, REVERSE = (f"0.0.5.4.{flow}.1.12.0.0.0.0.0.0.0.0.0.72.0" for flow in (1, 19))
Reading = tuple[datetime, Decimal | None, str]  # local end, Wh, quality


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(SPEC, "cim", tmp_path_factory.mktemp("cim"))


def _readings(folder: Path) -> dict[tuple[str, str], list[Reading]]:
    """By MAC and reading type."""
    found: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        for meter in ElementTree.parse(path).getroot().iter(f"{CIM}MeterReading"):
            mac = meter.findtext(f"{CIM}Meter/{CIM}mRID", "")
            for block in meter.iter(f"{CIM}IntervalBlocks"):
                (kind,) = block.iterfind(f"{CIM}ReadingType")
                for each in block.iter(f"{CIM}IntervalReadings"):
                    value = each.findtext(f"{CIM}value")
                    (quality,) = each.iter(f"{CIM}ReadingQualityType")
                    found[mac, kind.get("ref", "")].append(
                        (
                            datetime.fromisoformat(each.findtext(f"{CIM}timeStamp", "")),
                            None if value is None else Decimal(value),
                            quality.get("ref", ""),
                        )
                    )
    return found


def test_every_interval_has_its_value_and_its_quality(made: Exported) -> None:
    found, seen = _readings(made.folder), set()
    assert len(found) == 2 * SPEC.meters
    for meter in range(SPEC.meters):
        rows = rows_of(SPEC, meter)
        mac = rows[min(rows)]["mac"]
        for kind, column in ((FORWARD, "consumption_wh"), (REVERSE, "export_wh")):
            ends = [end for end, _, _ in found[mac, kind]]
            assert all(b - a == timedelta(minutes=30) for a, b in pairwise(ends))
            for end, wh, quality in found[mac, kind]:
                row = rows.get(end.astimezone(UTC) - timedelta(minutes=30))
                if row is None:
                    assert (wh, quality) == (None, "3.5.259")
                else:
                    expected = next(q for q in QUALITIES if q.flag >= 0 and row["status"] & q.flag == q.flag)
                    assert wh is not None
                    assert (wh * 1000, quality) == (row[column], expected.cim)
                seen.add(quality)
    assert {"1.0.0", "3.5.259", "3.8.0"} <= seen


def test_local_days_sum_to_what_is_expected(made: Exported, tmp_path: Path) -> None:
    expected = expected_days(SPEC, "local", tmp_path)
    energy: defaultdict[tuple[str, date], Decimal] = defaultdict(Decimal)
    counts: Counter[tuple[str, date]] = Counter()
    for (mac, kind), readings in _readings(made.folder).items():
        for end, wh, _ in readings:
            if kind == FORWARD and wh is not None:
                # the offset is that of the end: half an hour before, it was the same but at midnight, and no clock of
                # these cities changes at midnight
                day = mac, (end - timedelta(minutes=30)).date()
                energy[day] += wh
                counts[day] += 1
    assert {day for _, day in counts} == {date(2024, 3, 29) + timedelta(days=n) for n in range(12)}
    for key, wh in energy.items():
        assert (wh, counts[key]) == expected[key]


def test_elements_stand_in_the_order_of_the_schema(made: Exported) -> None:
    for path in made.folder.iterdir():
        message = ElementTree.parse(path).getroot()
        assert message.tag == f"{MESSAGE}EventMessage"
        assert message.findtext(f"{MESSAGE}Header/{MESSAGE}Noun") == "MeterReadings"
        for element in message.iter():
            names = [child.tag.partition("}")[2] for child in element]
            if element.tag in SEQUENCES:
                order = [SEQUENCES[element.tag].index(name) for name in names]
                assert order == sorted(order)
            else:
                assert not names
        for block in message.iter(f"{CIM}IntervalBlocks"):
            assert len(block.findall(f"{CIM}ReadingType")) == 1


@every_change
def test_time_stamps_go_through_changes_of_the_clock(city: str, moment: datetime, tmp_path: Path) -> None:
    spec = around(city, moment)
    export(spec, "cim", tmp_path)
    rows = rows_of(spec, 0)
    readings = _readings(tmp_path)[rows[min(rows)]["mac"], FORWARD]
    starts = [end.astimezone(UTC) - timedelta(minutes=30) for end, _, _ in readings]
    assert starts == [start for start in rows if starts[0] <= start <= starts[-1]]
    assert [wh * 1000 for _, wh, _ in readings if wh is not None] == [rows[each]["consumption_wh"] for each in starts]
    before, after = ([end for end, _, _ in readings if (end >= moment) == late] for late in (False, True))
    (old,), (new,) = ({end.utcoffset() for end in ends} for ends in (before, after))
    assert abs((new or timedelta()) - (old or timedelta())) == timedelta(hours=1)
    assert (readings[0][0] - timedelta(minutes=30)).time() == readings[-1][0].time() == datetime.min.time()
