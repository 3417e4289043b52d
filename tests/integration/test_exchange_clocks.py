"""Days of 23 and 25 hours: at every change of the clocks of the shipped cities, by each standard's rules."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

from tests.exchanging import CHANGES, YEAR, around, every_change, rows_of
from wattif.exchange.dst_rules import local_time
from wattif.exchange.run import export
from wattif.model.cities import load_cities
from wattif.numeric.calendar import zone

ESPI = "{http://naesb.org/espi}"


def _local(city: str, moment: datetime) -> datetime:
    return moment.astimezone(zone(load_cities()[city].time_zone))


def test_eight_of_ten_cities_set_their_clocks_twice() -> None:
    assert len(load_cities()) == 10
    assert len(CHANGES) == 16


@every_change
def test_green_button_blocks_are_as_long_as_the_day(city: str, moment: datetime, tmp_path: Path) -> None:
    spec = around(city, moment)
    export(spec, "espi", tmp_path)
    lengths: dict[date, int] = {}
    values: dict[datetime, int] = {}
    for path in sorted(tmp_path.iterdir()):
        for entry in ElementTree.parse(path).getroot():
            forward = "/MeterReading/01/" in str([link.get("href") for link in entry])
            for block in entry.iter(f"{ESPI}IntervalBlock"):
                start = datetime.fromtimestamp(int(block.findtext(f"{ESPI}interval/{ESPI}start", "")), UTC)
                local = _local(city, start)
                assert (local.hour, local.minute) == (0, 0)
                length = int(block.findtext(f"{ESPI}interval/{ESPI}duration", ""))
                assert len(block.findall(f"{ESPI}IntervalReading")) == length // 1800
                lengths[local.date()] = length
                for each in block.iter(f"{ESPI}IntervalReading") if forward else []:
                    begun = int(each.findtext(f"{ESPI}timePeriod/{ESPI}start", ""))
                    values[datetime.fromtimestamp(begun, UTC)] = int(each.findtext(f"{ESPI}value", ""))
    changed = _local(city, moment).date()
    assert lengths.pop(changed) in (23 * 3600, 25 * 3600)
    assert set(lengths.values()) == {86_400}
    rows = rows_of(spec, 0)
    assert values == {
        start: row["consumption_wh"] for start, row in rows.items() if min(values) <= start <= max(values)
    }


@every_change
def test_days_of_market_time_have_24_hours(city: str, moment: datetime, tmp_path: Path) -> None:
    spec = around(city, moment)
    export(spec, "nem12", tmp_path)
    values: dict[datetime, int] = {}
    for path in sorted(tmp_path.iterdir()):
        with path.open(encoding="ascii", newline="") as file:
            records = list(csv.reader(file))
        stream = ""
        for record in records:
            stream = record[4] if record[0] == "200" else stream
            if record[0] == "300" and stream == "E1":
                assert len(record) == 48 + 7
                midnight = datetime.strptime(record[1], "%Y%m%d").replace(tzinfo=UTC) - timedelta(hours=10)
                for n, kwh in enumerate(record[2:50]):
                    values[midnight + n * timedelta(minutes=30)] = int(kwh.replace(".", ""))
    rows = rows_of(spec, 0)
    assert len(values) == 4 * 48
    assert values == {start: rows[start]["consumption_wh"] for start in values}


def _told(rule: str, year: int) -> datetime:
    """The moment that a rule of four bytes names, by the clock before it changes: decoded bit by bit, as ESPI says."""
    bits = f"{int(rule, 16):032b}"
    month, operator, day, weekday, hour, seconds = (
        int(bits[a:b], 2) for a, b in ((0, 4), (4, 7), (7, 12), (12, 15), (15, 20), (20, 32))
    )
    assert day == 0
    days = (datetime(year, month, 1) + timedelta(days=n) for n in range(31))
    same = [each for each in days if each.month == month and each.isoweekday() == weekday]
    return same[-1 if operator == 7 else operator - 2] + timedelta(hours=hour, seconds=seconds)


@every_change
def test_rules_name_the_changes_of_this_year_and_the_next(city: str, moment: datetime) -> None:
    clock = local_time(load_cities()[city].time_zone, YEAR)
    before, after = _ahead(city, moment - timedelta(hours=1)), _ahead(city, moment)
    assert timedelta(seconds=clock.standard_s) == min(before, after)
    rule = clock.start_rule if before < after else clock.end_rule
    assert _told(rule, YEAR) == moment.replace(tzinfo=None) + before
    later = (_told(rule, YEAR + 1) - before).replace(tzinfo=UTC)
    assert [_ahead(city, later - timedelta(minutes=1)), _ahead(city, later)] == [before, after]


def _ahead(city: str, moment: datetime) -> timedelta:
    return _local(city, moment).utcoffset() or timedelta()
