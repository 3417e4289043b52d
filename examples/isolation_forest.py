"""Which meters are suspicious? An isolation forest on the monthly table of a grid data set, held against its labels.

    python -m wattif grid
    python examples/isolation_forest.py generated_data --out forest

Writes ``scores.csv`` (a row per meter), ``kinds.csv`` (how well each kind of anomaly is found), ``forest.png`` and the
trained ``forest.joblib`` into the folder of ``--out``. The labels are not learned from: they only judge.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, precision_recall_curve

LEAST_MONTHS = 3
LEAST_SCATTER = (
    0.001  # of a feature: where a class has none of its own, small differences must not weigh without bounds
)
SIGMA_PER_MAD = 1.4826
VISIBLE = 0.05  # of a mean month: what moves the months by less is lost in their scatter
TREES = 300


def features(meters: pd.DataFrame) -> pd.DataFrame:
    """What each meter's months look like, a row per meter: four features without a unit.

    A month is taken relative to the meter's mean month, less what is usual in its class in that month (season), or in
    the neighborhood that the same transformer feeds. Each feature counts in units of its scatter within the class.
    """
    kwh = meters.filter(like="monthly_consumption_")
    if kwh.shape[1] < LEAST_MONTHS:
        raise ValueError(f"{kwh.shape[1]} months are too few to compare; take at least {LEAST_MONTHS}")
    shape = kwh.div(kwh.mean(axis=1).clip(lower=1e-9), axis=0)
    by_class, by_transformer = (
        shape - shape.groupby(meters[key]).transform("median") for key in ("customer_class", "transformer_id")
    )
    half = kwh.shape[1] // 2
    found = pd.DataFrame(
        {
            "dip": by_class.min(axis=1) - by_class.median(axis=1),
            "step": by_class.diff(axis=1).abs().max(axis=1),
            "second_half": by_class.iloc[:, half:].mean(axis=1) - by_class.iloc[:, :half].mean(axis=1),
            "dip_among_neighbors": by_transformer.min(axis=1) - by_transformer.median(axis=1),
        }
    )
    around = found - found.groupby(meters["customer_class"]).transform("median")
    scatter = SIGMA_PER_MAD * around.abs().groupby(meters["customer_class"]).transform("median")
    return (around / scatter.clip(lower=LEAST_SCATTER)).set_index(meters["meter_id"])


def train(table: pd.DataFrame, seed: int) -> IsolationForest:
    """A forest that isolates the rows of *table*: what is isolated after few cuts is unlike the others."""
    return IsolationForest(n_estimators=TREES, random_state=seed).fit(table)


def judge(scores: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """How well *scores* tell the labelled meters, a row per kind and one for all of them.

    A kind is told from the meters without any label. ``guessing`` is the precision, and the average precision, of
    flags at random. ``moved`` is the median energy that the register did not count, relative to a mean month.
    """
    groups = {"all": labels, **dict(list(labels.groupby("kind")))}
    clean = ~scores["meter_id"].isin(labels["meter_id"])
    rows = []
    for kind, own in groups.items():
        wrong = scores["meter_id"].isin(own["meter_id"])
        told, flagged = scores[wrong | clean], scores["flagged"]
        rows.append(
            {
                "kind": kind,
                "meters": wrong.sum(),
                "precision": (wrong & flagged).sum() / max((flagged & (wrong | clean)).sum(), 1),
                "recall": (wrong & flagged).sum() / wrong.sum(),
                "average_precision": average_precision_score(wrong[told.index], told["suspicion"]),
                "guessing": wrong.sum() / len(told),
                "moved": own["severity"].abs().median(),
            }
        )
    return pd.DataFrame(rows)


def hidden(kinds: pd.DataFrame) -> list[str]:
    """The kinds that leave the months nearly as they were."""
    return sorted(kinds["kind"][(kinds["kind"] != "all") & (kinds["moved"] < VISIBLE)])


def draw(scores: pd.DataFrame, labels: pd.DataFrame, kinds: pd.DataFrame) -> Figure:
    """Precision at each recall, and the average precision of each kind, beside guessing."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    wrong = scores["meter_id"].isin(labels["meter_id"])
    precision, recall, _ = precision_recall_curve(wrong, scores["suspicion"])
    left.step(recall, precision, where="post", label="isolation forest")
    left.axhline(wrong.mean(), color="grey", linestyle="--", label="guessing")
    left.set(title="all kinds", xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    left.legend()
    ordered = kinds[kinds["kind"] != "all"].sort_values("average_precision")
    names = [f"{kind} ({meters})" for kind, meters in zip(ordered["kind"], ordered["meters"], strict=True)]
    right.barh(names, ordered["average_precision"])
    right.plot(ordered["guessing"], names, "|", color="black", label="guessing")
    right.set(title="each kind (meters)", xlabel="average precision", xlim=(0, 1))
    right.tick_params(axis="y", labelsize=7)
    right.legend(loc="lower right")
    return figure


def report(kinds: pd.DataFrame, flagged: int) -> str:
    """The table of *kinds*, and what it says, for people."""
    whole = kinds.set_index("kind").loc["all"]
    lines = [
        kinds.sort_values("average_precision", ascending=False).to_string(index=False, float_format="{:.3f}".format),
        "",
        f"Of {flagged} flagged meters, {whole['precision']:.0%} are labelled; guessing hits {whole['guessing']:.0%}."
        f" Average precision: {whole['average_precision']:.3f}, of guessing {whole['guessing']:.3f}.",
    ]
    if nearly_unseen := hidden(kinds):
        lines.append(
            f"These move less than {VISIBLE:.0%} of a month, so monthly sums hardly show them; what is found of"
            f" them is mostly luck: {', '.join(nearly_unseen)}. Look for them in the readings."
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, judge, and write what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("grid", type=Path, nargs="?", default=Path("generated_data"), help="folder of 'wattif grid'")
    parser.add_argument("--out", type=Path, default=Path("forest"), help="folder for what is written")
    parser.add_argument("--seed", type=int, default=42, help="of the forest")
    options = parser.parse_args(arguments)
    try:
        meters = pd.read_csv(options.grid / "meter_consumption.csv")
        labels = pd.read_csv(options.grid / "anomaly_labels.csv")
        table = features(meters)
    except FileNotFoundError as error:
        parser.error(f"{error.filename}: no such file; write it with 'python -m wattif grid'")
    except ValueError as error:
        parser.error(f"{options.grid}: {error}")
    labelled = labels["meter_id"].nunique()
    if not 0 < labelled < len(meters):
        parser.error(f"{options.grid}: {labelled} of {len(meters)} meters are labelled; there is nothing to tell apart")
    forest = train(table, options.seed)
    scores = pd.DataFrame({"meter_id": table.index, "suspicion": -forest.score_samples(table)})
    scores["flagged"] = scores["suspicion"].rank(ascending=False, method="first") <= labelled
    kinds = judge(scores, labels)
    options.out.mkdir(parents=True, exist_ok=True)
    scores.to_csv(options.out / "scores.csv", index=False)
    kinds.to_csv(options.out / "kinds.csv", index=False)
    draw(scores, labels, kinds).savefig(options.out / "forest.png", dpi=120)
    joblib.dump(forest, options.out / "forest.joblib")
    print(report(kinds, labelled))


if __name__ == "__main__":
    main()
