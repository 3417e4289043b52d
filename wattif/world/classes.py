"""Classes of customers: how their meters scatter, which profile they follow, what their connection carries."""

from __future__ import annotations

from dataclasses import dataclass

from wattif.errors import UsageError
from wattif.world import energy
from wattif.world.cities import City


@dataclass(frozen=True)
class MeterClass:
    """A class of customers."""

    id: str
    profile: str  # standard load profile, see `wattif.world.profiles`
    energy: energy.ClassEnergy
    connection_w: float  # no reading exceeds it


# Spread of the means: docs/model.md. Day noise: daily energy of a home varies by 0.23 (622 British homes), of which
# types of day and seasons are a part; all of it stands here, since a day's energy is shared out, not added up.
RESIDENTIAL = MeterClass("residential", "h0", energy.ClassEnergy(spread=0.55, day_noise=0.21), connection_w=150_000.0)


def check_ranges(meter_class: MeterClass, city: City, months: int, power_max_w: int, register_max_kwh: float) -> None:
    """Make sure that no reading of *months* months can exceed the declared ranges: `UsageError` otherwise.

    It follows from bounds alone: the normals of `wattif.world.streams` are bounded, so are months and days, and
    `limit_power` keeps every reading below the connection's capacity as long as the mean of a day is below it.
    """
    month_kwh = city.mean_kwh[meter_class.id] * energy.highest_month(meter_class.energy, max(city.season))
    day_w = month_kwh * 1000.0 / (28 * 24) * energy.highest_day(meter_class.energy)
    if day_w >= meter_class.connection_w:
        raise UsageError(
            f"{meter_class.id} in {city.id}: a mean of {city.mean_kwh[meter_class.id]:g} kWh a month allows days of"
            f" {day_w:,.0f} W, over the connection's {meter_class.connection_w:,.0f} W; lower the mean"
        )
    if meter_class.connection_w * 1.01 > power_max_w:
        raise UsageError(f"{meter_class.id}: a connection of {meter_class.connection_w:,.0f} W does not fit power_w")
    register_kwh = energy.INITIAL_REGISTER_MAX_MWH / 1e6 + month_kwh * months
    if register_kwh > register_max_kwh:
        raise UsageError(
            f"--end: after {months} months a register may reach {register_kwh:,.0f} kWh,"
            f" more than the {register_max_kwh:,.0f} that register_kwh has room for; choose an earlier day"
        )
