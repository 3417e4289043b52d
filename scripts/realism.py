"""Hold the model's readings against real homes and the standard load profiles; write docs/realism.md.

python -m scripts.realism            all figures and pictures
python -m scripts.realism --quick    fewer meters and days, printed only

The figures are computed from readings alone (`MeterDays`), by the usual formulas; nothing is taken from the model's
own constants. The wanted values are those of docs/realism.md.
"""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wattif.model import local_time, quantities
from wattif.model.cities import City, load_cities
from wattif.model.classes import PROFILES
from wattif.model.fleet import Fleet, make_fleet
from wattif.model.grid import METERS_PER_TRANSFORMER
from wattif.model.world import MeterDays, World
from wattif.numeric import calendar

SEED = 42
SEEDS = (1, 2, 3, 4, 5)  # the figures of homes are medians over these worlds
HALF_HOUR_S, QUARTER_S, STEP_S = 1800, 900, 10
SPRING = (date(2024, 3, 1), date(2024, 5, 31))  # the months of the British homes
YEAR = (date(2024, 1, 1), date(2024, 12, 31))
HOMES, BUSINESSES, VOLTAGE_METERS = 600, 240, 40
QUICK = 4  # divides the numbers of meters

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Readings of meters of one class in one city, over whole local days."""

    city: City
    interval_s: int
    fleet: Fleet
    values: Floats  # (meters, readings): mean power in W, or volts
    local_quarter: NDArray[np.int64]  # local time at the start of each reading
    utc_day: NDArray[np.int64]  # of each reading, days since 1970

    @property
    def relative(self) -> Floats:
        """Each meter divided by its own mean."""
        relative: Floats = self.values / self.values.mean(axis=1, keepdims=True)
        return relative

    def following(self, profile: str) -> Sample:
        """The meters that follow *profile*."""
        own = self.fleet.profile == PROFILES.index(profile)
        return Sample(self.city, self.interval_s, self.fleet, self.values[own], self.local_quarter, self.utc_day)

    def profile(self, name: str) -> Floats:
        """The standard load profile at each reading, relative to the mean over all of them."""
        values = local_time.profile_at(self.city, name, self.local_quarter)
        if self.interval_s > QUARTER_S:
            later = local_time.profile_at(self.city, name, self.local_quarter + 1)
            values = (values + later) / 2.0
        relative: Floats = values / values.mean()
        return relative

    def mean_day(self, values: Floats) -> Floats:
        """The mean of *values* (one per reading) by the local time of the day."""
        step = max(self.interval_s // QUARTER_S, 1)
        slot = self.local_quarter % calendar.QUARTERS // step
        day: Floats = np.bincount(slot, values) / np.bincount(slot)
        return day

    def daily(self) -> Floats:
        """Mean of each local day, (meters, days); a day of 23 or 25 hours counts by its mean, too."""
        starts = np.flatnonzero(np.diff(self.local_quarter // calendar.QUARTERS, prepend=-1))
        lengths = np.diff(starts, append=self.values.shape[1])
        means: Floats = np.add.reduceat(self.values, starts, axis=1) / lengths
        return means


def sample(  # what to make, and what of it to keep
    city_id: str,
    class_mix: tuple[float, float, float],
    meters: int,
    days: tuple[date, date],
    interval_s: int,
    *,
    one_per_transformer: bool = False,
    volts: bool = False,
    seed: int = SEED,
) -> Sample:
    """Compute the readings of *days* (local ones, first and last), with as many threads as there are processors.

    *volts*: one-minute means of the voltage instead of the power of an interval.
    """
    city = load_cities()[city_id]
    first, last = days[0] - timedelta(days=1), days[1] + timedelta(days=1)
    world = World(seed=seed, epoch=first.replace(day=1), interval_s=interval_s, cities=(city,))
    spacing = METERS_PER_TRANSFORMER if one_per_transformer else 1
    fleet = make_fleet(seed, meters * spacing, [city], class_mix)
    utc_days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    together = 6 if volts else 1  # readings whose mean is kept
    kept = world.readings_per_day // together
    values = np.empty((meters, len(utc_days) * kept))

    def fill(chosen: range) -> None:
        """One thread's meters: day by day, since neighbouring meters share a day's profiles."""
        model = MeterDays(world, fleet, electrical=volts)
        block = 1 if one_per_transformer else model.block_meters
        for n, day in enumerate(utc_days):
            at = slice(n * kept, (n + 1) * kept)
            for i in range(chosen.start, chosen.stop, block):
                count = min(block, chosen.stop - i)
                columns = model.compute(day, i * spacing, count)
                if volts:
                    values[i : i + count, at] = (
                        columns[:, quantities.VOLTAGE_DV].reshape(count, kept, together).mean(axis=2) / 10.0
                    )
                else:
                    values[i : i + count, at] = columns[:, quantities.CONSUMPTION_MWH] * 3.6 / interval_s

    threads = os.cpu_count() or 1
    share = -(-meters // threads // METERS_PER_TRANSFORMER) * METERS_PER_TRANSFORMER
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, [range(i, min(i + share, meters)) for i in range(0, meters, share)]))
    quarters = calendar.local_quarters(
        city.time_zone, calendar.day_number(first) * calendar.QUARTERS, len(utc_days) * calendar.QUARTERS
    )
    seconds = np.arange(values.shape[1]) * (interval_s * together)
    local = quarters[seconds // QUARTER_S]
    whole = (local // calendar.QUARTERS >= calendar.day_number(days[0])) & (
        local // calendar.QUARTERS <= calendar.day_number(days[1])
    )
    utc_day = calendar.day_number(first) + seconds // 86_400
    return Sample(city, interval_s * together, fleet, values[:, whole], local[whole], utc_day[whole])


def autocorrelation(values: Floats, lag: int) -> float:
    """Median over the rows of their correlation with themselves *lag* columns later."""
    return float(np.median([np.corrcoef(row[lag:], row[:-lag])[0, 1] for row in values]))


def coincidence(relative: Floats, homes: int, groups: int = 200) -> float:
    """Peak of *homes* together over the sum of their own peaks, mean over random groups."""
    choice = np.random.default_rng(SEED)
    ratios = []
    for _ in range(groups):
        group = relative[choice.choice(len(relative), homes, replace=False)]
        ratios.append(group.sum(axis=0).max() / group.max(axis=1).sum())
    return float(np.mean(ratios))


def peak_difference_min(one: Floats, other: Floats) -> float:
    """Minutes between the peaks of two mean days, the shorter way round."""
    slots = len(one)
    apart = abs(int(one.argmax()) - int(other.argmax()))
    return min(apart, slots - apart) * 1440.0 / slots


@dataclass(frozen=True)
class Figure:
    """A measured figure and where it should lie."""

    name: str
    measured: float
    wanted: str
    low: float
    high: float
    why_missed: str = ""
    spread: str = ""  # over the worlds, where there are several

    @property
    def verdict(self) -> str:
        return "ok" if self.low <= self.measured <= self.high else "miss"


@dataclass(frozen=True)
class Table:
    """Figures of one sample."""

    title: str
    note: str
    figures: list[Figure]


def near(name: str, measured: float, real: float, *, share: float = 0.0, by: float = 0.0, why: str = "") -> Figure:
    """A figure that should be within *share* (relative) or *by* (absolute) of the *real* one."""
    margin = abs(real) * share + by
    wanted = f"{real:.3g} ± {share:.0%}" if share else f"{real:.3g} ± {by:.2g}"
    return Figure(name, float(measured), wanted, real - margin, real + margin, why)


def median_of(worlds: list[list[Figure]]) -> list[Figure]:
    """Each figure's median over several worlds, and its range."""
    figures = []
    for same in zip(*worlds, strict=True):
        values = [figure.measured for figure in same]
        spread = f" ({min(values):.3g} to {max(values):.3g})"
        figures.append(replace(same[0], measured=float(np.median(values)), spread=spread))
    return figures


