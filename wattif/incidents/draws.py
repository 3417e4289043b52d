"""Random numbers of many entities at once, and the distributions that incidents need: the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wattif.numeric.ieee import exp
from wattif.numeric.jit import kernel
from wattif.numeric.streams import Stream, draw, normal, stream_key, uniform

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


def uniforms_of(seed: int, stream: Stream, entities: Numbers, counters: int, first: int = 0) -> Floats:
    """(counters, entities): uniform in [0, 1), so many for each entity, from number *first* on."""
    return _uniforms(seed, int(stream), np.asarray(entities, np.int64), first, counters)


def normals_of(seed: int, stream: Stream, entities: Numbers, counter: int) -> Floats:
    """(entities,): standard normal, number *counter* of each entity."""
    return _normals(seed, int(stream), np.asarray(entities, np.int64), counter)


def lognormal(median: Floats | float, sigma: Floats | float, normals: Floats) -> Floats:
    """Lognormal around *median*; *sigma* is the standard deviation of the logarithm."""
    spread: Floats = np.multiply(sigma, normals)
    grown: Floats = np.multiply(median, _exps(spread))
    return grown


def chosen(shares: Floats | Sequence[float], uniforms: Floats) -> Numbers:
    """Which of some choices each takes. *shares*: of each choice, or a row of them for each that chooses."""
    summed = np.cumsum(np.asarray(shares, np.float64), axis=-1)
    found: Numbers
    if summed.ndim == 1:
        found = np.searchsorted(summed, uniforms * summed[-1], side="right")
    else:
        found = (summed <= (uniforms * summed[:, -1])[:, None]).sum(axis=1)
    last: Numbers = np.minimum(found, summed.shape[-1] - 1)
    return last


@kernel
def _uniforms(seed: int, stream: int, entities: Numbers, first: int, counters: int) -> Floats:
    numbers = np.empty((counters, entities.shape[0]))
    for i in range(entities.shape[0]):
        key = stream_key(seed, stream, entities[i])
        for n in range(counters):
            numbers[n, i] = uniform(draw(key, first + n))
    return numbers


@kernel
def _normals(seed: int, stream: int, entities: Numbers, counter: int) -> Floats:
    numbers = np.empty(entities.shape[0])
    for i in range(entities.shape[0]):
        numbers[i] = normal(draw(stream_key(seed, stream, entities[i]), counter))
    return numbers


@kernel
def _exps(values: Floats) -> Floats:
    grown = np.empty(values.shape[0])
    for i in range(values.shape[0]):
        grown[i] = exp(values[i])
    return grown
