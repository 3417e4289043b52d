"""Hold WattIf's homes against real ones: how well does a classifier tell them apart?

python -m scripts.compare_real homes.parquet --city london
python -m scripts.compare_real 2013-*.csv --city london --time-column tstp --value-column 'energy(kWh/hh)'

Reads CSV or Parquet with a row per meter and timestamp, every 30 minutes or more often, as `wattif calibrate` does,
and takes the days that most meters have. WattIf makes as many homes of the city, on the same days, with the same days
missing and in the same steps of Wh. Prints the area under the ROC curve: 0.5 is a coin, 1 is certain.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import numpy as np

from scripts.classifier.auc import Told
from scripts.classifier.compare import GOAL_ONE_DAY, GOAL_SPAN, SPAN_DAYS, Comparison, compare, days_of
from scripts.classifier.days import Days, in_steps, step_wh
from scripts.figures.sampling import HALF_HOUR_S, sample
from wattif.calibrate.columns import Asked
from wattif.calibrate.read import read_data
from wattif.cli.calibrate import CalibrateOptions
from wattif.cli.messages import option_of, with_options
from wattif.errors import UsageError, WattIfError, choose_from
from wattif.model.cities import City, load_cities
from wattif.numeric.calendar import day_of
from wattif.spec.values import CLASS_IDS

LEAST_METERS, LEAST_DAYS = 20, 14
MOST_METERS = 400  # more would narrow the error further than it matters
MOST_LOOKED_AT = 1_000  # meters, of which those with enough days are taken: 0.3 GB for two years
MOST_TOLD = 5  # features to print


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 2 when the data cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument(
        "--city", required=True, help="whose homes are compared; timestamps without a zone are its time"
    )
    parser.add_argument("--days", type=int, default=SPAN_DAYS, help=f"days of a home to compare (default {SPAN_DAYS})")
    parser.add_argument("--seed", type=int, default=42, help="of WattIf's homes (default 42)")
    for name in ("cities", "meter_class", *(field.name for field in fields(Asked))):
        _add_option(parser, name)
    options = parser.parse_args(arguments)
    try:
        if options.days < LEAST_DAYS:
            raise UsageError(f"`days` {options.days}: too few to compare; {LEAST_DAYS} are needed")
        city = _city(options.city, options.cities)
        asked = Asked(**{field.name: getattr(options, field.name) for field in fields(Asked)})
        real, notes = real_days(options.files, asked, city, CLASS_IDS.index(options.meter_class), options.days)
        ours = our_days(real, city, options.meter_class, options.seed)
        print("\n".join([*notes, *report(compare(ours, real, explained=True))]))
    except WattIfError as error:
        print(f"compare_real: {with_options(str(error))}", file=sys.stderr)
        return 2
    return 0


def _add_option(parser: argparse.ArgumentParser, name: str) -> None:
    """The option of `wattif calibrate`, with its meaning there."""
    field = CalibrateOptions.model_fields[name]
    how: dict[str, Any] = {
        "dest": name,
        "default": field.default,
        "help": with_options(str(field.description)).replace("%", "%%"),
    }
    if field.annotation is bool:
        how["action"] = "store_true"
    else:
        kinds = [*get_args(field.annotation), field.annotation]
        how["type"] = Path if Path in kinds else str
        words = [word for kind in kinds for word in get_args(kind) if isinstance(word, str)]
        words = words or [word for word in kinds if isinstance(word, str)]
        if words:
            how["choices"] = words
    parser.add_argument(option_of(name, field.alias), **how)


def _city(name: str, file: Path | None) -> City:
    cities = load_cities(file)
    if name not in cities:
        raise UsageError(f"`city` {name}: unknown city{choose_from(name, cities)}, or add it with `cities`")
    return cities[name]


def real_days(
    files: Sequence[Path], asked: Asked, city: City, class_number: int, days: int
) -> tuple[Days, tuple[str, ...]]:
    """Up to *days* days of the data's meters of a class, and what was noticed; `UsageError` if that is too little."""
    data = read_data(files, asked, city, class_number, span_s=HALF_HOUR_S)
    measured = data.measured.of_class(class_number)
    if not len(measured.wh):
        raise UsageError(f"{files[0]}: no meter is {CLASS_IDS[class_number]}; name another `class`")
    if len(measured.wh) > MOST_LOOKED_AT:
        few = np.random.default_rng(1).permutation(len(measured.wh))[:MOST_LOOKED_AT]
        measured = measured.only(np.isin(np.arange(len(measured.wh)), few))
    clock = measured.clock
    found = Days.of(measured.wh.astype(np.float64) / 2.0, clock.day, clock.quarter // 2).best_span(days)
    using = np.flatnonzero(np.nansum(found.wh, axis=(1, 2)) > 0.0)
    if len(found.number) < LEAST_DAYS:
        raise UsageError(f"{files[0]}: {len(found.number)} days are too few to compare; {LEAST_DAYS} are needed")
    if len(using) < LEAST_METERS:
        raise UsageError(
            f"{files[0]}: {len(using)} of {len(measured.wh)} meters have nearly all of {len(found.number)} days and use"
            f" anything; {LEAST_METERS} are needed to compare; give more meters, or fewer `days`"
        )
    if len(using) > MOST_METERS:
        using = np.sort(np.random.default_rng(1).permutation(using)[:MOST_METERS])
    return found.only(using), data.notes


def our_days(real: Days, city: City, class_id: str, seed: int) -> Days:
    """As many meters of WattIf's, with just the days of the *real* ones and in their steps."""
    first, last = (day_of(int(number)) for number in (real.number[0], real.number[-1]))
    mix = [float(each == class_id) for each in CLASS_IDS]
    made = sample(city, mix, len(real.wh), (first, last), HALF_HOUR_S, seed=seed)
    return in_steps(days_of(made), step_wh(real)).like(real)


def report(found: Comparison) -> list[str]:
    """The areas beside the goals and what version 2 gave, and which features told most."""
    rows = (
        ("one day, divided by its mean", found.one_day, GOAL_ONE_DAY, 0.92),
        ("one day, Wh", found.one_day_wh, GOAL_ONE_DAY, 0.92),
        (f"{found.days} days of a home", found.span, GOAL_SPAN, 0.999),
    )
    lines = [
        f"{found.span.meters[0]} homes of WattIf and {found.span.meters[1]} of the data, {found.days} days",
        "area under the ROC curve, cross-validated by meter: 0.5 is a coin, 1 is certain",
        f"{'':30} {'area':>13}  {'goal':>6}  {'version 2':>9}",
    ]
    for name, told, goal, before in rows:
        area = f"{told.auc:.3f} ± {told.error:.3f}"
        lines.append(f"{name:30} {area:>13}  {goal:>6.2f}  {before:>9}  {_verdict(told, goal)}")
    for name, told, _, _ in rows:
        if not told.is_a_coin:
            most = ", ".join(f"{feature} {lost:.3f}" for feature, lost in told.most[:MOST_TOLD] if lost > 0.0)
            lines.append(f"told most, {name}: {most or 'nothing by itself'}")
    return lines


def _verdict(told: Told, goal: float) -> str:
    if told.is_a_coin:
        return "told by nothing but chance"
    return "goal met" if told.auc <= goal else "goal missed"


if __name__ == "__main__":
    raise SystemExit(main())
