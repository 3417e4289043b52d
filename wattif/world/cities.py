"""Cities: time zone, mains, climate and how much their customers use."""

from __future__ import annotations

from dataclasses import dataclass, field

from wattif.world.profiles import Climate


@dataclass(frozen=True)
class City:
    """What the model has to know of a place."""

    id: str
    time_zone: str  # IANA name
    climate: Climate
    nominal_v: float
    nominal_hz: float
    season: tuple[float, ...]  # relative difference of a month's energy from the yearly mean, January first
    mean_kwh: dict[str, float] = field(hash=False)  # mean energy a month by class id


# Metro Manila, the grid default: 230 V and 60 Hz (Philippine Grid Code, 2016 edition); residential mean 300 kWh a
# month. The season is the tropical default 0.15 * sin(2 pi (month - 4) / 12), January to December, as decimals.
MANILA = City(
    id="manila",
    time_zone="Asia/Manila",
    climate="tropics",
    nominal_v=230.0,
    nominal_hz=60.0,
    season=(-0.15, -0.1299, -0.075, 0.0, 0.075, 0.1299, 0.15, 0.1299, 0.075, 0.0, -0.075, -0.1299),
    mean_kwh={"residential": 300.0},
)
