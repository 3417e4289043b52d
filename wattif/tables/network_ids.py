"""Keys of the network's tables: each begins with the key of what it is part of, and so with the city's code."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from wattif.model.geography import Position

Texts = NDArray[np.object_]


def zone_ids(code: str, zones: NDArray[np.int64]) -> Texts:
    """``MNL_Z_001`` for the first zone of the city with that *code*."""
    return _texts(f"{code}_Z_{zone + 1:03d}" for zone in zones.tolist())


def substation_ids(code: str, position: Position) -> Texts:
    """``MNL_Z_001_S_01``."""
    return _within(zone_ids(code, position.zone), "S", position.substation, 2)


def feeder_ids(code: str, position: Position) -> Texts:
    """``MNL_Z_001_F_001``: feeders are counted in their zone."""
    return _within(zone_ids(code, position.zone), "F", position.feeder, 3)


def transformer_ids(code: str, position: Position) -> Texts:
    """``MNL_Z_001_T_0001``."""
    return _within(zone_ids(code, position.zone), "T", position.transformer, 4)


def meter_ids(of_transformers: Texts, places: NDArray[np.int64]) -> Texts:
    """``MNL_Z_001_T_0001_M_001`` for the first meter of the transformer."""
    return _within(of_transformers, "M", places, 3)


def _within(whole: Texts, letter: str, numbers: NDArray[np.int64], digits: int) -> Texts:
    return _texts(f"{one}_{letter}_{n + 1:0{digits}d}" for one, n in zip(whole.tolist(), numbers.tolist(), strict=True))


def _texts(texts: Iterable[str]) -> Texts:
    return np.array(list(texts), np.object_)
