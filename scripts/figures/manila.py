"""Metro Manila: nights with air conditioning, the season of its heat, how much a home uses and how fast that grows."""

from __future__ import annotations

import numpy as np

from scripts.figures.figure import Figure
from scripts.figures.sampling import HALF_HOUR_S, HOMES, SEED, YEAR, sample
from wattif.model.cities import load_cities
from wattif.model.classes import RESIDENTIAL
from wattif.model.energy import month_energy
from wattif.model.fleet import make_fleet

METERS = 200
UTILITY = "figures of the utility"


def growth() -> float:
    """Per cent a year, of many homes over two."""
    city = load_cities()["manila"]
    fleet = make_fleet(SEED, 2000, [city], HOMES)
    years = [
        sum(
            month_energy(SEED, meter, int(base), RESIDENTIAL.energy.spread, since_epoch, city.season[since_epoch % 12])
            for meter, base in enumerate(fleet.base_mwh)
            for since_epoch in range(first, first + 12)
        )
        for first in (0, 12)
    ]
    return (years[1] / years[0] - 1.0) * 100.0


def figures(fewer: int) -> list[Figure]:
    """Of homes in Metro Manila over a year."""
    homes = sample(load_cities()["manila"], HOMES, METERS // fewer, YEAR, HALF_HOUR_S)
    together = homes.values.mean(axis=0)
    months = homes.utc_day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    by_month = [together[months == month].sum() for month in range(12)]
    night = together[(homes.hour >= 21.0) | (homes.hour < 5.0)].mean() / together.mean()
    kwh = make_fleet(SEED, 20_000, [homes.city], HOMES).base_mwh.mean() / 1e6
    return [
        _figure("month with the highest use", "7", float(np.argmax(by_month) + 1), "5", 4.5, 5.5),
        _figure("night 21-05 h / mean", "0.71", float(night), "above 1", 1.0, 1.5),
        _figure("kWh a month", "350", float(kwh), "about 223", 200.0, 245.0),
        _figure("growth, % a year", "18", growth(), "4 to 10", 4.0, 10.0),
    ]


def _figure(name: str, before: str, ours: float, real: str, low: float, high: float) -> Figure:
    of = "homes in Manila"
    return Figure(of=of, name=name, before=before, ours=ours, real=real, wanted=(low, high), source=UTILITY)