REAL_QUANTILES = {0.05: 0.16, 0.5: 0.66, 0.75: 1.19, 0.9: 2.03, 0.95: 2.95, 0.99: 5.77}
COINCIDENCE_HOMES = (5, 20, 100)
SHARED_WEATHER = "the weather and the season of a city make its days alike"


FEW_IN_COMMON = "apart from the standard profile, homes have only the weather and the kind of day in common"


def real_coincidence(homes: float) -> float:
    return float(0.181 + 0.819 * homes**-0.67)


def residential_figures(homes: Sample) -> list[Figure]:
    relative, days = homes.relative, homes.daily()
    figures = [
        near(f"quantile {level:.0%} of power / mean", np.quantile(relative, level), real, share=share)
        for (level, real), share in zip(REAL_QUANTILES.items(), (0.25, 0.1, 0.1, 0.1, 0.1, 0.1), strict=True)
    ]
    variation = relative.std(axis=1)
    for level, real in ((0.1, 0.75), (0.5, 1.06), (0.9, 1.47)):
        figures.append(
            near(f"variation coefficient, {level:.0%} of the homes", np.quantile(variation, level), real, share=0.15)
        )
    for name, lag, real in (("30 min", 1, 0.49), ("1 h", 2, 0.32), ("1 d", 48, 0.28), ("7 d", 336, 0.28)):
        figures.append(near(f"autocorrelation, {name}", autocorrelation(relative, lag), real, by=0.08))
    figures.append(near("load factor, median", np.median(1.0 / relative.max(axis=1)), 0.093, share=0.15))
    figures.append(near("daily energy, variation", np.median(days.std(axis=1) / days.mean(axis=1)), 0.23, by=0.05))
    alike = autocorrelation(days, 1)
    figures.append(near("daily energy, correlation with the next day", alike, 0.26, by=0.05, why=SHARED_WEATHER))
    for count in COINCIDENCE_HOMES:
        measured = coincidence(relative, count)
        figures.append(
            near(f"coincidence factor of {count} homes", measured, real_coincidence(count), by=0.04, why=FEW_IN_COMMON)
        )
    together = relative.mean(axis=0)
    figures.append(
        near("peak demand after diversity / mean", together.max() / together.mean(), 2.19, share=0.1, why=FEW_IN_COMMON)
    )
    day, profile = homes.mean_day(together), homes.mean_day(homes.profile("h0"))
    figures.append(
        Figure("mean day, correlation with H0", float(np.corrcoef(day, profile)[0, 1]), "at least 0.97", 0.97, 1.0)
    )
    figures.append(Figure("mean day, peak against H0's, min", peak_difference_min(day, profile), "at most 60", 0, 60))
    return figures


