"""The network between a city and its meters: which transformer feeds which meter, and how large it is.

Meters are numbered along the network: a transformer feeds consecutive ones. Layout of meters and transformers make it
local: within a block, meters are shared out to transformers by their capacity, so that a fleet begins alike whatever
its size. Cities take turns, transformer by transformer, so that a small fleet, too, is in all of them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wattif.model.cities import City
from wattif.numeric.allocate import allocate
from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key
from wattif.spec.values import CLASS_IDS

LEAST_METERS = 10  # of a transformer, where there are enough
CAPACITY_SIGMA = 0.5  # standard deviation of the logarithm of the capacities
PEAK_TO_MEAN, USUAL_UTILIZATION = 3.5, 0.6  # of a transformer's load: they set the median of the capacities
HOURS_A_MONTH = 730.5

# Preferred continuous ratings in kVA, IEEE C57.12.00: single-phase ones as far as they are mounted on poles, and
# three-phase ones from 45 kVA on
SINGLE_PHASE_KVA = (10.0, 15.0, 25.0, 37.5, 50.0, 75.0, 100.0, 167.0)
THREE_PHASE_KVA = (45.0, 75.0, 112.5, 150.0, 225.0, 300.0, 500.0, 750.0, 1000.0, 1500.0, 2000.0, 2500.0)
_RATINGS = np.array(sorted({*SINGLE_PHASE_KVA, *THREE_PHASE_KVA}))
_BETWEEN = np.sqrt(
    _RATINGS[:-1] * _RATINGS[1:]
)  # from where on the next one is the nearest; roots are exact everywhere

_CAPACITY = int(Stream.CAPACITY)


class Layout(NamedTuple):
    """So many consecutive meters are shared out to so many consecutive transformers, which cluster in zones."""

    meters: int
    transformers: int
    clustering: float = 0.8  # from 0, transformers lie anywhere, to 1, close to the center of their zone

    @property
    def meters_per_transformer(self) -> float:
        """The mean."""
        return self.meters / self.transformers


LAKE_LAYOUT = Layout(meters=400, transformers=20)


@dataclass(frozen=True, kw_only=True)
class Network:
    """Which transformer feeds which meter, and how large it is: a pure function of these figures."""

    seed: int
    medians_kva: tuple[float, ...]  # of the transformers of each city
    layout: Layout = LAKE_LAYOUT

    @classmethod
    def of(
        cls, seed: int, cities: Sequence[City], class_mix: Sequence[float] | None = None, layout: Layout = LAKE_LAYOUT
    ) -> Network:
        """The network of *cities*, whose transformers are as large as their customers are.

        *class_mix*: shares of the classes of customers; without it, each city's own.
        """
        medians_kva = tuple(_median_kva(city, class_mix, layout) for city in cities)
        return cls(seed=seed, medians_kva=medians_kva, layout=layout)

    @property
    def cities(self) -> int:
        """How many there are."""
        return len(self.medians_kva)

    def transformer_of(self, meter: int) -> int:
        """The transformer that feeds *meter*."""
        block, place = divmod(meter, self.layout.meters)
        return block * self.layout.transformers + bisect_right(_ends(self, block), place)

    def meters_of(self, transformer: int) -> range:
        """The meters that *transformer* feeds."""
        block, place = divmod(transformer, self.layout.transformers)
        ends, first = _ends(self, block), block * self.layout.meters
        return range(first + (ends[place - 1] if place else 0), first + ends[place])

    def neighbors(self, meter: int) -> int:
        """How many meters from *meter* on its transformer feeds."""
        return self.meters_of(self.transformer_of(meter)).stop - meter

    def transformers_of(self, first: int, count: int) -> NDArray[np.int64]:
        """The transformer that feeds each of *count* meters from *first* on."""
        begin, end = self.transformer_of(first), self.transformer_of(first + count - 1) + 1
        numbers = np.arange(begin, end, dtype=np.int64)
        sizes = [len(self.meters_of(number)) for number in range(begin, end)]
        before = first - self.meters_of(begin).start
        found: NDArray[np.int64] = np.repeat(numbers, sizes)[before : before + count]
        return found

    def transformers(self, meters: int) -> int:
        """How many transformers feed the first *meters*."""
        return self.transformer_of(meters - 1) + 1

    def city_of(self, transformer: Any) -> Any:
        """The place of the city that *transformer* is in, or of each of an array."""
        return transformer % self.cities

    def cities_of(self, first: int, count: int) -> NDArray[np.int64]:
        """The place of the city of each of *count* meters from *first* on."""
        if self.cities == 1:
            return np.zeros(count, np.int64)
        turn: NDArray[np.int64] = self.transformers_of(first, count) % self.cities
        return turn

    def capacities_kva(self, first: int, count: int) -> NDArray[np.float64]:
        """The rating of each of *count* transformers from *first* on: lognormal, the nearest preferred one by ratio."""
        medians = np.array(self.medians_kva)[np.arange(first, first + count) % self.cities]
        rated: NDArray[np.float64] = _RATINGS[np.searchsorted(_BETWEEN, medians * _relative(self.seed, first, count))]
        return rated


def phases(kva: NDArray[np.float64]) -> NDArray[np.int64]:
    """1 where a transformer of that rating is a single-phase one, else 3."""
    return np.where(np.isin(kva, SINGLE_PHASE_KVA), 1, 3)


@kernel
def _relative(seed: int, first: int, count: int) -> NDArray[np.float64]:
    """The capacity of each of *count* transformers from *first* on, relative to the median."""
    relative = np.empty(count)
    for i in range(count):
        relative[i] = exp(CAPACITY_SIGMA * normal(draw(stream_key(seed, _CAPACITY, first + i), 0)))
    return relative


def share_out(meters: int, weights: NDArray[np.float64], least: int) -> list[int]:
    """*meters* shared out in proportion to *weights*, at least *least* each, and never more to the lighter of two."""
    parts = np.empty(len(weights), np.int64)
    allocate(meters - least * len(weights), weights, parts)
    sizes = np.empty(len(weights), np.int64)
    sizes[np.argsort(weights, kind="stable")] = np.sort(parts) + least  # rounding alone might favor a lighter one
    shared: list[int] = sizes.tolist()
    return shared


def _median_kva(city: City, class_mix: Sequence[float] | None, layout: Layout) -> float:
    shares = class_mix or [city.class_mix[each] for each in CLASS_IDS]
    mean_kwh = math.fsum(share * city.mean_kwh[each] for each, share in zip(CLASS_IDS, shares, strict=True))
    mean_kw = mean_kwh / HOURS_A_MONTH * layout.meters_per_transformer
    return mean_kw * PEAK_TO_MEAN / USUAL_UTILIZATION


@lru_cache(maxsize=4096)
def _ends(network: Network, block: int) -> list[int]:
    """Where in a block each transformer's meters end; those of cities with large customers have no more of them."""
    meters, count, _ = network.layout
    first = block * count
    medians = np.array(network.medians_kva)[np.arange(first, first + count) % network.cities]
    relative = network.capacities_kva(first, count) / medians
    least = LEAST_METERS if meters >= LEAST_METERS * count else 1
    return list(accumulate(share_out(meters, relative, least)))
