"""Gradient boosting, cross-validated by meter: no meter is both learned from and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from scripts.classifier.days import Floats

FOLDS, SEED = 5, 1
TREES, LEAVES = 100, 16
REPEATS = 1  # of the permutations of a feature, in each fold
MOST_JUDGED = 1_000  # rows that the importance of features is measured on, in each fold

Numbers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Told:
    """How well two groups of meters are told apart."""

    auc: float  # area under the ROC curve, mean of the folds
    error: float  # its standard error, meters being what is drawn at random
    meters: tuple[int, int]
    rows: int
    most: tuple[tuple[str, float], ...]  # features and the area lost when each is shuffled, the largest first

    @property
    def is_a_coin(self) -> bool:
        """Nothing was learned, as far as two standard errors can say."""
        return self.auc - 0.5 <= 2.0 * self.error


def tell_apart(
    features: Floats, group: Numbers, meter: Numbers, names: Sequence[str], *, explained: bool = False
) -> Told:
    """How well *features* (rows, n) tell the *group* (0 or 1) of each row; the numbers of *meter* are of both groups.

    *explained*: with the features that told most, which takes longer.
    """
    areas, variances, losses = [], [], []
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED).split(features, group, meter)
    with threadpool_limits(1, "openmp"):  # small work: more threads would mostly wait for each other
        for learned, judged in folds:
            model = HistGradientBoostingClassifier(
                max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False, random_state=SEED
            )
            model.fit(features[learned], group[learned])
            scores = model.predict_proba(features[judged])[:, 1]
            area, variance = area_under_roc(scores, group[judged], meter[judged])
            areas.append(area)
            variances.append(variance)
            if explained:
                few = np.random.default_rng(SEED).permutation(judged)[:MOST_JUDGED]
                shuffled = permutation_importance(
                    model, features[few], group[few], scoring="roc_auc", n_repeats=REPEATS, random_state=SEED
                )
                losses.append(shuffled.importances_mean)
    lost = np.mean(losses, axis=0) if explained else np.zeros(len(names))
    order = np.argsort(-lost, kind="stable") if explained else np.array([], np.int64)
    return Told(
        auc=float(np.mean(areas)),
        error=float(np.sqrt(np.sum(variances)) / FOLDS),
        meters=(len(np.unique(meter[group == 0])), len(np.unique(meter[group == 1]))),
        rows=len(group),
        most=tuple((names[place], float(lost[place])) for place in order),
    )


def area_under_roc(scores: Floats, group: Numbers, meter: Numbers) -> tuple[float, float]:
    """The area and its variance when rows of a meter belong together.

    N. A. Obuchowski, Nonparametric analysis of clustered ROC curve data, Biometrics 53 (1997): each row's placement
    among those of the other group, summed by meter.
    """
    ones, zeros = group == 1, group == 0
    placement = np.empty(len(scores))
    among_all = _ranks(scores)
    placement[ones] = (among_all[ones] - _ranks(scores[ones])) / zeros.sum()
    placement[zeros] = 1.0 - (among_all[zeros] - _ranks(scores[zeros])) / ones.sum()
    area = float(placement[ones].mean())
    variance = 0.0
    for side in (ones, zeros):
        _, place = np.unique(meter[side], return_inverse=True)
        sums = np.bincount(place, placement[side] - area)
        meters = len(sums)
        variance += float((sums**2).sum() * meters / (meters - 1) / side.sum() ** 2)
    return area, variance


def _ranks(scores: Floats) -> Floats:
    """From 1; equal scores share the mean of theirs."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2.0)[place]
    return ranks