def voltage_figures(volts: Sample) -> list[Figure]:
    spread = np.median(volts.values.std(axis=1))
    ten_minutes = volts.values.reshape(len(volts.values), -1, 10).mean(axis=2)
    within = np.mean(np.abs(ten_minutes / volts.city.nominal_v - 1.0) <= 0.1)
    return [
        near("spread of one-minute means, V", spread, 3.6, share=0.2),
        near("autocorrelation, 1 min", autocorrelation(volts.values, 1), 0.98, by=0.02),
        Figure("10-minute means within ±10 % (EN 50160)", float(within), "at least 0.95", 0.95, 1.0),
    ]


# What the prototype printed for a year of 40 meters (its months all had the same energy): load factor at 15 minutes of
# 10, 50 and 90 % of the meters; variation coefficient; autocorrelation at 15 min, 1 h, 1 d and 7 d.
PROTOTYPE = {
    "g25": ((0.282, 0.317, 0.366), 0.55, (0.99, 0.93, 0.73, 0.95)),
    "g1": ((0.155, 0.179, 0.211), 1.11, (0.99, 0.92, 0.71, 0.98)),
    "g3": ((0.451, 0.502, 0.544), 0.24, (0.96, 0.79, 0.60, 0.76)),
    "g4": ((0.340, 0.368, 0.410), 0.48, (0.99, 0.89, 0.66, 0.94)),
    "shift1": ((0.348, 0.391, 0.434), 0.52, (0.97, 0.85, 0.68, 0.97)),
    "shift2": ((0.465, 0.505, 0.550), 0.42, (0.97, 0.88, 0.54, 0.94)),
    "shift3": ((0.678, 0.704, 0.731), 0.10, (0.54, 0.56, 0.11, 0.24)),
}
FEWER_HOLIDAYS = "holidays count as Sundays here and were workdays in the prototype: a week later is not always alike"
CITYS_SEASON = "the energy of a month follows the season of the city (temperature), not that of the profile"
ONLY_NOISE = (
    "three shifts are nearly constant, so noise sets the figure, and the daily noise drifts less than in the prototype"
)
PLAN_CHANGED = "the machines of the prototype also ran outside the shifts, which made its weeks flatter than their plan"


