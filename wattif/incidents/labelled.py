"""What the labels of a lake tell of: each event at a transformer or a meter is an incident, to the second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattif.incidents.draws import Numbers
from wattif.model.anomalies import Event
from wattif.model.network import Network


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Labelled events in the order of their start: arrays of one length."""

    event_id: NDArray[np.object_]
    kind: NDArray[np.object_]
    transformer: Numbers
    start_s: Numbers
    end_s: Numbers

    def __len__(self) -> int:
        return len(self.event_id)

    def kept(self, those: NDArray[np.bool_]) -> Labelled:
        """Only *those*."""
        return Labelled(**{name: getattr(self, name)[those] for name in Labelled.__dataclass_fields__})

    @classmethod
    def of(cls, events: Iterable[Event], network: Network, kinds: frozenset[str]) -> Labelled:
        """Those of these *kinds*; what hits all meters of a transformer is one event."""
        found: dict[str, tuple[str, int, int, int]] = {}
        for event in events:
            if event.kind in kinds:
                over_s = int(event.sizes.get("restored_s", event.end_s))  # what follows is a rush of reconnection
                row = (event.kind, network.transformer_of(event.meter), event.start_s, over_s)
                known = found.get(event.id, row)  # the last reading that it touches may differ by meter
                found[event.id] = (*row[:2], min(row[2], known[2]), max(row[3], known[3]))
        rows = sorted(found.items(), key=lambda item: (item[1][2], item[0]))
        times = np.array([row[1:] for _, row in rows], np.int64).reshape(-1, 3)
        return cls(
            event_id=np.array([name for name, _ in rows], np.object_),
            kind=np.array([row[0] for _, row in rows], np.object_),
            transformer=times[:, 0],
            start_s=times[:, 1],
            end_s=times[:, 2],
        )
