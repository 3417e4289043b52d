"""The kinds of anomalies by name, and which of them a spec asks for."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Mapping

from wattif.errors import InvalidValue, choose_from
from wattif.model import kinds
from wattif.model.anomalies import Kind
from wattif.spec import Spec


def _found() -> dict[str, Kind]:
    """Those that the modules of `wattif.model.kinds` declare, in the order in which they are drawn."""
    found: dict[str, Kind] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(kinds.__path__)):
        declared: Mapping[str, Kind] = importlib.import_module(f"{kinds.__name__}.{name}").KINDS
        if twice := found.keys() & declared.keys():
            raise ValueError(f"there are two kinds of anomalies {', '.join(twice)}")
        found |= declared
    return found


KINDS: Mapping[str, Kind] = _found()


def weights_of(spec: Spec) -> dict[str, float]:
    """The kinds that *spec* asks for and their weights; empty when nothing goes wrong at meters.

    `InvalidValue` names what cannot be read.
    """
    if spec.rate.value == 0 and spec.anomalies == "all":
        return {}
    weights = read_weights(spec.anomalies)
    if weights and spec.rate.value == 0:
        reason = "has no effect without `anomaly_rate`; add it, for example 0.075"
        raise InvalidValue("anomalies", spec.anomalies, reason)
    return weights


def read_weights(text: str) -> dict[str, float]:
    """*text* as kinds and their weights; `InvalidValue` names what cannot be read."""
    if text.strip() in ("all", "none"):
        return {name: 1.0 for name, kind in KINDS.items() if text.strip() == "all" and not kind.by_name_only}
    weights: dict[str, float] = {}
    for part in (part.strip() for part in text.split(",")):
        kind, _, weight = (piece.strip() for piece in part.partition("="))
        if kind in ("all", "none") or kind in weights:
            fault = f"{kind} cannot be combined" if kind not in KINDS else f"names {kind} twice"
            raise InvalidValue("anomalies", text, f"{fault}; write it as theft_scale=2,spike=1")
        if kind not in KINDS:
            reason = f"unknown kind{choose_from(kind, ['all', 'none', *KINDS])}"
            raise InvalidValue("anomalies", part or repr(part), reason)
        try:
            weights[kind] = float(weight or 1)
        except ValueError:
            weights[kind] = -1.0
        if not 0 <= weights[kind] < math.inf:
            raise InvalidValue("anomalies", part, f"a weight is a number of at least 0, for example {kind}=2")
    if not any(weights.values()):
        raise InvalidValue("anomalies", text, "all weights are 0; raise one, or give none")
    return {kind: weights[kind] for kind in KINDS if weights.get(kind, 0.0) > 0}  # whatever the order they came in
