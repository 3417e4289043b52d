"""Calibration: WattIf's own output of another city gives that city's figures back; files of all kinds mean the same."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import orjson
import pytest

import wattif
from tests.commands import run_wattif
from wattif.calibrate.columns import Asked
from wattif.calibrate.read import Data, read_data
from wattif.calibrate.run import calibrate
from wattif.errors import UsageError
from wattif.model.cities import load_cities
from wattif.model.own_profiles import own_day

LONDON = load_cities()["london"]


@pytest.fixture(scope="module")
def london(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty homes and forty shops of London, eight weeks, hourly."""
    out = tmp_path_factory.mktemp("data") / "london.parquet"
    spec = wattif.Spec(
        start="2024-03-01",
        end="2024-04-25",
        meters=80,
        city="london",
        interval=3600,
        seed=7,
        class_mix="residential=0.5,commercial=0.5,industrial=0",
    )
    rows = wattif.read(spec, columns=["mac", "timestamp", "consumption_wh"])
    meters = wattif.read(spec, "meters").read_all()
    with duckdb.connect() as connection:
        connection.register("rows", rows)
        connection.register("meters", meters)
        connection.execute(f"COPY (SELECT r.*, m.class FROM rows r JOIN meters m USING (mac)) TO '{out}'")
    return out


def test_output_of_another_city_gives_its_figures_back(london: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.toml"
    report = calibrate([london], out, Asked(), city_id="mine", like="berlin", time_zone="Europe/London")
    assert (report.meters, report.days, report.readings) == (80, 56, 80 * 56 * 24)
    city = load_cities(out)["mine"]
    assert (city.key, load_cities()["berlin"].key) == ("MINE", "BER")
    assert not [note for note in report.notes if "right `unit`" in note]
    with duckdb.connect() as connection:  # the oracle: each meter's mean by SQL
        rows = connection.execute(
            "SELECT class, avg(wh) * 24 * 365.25 / 12 / 1000, stddev_samp(ln(wh)) FROM"
            f" (SELECT class, avg(consumption_wh) AS wh FROM '{london}' GROUP BY class, mac) GROUP BY class"
        ).fetchall()
    for name, month_kwh, spread in rows:
        assert city.spread_ln is not None
        assert city.spread_ln[name] == pytest.approx(spread, abs=0.001)
        assert city.mean_kwh[name] == pytest.approx(month_kwh, rel=0.05)  # less season and growth
    shares = {each.meter_class: each for each in report.classes}
    for name, profile in (("residential", "h0"), ("commercial", "g25")):
        errors = {each.figure: each for each in shares[name].lines}["difference from the mean days"]
        assert isinstance(errors.after, float)
        assert errors.after < 0.10
        day = date(2024, 4, 17)
        own, true = own_day(city, profile, day, "weekday"), own_day(LONDON, profile, day, "weekday")
        assert np.corrcoef(own, true)[0, 1] > 0.9
    for figure, tolerance in (("night 0-6 h / mean", 0.15), ("evening 17-21 h / mean", 0.15)):
        line = {each.figure: each for each in shares["residential"].lines}[figure]
        assert isinstance(line.data, tuple)
        assert isinstance(line.after, tuple)
        assert line.after[1] == pytest.approx(line.data[1], rel=tolerance)


def test_a_unit_that_makes_homes_of_power_plants_is_noticed(london: Path, tmp_path: Path) -> None:
    """A thousand times as much: told where a city may have it, refused where it may not."""
    homes, asked = tmp_path / "homes.parquet", Asked(unit="kWh")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM '{london}' WHERE class = 'residential') TO '{homes}'")
    report = calibrate([homes], tmp_path / "homes.toml", asked, city_id="homes", like="london")
    told = r"residential: a mean month of [\d,.]+ kWh .* right `unit`"
    assert [note for note in report.notes if re.match(told, note)]
    refused = r"commercial: a mean month of [\d,.]+ kWh is none that meters have; say the right"
    with pytest.raises(UsageError, match=refused):
        calibrate([london], tmp_path / "mine.toml", asked, city_id="mine", like="london")
    assert not (tmp_path / "mine.toml").exists()