def business_figures(everybody: Sample, profile: str) -> list[Figure]:
    """The meters of one profile over a year, each month brought to the profile's own mean but for winter / summer."""
    own = everybody.following(profile)
    standard = everybody.profile(profile)
    months_since_1970 = own.utc_day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    month = months_since_1970 % 12 + 1  # UTC months are those whose energy the model draws
    shape = own.values.copy()
    for number in np.unique(months_since_1970):  # the first local hour of a year is in the last UTC month of another
        at = months_since_1970 == number
        mean = shape[:, at].mean(axis=1, keepdims=True)
        shape[:, at] *= standard[at].mean() / np.maximum(mean, 1e-9)
    factors, variation, correlations = PROTOTYPE[profile]
    plan = {"shift1": PLAN_CHANGED, "shift2": PLAN_CHANGED, "shift3": ONLY_NOISE}.get(profile, "")
    figures = []
    for level, real in zip((0.1, 0.5, 0.9), factors, strict=True):
        measured = np.quantile(shape.mean(axis=1) / shape.max(axis=1), level)
        figures.append(near(f"load factor, {level:.0%} of the meters", measured, real, share=0.15, why=plan))
    bounds = sorted((variation, float(standard.std())))
    figures.append(
        Figure(
            "variation coefficient, median",
            float(np.median(shape.std(axis=1) / shape.mean(axis=1))),
            f"{bounds[0]:.2f} to {bounds[1]:.2f} ± 15%",
            bounds[0] * 0.85,
            bounds[1] * 1.15,
            plan,
        )
    )
    free = local_time.weekend_at(own.city, own.local_quarter) == 1
    ratio = np.median(shape[:, free].mean(axis=1) / shape[:, ~free].mean(axis=1))
    figures.append(near("weekend / weekday", ratio, standard[free].mean() / standard[~free].mean(), by=0.05))
    winter, summer = np.isin(month, (12, 1, 2)), np.isin(month, (6, 7, 8))
    ratio = np.median(own.values[:, winter].mean(axis=1) / np.maximum(own.values[:, summer].mean(axis=1), 1e-9))
    real = standard[winter].mean() / standard[summer].mean()
    figures.append(near("winter / summer", ratio, real, by=0.15, why=CITYS_SEASON))
    for name, lag, real in zip(("15 min", "1 h", "1 d", "7 d"), (1, 4, 96, 672), correlations, strict=True):
        why = plan or FEWER_HOLIDAYS
        figures.append(near(f"autocorrelation, {name}", autocorrelation(shape, lag), real, by=0.08, why=why))
    return figures


INTRODUCTION = """\
# Realism: how real the readings look

Generated by `python -m scripts.realism` ({seconds:.0f} s on {processors} processors); do not edit. It compares
readings of the model, computed as `wattif` computes them (seed {seed} unless stated otherwise), with measured
homes and with the standard load profiles. {count} figures, {misses} of them missed; every miss is listed at the
end with its reason.

The constants of the model for homes were chosen by the figures of seed {seed} in London. The worlds below are
different ones. Figures near a bound pass or miss by the luck of the seeds.

- **Homes**: half-hourly means of {homes} homes in London, local days from 1 March to 31 May 2024. *Wanted* are the
  figures of 622 British homes in the same months, each divided by its own mean. Each figure is the median of
  {seeds} worlds (seeds), with their range beside it. Autocorrelations, load factor, and daily figures are medians
  over the homes. The coincidence factor is the peak of N homes together over the sum of their own peaks, averaged
  over 200 random groups. Manila and Berlin are cross-checks: their homes should look alike; their grids and
  climates need not.
- **Voltage**: one-minute means at {volts} homes on as many transformers, four weeks.
- **Businesses and factories**: quarter-hourly means of {businesses} each in Berlin, the whole of 2024. There is no
  public reference for them, and the seed is that of the pictures. Wanted load factors and autocorrelations are
  those that the prototype of the model printed for stationary months, so each month is first scaled to the
  profile's own mean. The wanted
  variation coefficient lies between those of the prototype and of the profile. The wanted ratios of weekends and
  of winter (December to February over June to August, months not scaled) are those of the profile.
"""
PICTURES = """\

## Pictures

![Mean days](realism/mean_days.png)

![Quantiles](realism/quantiles.png)

![Coincidence factor](realism/coincidence.png)

A week of one home, one-minute means:

![A week](realism/week.png)

![Voltage](realism/voltage.png)
"""


APART = """
## Real or made

What tells the readings of a model from real ones, the worst first; bold is what misses its range. *Before* is what
datasets of version 2 gave. `python -m scripts.figures` computes this table alone.

"""


