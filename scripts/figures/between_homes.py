"""Between homes: what many do together, how their nights and evenings differ, and who uses nothing."""

from __future__ import annotations

import numpy as np

from scripts.figures.figure import BRITISH_HOMES, Figure, around
from scripts.figures.formulas import coincidence, peak_difference_min, shape_correlation
from scripts.figures.sampling import Sample

OF = "homes in London"  # of all figures of homes but texture and Manila
PROFILE = "their standard profile"


def real_coincidence(homes: float) -> float:
    """The coincidence factor of British homes."""
    return float(0.181 + 0.819 * homes**-0.67)


def of(homes: Sample) -> list[Figure]:
    """From half-hourly means of homes."""
    return [*_together(homes), *apart(homes)]


def _together(homes: Sample) -> list[Figure]:
    relative = homes.relative
    together = relative.mean(axis=0)
    day, profile = homes.mean_day(together), homes.mean_day(homes.profile("h0"))
    return [
        *(
            Figure(
                of=OF,
                name=f"coincidence factor of {count} homes",
                ours=coincidence(relative, count),
                real=f"{real_coincidence(count):.3g}",
                wanted=around(real_coincidence(count), by=0.04),
                source=BRITISH_HOMES,
            )
            for count in (5, 20, 100)
        ),
        Figure(
            of=OF,
            name="peak demand after diversity / mean",
            ours=float(together.max() / together.mean()),
            real="2.19",
            wanted=around(2.19, share=0.1),
            source=BRITISH_HOMES,
        ),
        Figure(
            of=OF,
            name="mean day, correlation with the profile",
            ours=shape_correlation(day, profile),
            real="1",
            wanted=(0.97, 1.0),
            source=PROFILE,
        ),
        Figure(
            of=OF,
            name="mean day, peak against the profile's, min",
            ours=peak_difference_min(day, profile),
            real="0",
            wanted=(0.0, 60.0),
            source=PROFILE,
        ),
    ]


def apart(homes: Sample) -> list[Figure]:
    """How their nights and evenings differ, and who uses nothing."""
    night = homes.relative[:, homes.hour < 6.0].mean(axis=1)
    evening = homes.relative[:, (homes.hour >= 17.0) & (homes.hour < 21.0)].mean()
    return [
        Figure(
            of=OF,
            name="night 0-6 h / mean, 10% of the homes",
            ours=float(np.quantile(night, 0.1)),
            real="0.28",
            wanted=around(0.28, share=0.1),
            source=BRITISH_HOMES,
            before="0.40",
        ),
        Figure(
            of=OF,
            name="night 0-6 h / mean, 90% of the homes",
            ours=float(np.quantile(night, 0.9)),
            real="0.67",
            wanted=around(0.67, share=0.1),
            source=BRITISH_HOMES,
            before="0.63",
        ),
        Figure(
            of=OF,
            name="evening 17-21 h / mean, all homes together",
            ours=float(evening),
            real="1.52",
            wanted=around(1.52, share=0.1),
            source=BRITISH_HOMES,
            before="1.31",
        ),
        Figure(
            of=OF,
            name="half-hours at zero, %",
            ours=100.0 * float(np.mean(homes.values < 1.0)),
            real="0.8",
            wanted=(0.3, 2.0),
            source=BRITISH_HOMES,
            before="0",
        ),
    ]
