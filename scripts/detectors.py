"""Two simple detectors of anomalous days, as a practitioner would build them, and how well they do.

A day is 48 half-hours of a home. Arrays of days have the shape (homes, days, 48), masks of days (homes, days).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

HALF_HOURS = 48
LEAST_SCALE = 0.05  # of a feature's median: what hardly ever changes at a home must not weigh without bounds
SIGMA_PER_MAD = 1.4826
TREES, TRAINING_DAYS, FOREST_SEED = 200, 10_000, 1

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Trial:
    """True days of homes, the same days as the meters report them, and which of them are compared."""

    true: Floats
    reported: Floats
    event: Mask  # days to be told from the same days as they truly were
    clean: Mask  # days without the event: what the detectors know of a home


def day_features(half_hours: Floats) -> Floats:
    """What sums a day up, (homes, days, 15).

    Mean, standard deviation, smallest, largest and median half-hour, mean step from one half-hour to the next,
    correlation with the half-hour before, and the shares of the eight three-hour parts in the day.
    """
    mean = half_hours.mean(axis=-1, keepdims=True)
    around = half_hours - mean
    steps = np.abs(np.diff(half_hours, axis=-1))
    squares = np.maximum((around**2).sum(axis=-1), 1e-12)  # of a flat day: no correlation
    correlation = (around[..., 1:] * around[..., :-1]).sum(axis=-1) / squares
    parts = half_hours.reshape(*half_hours.shape[:-1], 8, HALF_HOURS // 8).mean(axis=-1)
    single = (
        mean[..., 0],
        half_hours.std(axis=-1),
        half_hours.min(axis=-1),
        half_hours.max(axis=-1),
        np.median(half_hours, axis=-1),
        steps.mean(axis=-1),
        correlation,
    )
    features: Floats = np.concatenate([np.stack(single, axis=-1), parts / np.maximum(mean, 1e-12)], axis=-1)
    return features


def robust_z(values: Floats, known: Floats, clean: Mask, least_scale: float = 0.0) -> Floats:
    """How far *values* lie from what is usual at each home, (homes, days, features).

    ``(value - median) / (1.4826 * MAD)``, both of the *clean* days of *known*; the scale is at least *least_scale*
    of the median.
    """
    usual = np.where(clean[..., np.newaxis], known, np.nan)
    median = np.nanmedian(usual, axis=1, keepdims=True)
    scale = SIGMA_PER_MAD * np.nanmedian(np.abs(usual - median), axis=1, keepdims=True)
    z: Floats = (values - median) / np.maximum(scale, np.maximum(least_scale * np.abs(median), 1e-9))
    return z


def isolation_forest_auc(trial: Trial) -> float:
    """Area under the ROC curve of one isolation forest for all homes, on the robust z of their days' features."""
    known = day_features(trial.true)
    true = robust_z(known, known, trial.clean, LEAST_SCALE)
    reported = robust_z(day_features(trial.reported), known, trial.clean, LEAST_SCALE)
    training = true[trial.clean]
    chosen = np.random.default_rng(FOREST_SEED).permutation(len(training))[:TRAINING_DAYS]
    forest = IsolationForest(n_estimators=TREES, random_state=FOREST_SEED).fit(training[chosen])
    return _auc(-forest.score_samples(reported[trial.event]), -forest.score_samples(true[trial.event]))


def robust_z_auc(trial: Trial) -> float:
    """Area under the ROC curve of the robust z of the daily energy, whatever its sign."""
    known = trial.true.sum(axis=-1, keepdims=True)
    reported = robust_z(trial.reported.sum(axis=-1, keepdims=True), known, trial.clean)
    true = robust_z(known, known, trial.clean)
    return _auc(np.abs(reported[trial.event][:, 0]), np.abs(true[trial.event][:, 0]))


def _auc(anomalous: Floats, normal: Floats) -> float:
    is_anomalous = np.repeat([1, 0], [len(anomalous), len(normal)])
    return float(roc_auc_score(is_anomalous, np.concatenate([anomalous, normal])))