def report(tables: list[Table], *, apart: str, seconds: float, homes: int, businesses: int, volts: int) -> str:
    """The text of docs/realism.md; *apart*: the table of what tells real readings from made ones."""
    figures = [(table, figure) for table in tables for figure in table.figures]
    missed = [(table, figure) for table, figure in figures if figure.verdict == "miss"]
    text = INTRODUCTION.format(
        seconds=seconds,
        processors=os.cpu_count(),
        seed=SEED,
        count=len(figures),
        misses=len(missed),
        homes=homes,
        businesses=businesses,
        volts=volts,
        seeds=len(SEEDS),
    )
    text += APART + apart + "\n"
    for table in tables:
        text += f"\n## {table.title}\n\n{table.note}| figure | measured | wanted | verdict |\n|---|---|---|---|\n"
        for figure in table.figures:
            text += f"| {figure.name} | {figure.measured:.3g}{figure.spread} | {figure.wanted} | {figure.verdict} |\n"
    text += "\n## Misses\n\n"
    for table, figure in missed:
        reason = figure.why_missed or table.note.strip() or "not explained yet"
        text += f"- {table.title}, {figure.name}: {figure.measured:.3g}, wanted {figure.wanted}; {reason}\n"
    return text if missed else text + "None.\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a quarter of the meters, and nothing is written")
    parser.add_argument("--out", type=Path, default=Path("docs/realism.md"), help="pictures go beside it")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    fewer = QUICK if options.quick else 1
    homes, businesses, meters = HOMES // fewer, BUSINESSES // fewer, VOLTAGE_METERS // fewer
    only_homes, only_shops, only_factories = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
    tables = []
    for city, count in (("london", homes), ("manila", homes // 2), ("berlin", homes // 2)):
        seeds = SEEDS[::fewer]
        worlds = [
            residential_figures(sample(city, only_homes, count, SPRING, HALF_HOUR_S, seed=seed)) for seed in seeds
        ]
        note = "" if city == "london" else f"A cross-check: the wanted figures are British, {city.title()} is not.\n\n"
        tables.append(Table(f"Homes: {city.title()}", note, median_of(worlds)))
    london = sample("london", only_homes, homes, SPRING, HALF_HOUR_S)
    four_weeks = (SPRING[0], SPRING[0] + timedelta(days=27))
    volts = sample("london", only_homes, meters, four_weeks, STEP_S, one_per_transformer=True, volts=True)
    tables.append(Table("Voltage: London", "", voltage_figures(volts)))
    shops = sample("berlin", only_shops, businesses, YEAR, QUARTER_S)
    factories = sample("berlin", only_factories, businesses, YEAR, QUARTER_S)
    for kind, everybody in (("Businesses", shops), ("Factories", factories)):
        for profile in PROTOTYPE:
            if (everybody.fleet.profile == PROFILES.index(profile)).any():
                tables.append(Table(f"{kind}: {profile}", "", business_figures(everybody, profile)))
    seconds = time.monotonic() - began
    for table in tables:
        print(f"\n{table.title}")
        for figure in table.figures:
            print(f"  {figure.name:45} {figure.measured:8.3f}  {figure.wanted:22} {figure.verdict}")
    print(f"\n{seconds:.0f} s")
    if not options.quick:
        from scripts.figures.__main__ import all_figures  # they use what is here
        from scripts.figures.wanted import table as table_of

        apart = table_of(all_figures())
        print(apart)
        text = report(tables, apart=apart, seconds=seconds, homes=homes, businesses=businesses, volts=meters)
        options.out.write_text(text + PICTURES, encoding="utf-8")
        draw(options.out.with_suffix(""), london, volts, {"g25": shops, "shift1": factories, "shift2": factories})
    return 0


def draw(folder: Path, homes: Sample, volts: Sample, businesses: dict[str, Sample]) -> None:
    """The pictures of the report, into *folder*."""
    from scripts import realism_pictures as pictures

    folder.mkdir(exist_ok=True)
    relative = homes.relative
    pairs = {"homes: h0": (homes.mean_day(relative.mean(axis=0)), homes.mean_day(homes.profile("h0")))}
    for profile, everybody in businesses.items():
        own = everybody.following(profile)
        used = own.values[own.values.mean(axis=1) > 0.0]
        together = (used / used.mean(axis=1, keepdims=True)).mean(axis=0)
        pairs[profile] = own.mean_day(together), own.mean_day(own.profile(profile))
    pictures.mean_days(folder / "mean_days.png", pairs)
    pictures.quantiles(folder / "quantiles.png", relative, REAL_QUANTILES)
    counts = (1, 2, 5, 10, 20, 50, 100, 200, 400)
    pictures.coincidence_factors(
        folder / "coincidence.png",
        {count: coincidence(relative, count, 50) for count in counts},
        {count: real_coincidence(count) for count in counts},
    )
    a_week = sample("london", (1.0, 0.0, 0.0), 1, (date(2024, 3, 4), date(2024, 3, 10)), 60)
    pictures.week(folder / "week.png", a_week.values[0], a_week.interval_s)
    pictures.voltages(folder / "voltage.png", volts.values)


if __name__ == "__main__":
    raise SystemExit(main())
