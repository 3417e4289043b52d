"""Make wattif/model/data/bdew_profiles.csv out of the profiles that demandlib publishes, and check it.

    python scripts/build_profiles.py            write the table
    python scripts/build_profiles.py --check    exit 1 when the table differs from what would be written

demandlib is a development requirement: it carries the numbers, but nothing of WattIf runs it.
"""

from __future__ import annotations

import csv
import sys
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import numpy as np

TABLE = Path(__file__).resolve().parent.parent / "wattif" / "model" / "data" / "bdew_profiles.csv"
HEADER = """\
# Standard load profiles of the German Association of Energy and Water Industries (BDEW), 1999 and 2025,
# as published with demandlib 0.2.2 (https://github.com/oemof/demandlib), Copyright (c) oemof developer group,
# MIT License: the notice stands in bdew_profiles.LICENSE beside this file.
# One line a profile, season (1999: winter, summer, transition; 2025: month 1 to 12) and type of day; 96 mean
# powers of a quarter of an hour, in 1/10,000 of the profile's mean over the year 2025 (without holidays and
# without the dynamisation of H0, H25, P25 and S25). Made by scripts/build_profiles.py.
"""
DAY_TYPES_1999 = {1: "weekday", 6: "saturday", 7: "sunday"}
DAY_TYPES_2025 = {"WT": "weekday", "SA": "saturday", "FT": "sunday"}
YEAR = [date(2025, 1, 1) + timedelta(days=n) for n in range(365)]


def day_type(day: date) -> str:
    return {5: "saturday", 6: "sunday"}.get(day.weekday(), "weekday")


def season_1999(day: date) -> str:
    """The seasons of the 1999 profiles: summer 15 May to 14 September, winter 1 November to 20 March."""
    if (5, 15) <= (day.month, day.day) <= (9, 14):
        return "summer"
    return "winter" if day.month >= 11 or (day.month, day.day) <= (3, 20) else "transition"


def read_1999() -> dict[str, dict[tuple[str, str], list[float]]]:
    profiles: dict[str, dict[tuple[str, str], list[float]]] = {}
    with (files("demandlib.bdew") / "bdew_data" / "selp_series.csv").open() as file:
        for row in csv.DictReader(file):
            if int(row["weekday"]) not in DAY_TYPES_1999:
                continue
            key = (row["period"], DAY_TYPES_1999[int(row["weekday"])])
            for name in ("h0", "g0", "g1", "g2", "g3", "g4", "g5", "g6", "l0"):
                profiles.setdefault(name, {}).setdefault(key, []).append(float(row[name]))
    return profiles


def read_2025() -> dict[str, dict[tuple[str, str], list[float]]]:
    profiles: dict[str, dict[tuple[str, str], list[float]]] = {}
    for name in ("h25", "g25", "l25", "p25", "s25"):
        with (files("demandlib.bdew") / "bdew_data" / f"{name}.csv").open(encoding="utf-8") as file:
            _, kinds, *rows = list(csv.reader(file))
        for column in range(1, 37):
            key = (str((column - 1) // 3 + 1), DAY_TYPES_2025[kinds[column]])
            profiles.setdefault(name, {})[key] = [float(row[column]) for row in rows[:96]]
    return profiles


def build() -> str:
    lines = [HEADER + "profile,season,day_type," + ",".join(f"q{n}" for n in range(96))]
    for name, profile in {**read_1999(), **read_2025()}.items():
        seasons = [season_1999(day) if "winter" in {key[0] for key in profile} else str(day.month) for day in YEAR]
        mean = np.mean([profile[season, day_type(day)] for season, day in zip(seasons, YEAR, strict=True)])
        for (season, kind), values in sorted(profile.items()):
            if len(values) != 96:
                raise SystemExit(f"{name} {season} {kind}: {len(values)} values instead of 96")
            lines.append(f"{name},{season},{kind}," + ",".join(str(round(10_000 * value / mean)) for value in values))
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    table = build()
    if arguments == ["--check"]:
        same = TABLE.read_text(encoding="utf-8") == table
        print(f"{TABLE.name}: {'as built' if same else 'differs from what demandlib gives'}")
        return 0 if same else 1
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(table, encoding="utf-8")
    print(f"wrote {TABLE} ({len(table.encode())} bytes)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