def test_the_file_makes_readings_and_holds_no_row(london: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.toml"
    calibrate([london], out, Asked(), city_id="mine", like="london")
    text = out.read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        macs = [mac for (mac,) in connection.execute(f"SELECT DISTINCT mac FROM '{london}'").fetchall()]
    assert not [mac for mac in macs if mac in text]
    assert len(text) < 12_000
    spec = wattif.Spec(start="2024-03-01", end="2024-03-01", meters=3, city="mine", cities=out, interval=3600)
    assert wattif.read(spec).read_all().num_rows == 72


def _write(path: Path, rows: str, head: str = "meter,time,kwh") -> Path:
    path.write_text(f"{head}\n{rows}", encoding="utf-8")
    return path


def _sql(path: Path, select: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({select}) TO '{path}'")
    return path


def _data(file: Path, city_id: str = "london", asked: Asked | None = None) -> Data:
    return read_data([file], asked or Asked(), load_cities()[city_id], 0)


RAMP = "(hour(t) + 1 + m) / 10.0"  # kWh or kW of hour t


def _rows(value: str, time: str = "t", column: str = "kwh", step: str = "1 hour", days: int = 20) -> str:
    return (
        f"SELECT 'm' || m AS meter, {time} AS time, {value} AS {column} FROM range(12) r(m),"
        f" generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-01' + INTERVAL {days} DAY - INTERVAL {step},"
        f" INTERVAL {step}) s(t)"
    )


@pytest.mark.parametrize(
    ("select", "asked"),
    [
        (_rows(RAMP), Asked(utc=True)),
        (_rows(f"{RAMP} * 1000", column="energy_wh"), Asked(utc=True)),
        (_rows(RAMP, column="power_kw", step="15 minutes"), Asked(utc=True)),
        (_rows(f"{RAMP} * 1000", column="power_w", step="30 minutes"), Asked(utc=True)),
        (_rows(f"{RAMP} / 60", step="1 minute", days=15), Asked(utc=True)),
        (_rows(RAMP, column="value"), Asked(utc=True, unit="kWh")),
        (_rows(RAMP, column="value"), Asked(utc=True)),
        (_rows(RAMP, time="t + INTERVAL 1 HOUR"), Asked(utc=True, ends=True)),
        (_rows(RAMP, time="strftime(t, '%d/%m/%Y %H:%M')"), Asked(utc=True, time_format="%d/%m/%Y %H:%M")),
        (_rows(RAMP, time="strftime(t + INTERVAL 2 HOUR, '%Y-%m-%dT%H:%M:%S+02:00')"), Asked()),
        (_rows(RAMP, time="CAST(t AS TIMESTAMPTZ)"), Asked()),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_units_intervals_and_writings_mean_the_same(tmp_path: Path, select: str, asked: Asked, ending: str) -> None:
    """By hand: meter m uses (hour + 1 + m) * 100 Wh in each hour; London's winter is UTC."""
    measured = _data(_sql(tmp_path / f"rows.{ending}", select), asked=asked).measured
    hours = measured.clock.hour[:24]
    assert hours.tolist() == list(range(24))
    for place, m in enumerate(sorted(range(12), key=lambda m: f"m{m}")):
        assert measured.wh[place, :24] == pytest.approx((hours + 1 + m) * 100.0, rel=1e-5)


def test_an_hour_that_comes_twice_and_one_that_never_comes(tmp_path: Path) -> None:
    """London, 27 October 2024: 01:00 to 02:00 comes twice; 31 March: it is skipped."""
    halves = (("00", 1), ("01", 2), ("01", 3), ("02", 1))
    rows = "".join(f"m,2024-10-27 {hour}:{m}:00,{value}\n" for hour, value in halves for m in ("00", "30"))
    measured = _data(_write(tmp_path / "a.csv", rows)).measured
    assert measured.wh[0].tolist()[:4] == [2000.0, 4000.0, 6000.0, 2000.0]
    assert measured.clock.hour.tolist() == [0, 1, 1, 2]
    spring = "m,2024-03-31 00:30:00,1\nm,2024-03-31 01:00:00,1\nm,2024-03-31 01:30:00,0\n"
    with pytest.raises(UsageError, match="no clock in Europe/London shows 2024-03-31 01:00:00"):
        _data(_write(tmp_path / "b.csv", spring))
    assert _data(tmp_path / "b.csv", asked=Asked(utc=True)).measured.clock.hour.tolist() == [0, 2]


def test_missing_zero_negative_and_double_readings(tmp_path: Path) -> None:
    rows = "".join(f"m,2024-01-01 {hour:02d}:00:00,{v}\n" for hour, v in enumerate(("1", "0", "", "-2", "3", "2")))
    data = _data(_write(tmp_path / "a.csv", rows + "m,2024-01-01 05:00:00,4\n"))
    assert np.nan_to_num(data.measured.wh[0], nan=-1).tolist() == [1000.0, 0.0, -1.0, 0.0, 3000.0, 4000.0]
    assert data.measured.missing[0] == pytest.approx(1 / 6)
    assert data.measured.zero[0] == pytest.approx(2 / 5)
    assert "1 negative readings (feed-in) count as 0" in data.notes
    assert "1 readings came more than once" in " ".join(data.notes)


@pytest.mark.parametrize(
    ("select", "message"),
    [
        (_rows(RAMP, days=13), "13 days are too few to calibrate to; at least 14"),
        (_rows(RAMP).replace("range(12)", "range(9)"), "9 of 9 meters have 14 days and use energy; at least 10"),
        (_rows("'many'"), "holds 'many', which is no number"),
        (_rows("1.0 * epoch(t)"), "only ever rises, as registers do"),
        (_rows(RAMP, step="2 hours"), "readings are 7,200 s apart; give some whose interval is from 1 to 60 min"),
        (_rows(RAMP, time="'soon'"), "'soon' is not a timestamp"),
        (_rows(RAMP, column="colour"), "which column holds the energy or power?"),
        (f"SELECT *, 'zoo' AS class FROM ({_rows(RAMP)})", "holds 'zoo', which is no class"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tmp_path: Path, select: str, message: str) -> None:
    file = _sql(tmp_path / "rows.csv", select)
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        calibrate([file], tmp_path / "mine.toml", Asked(utc=True), city_id="mine", like="london")
    assert not (tmp_path / "mine.toml").exists()


def _command(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = run_wattif(folder, "calibrate", *arguments)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("compiling")]
    return done.returncode, done.stdout, "\n".join(lines)


def test_the_command_prints_json_and_draws(tmp_path: Path) -> None:
    _sql(tmp_path / "rows.csv", _rows(RAMP))
    asked = ["rows.csv", "--out", "my_city.toml", "--time-zone", "Europe/London"]
    code, out, error = _command(tmp_path, *asked, "--json", "--pictures", "fit.png")
    assert (code, error) == (0, "")
    report = orjson.loads(out)
    assert (report["city"], report["like"], report["meters"], report["days"]) == ("my-city", "london", 12, 20)
    assert (tmp_path / "fit.png").read_bytes().startswith(b"\x89PNG")
    assert "my-city" in load_cities(tmp_path / "my_city.toml")
    code, out, error = _command(tmp_path, *asked)
    assert (code, out, "--out my_city.toml: is there already" in error) == (2, "", True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.csv", "--out", "a.toml", "--like", "london"], "gone.csv: no such file"),
        (["rows.txt2", "--out", "a.toml", "--like", "london"], "rows.txt2: is neither CSV nor Parquet"),
        (["rows.txt2", "--out", "a.json", "--like", "london"], "--out a.json: must end with .toml"),
        (["rows.txt2", "--out", "a.toml"], "--like is missing: tell which city is most alike"),
        (["rows.txt2", "--out", "a.toml", "--time-zone", "Europe/Paris"], "no known city is in Europe/Paris"),
        (["rows.txt2", "--out", "a.toml", "--like", "lodnon"], "--like lodnon: unknown city; did you mean london?"),
        (["rows.txt2", "--out", "a.toml", "--name", "A b"], "--name A b: must be lower-case letters"),
        (["rows.txt2", "--out", "a.toml", "--pictures", "a.doc"], "--pictures a.doc: is not a picture file"),
    ],
)
def test_wrong_options_are_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    _write(tmp_path / "rows.txt2", "")
    code, out, error = _command(tmp_path, *arguments)
    assert (code, out, len(error.splitlines())) == (2, "", 1), error
    assert message in error
