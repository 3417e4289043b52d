"""What the meters of a city share on a day: profiles, weather, clock, mains; and the voltage at each transformer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from wattif.model import local_time
from wattif.model.cities import City
from wattif.model.electric_car import CLOCK, CLOCK_LOOKBACK
from wattif.model.electrical import mains_frequency, supply_voltage
from wattif.model.energy import Month
from wattif.model.meter_days import Sky
from wattif.model.months import month_of, profile_means
from wattif.model.rhythm import CONTEXT, FIRST
from wattif.model.solar import ROOFS, Place, daily_yields, monthly_clearness
from wattif.model.weather import city_number
from wattif.numeric import calendar
from wattif.numeric.calendar import DAY_S


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the meters of a city share on a UTC day; the voltage, those of a transformer."""

    utc_day: int  # days since 1970
    month: Month
    profile_means: NDArray[np.float64]  # (3, profiles): of the day before, the day, and the day after
    profiles: NDArray[np.float64]  # (profiles, quarters of an hour around the day), see `wattif.model.residential`
    local_quarter: NDArray[np.int64]
    weekend: NDArray[np.int64]
    frequency_mhz: NDArray[np.int64]  # one per reading
    supply_v: NDArray[np.float64]  # one per reading, at the transformer


def clock_around(city: City, utc_day: int) -> NDArray[np.int64]:
    """The local time around *utc_day*, as cars want it, see `wattif.model.electric_car.add_car`."""
    return calendar.local_quarters(city.time_zone, utc_day * calendar.QUARTERS - CLOCK_LOOKBACK, CLOCK)


class CityDay:
    """The surroundings of a city's meters, day by day and transformer by transformer."""

    def __init__(self, seed: int, epoch: date, interval_s: int, city: City, *, has_sun: bool, electrical: bool) -> None:
        self._seed = seed
        self._epoch = epoch
        self._interval_s = interval_s
        self._city = city
        self._has_sun = has_sun
        self._electrical = electrical
        self._frequency_mhz = np.empty(DAY_S // interval_s, np.int64)
        self._supply_v = np.empty(DAY_S // interval_s)
        self._day: date | None = None
        self._transformer = -1
        self._around: Surroundings
        self._epoch_day = calendar.day_number(epoch)
        self.sky = Sky(
            place=Place(
                city=city_number(city.id),
                latitude=city.latitude,
                longitude=city.longitude,
                clearness=monthly_clearness(city.latitude, city.longitude, city.irradiation_kwh_m2),
            ),
            epoch_day=self._epoch_day,
            epoch_clock=clock_around(city, self._epoch_day),
            clock=clock_around(city, self._epoch_day),
            yields_wh=np.empty((len(ROOFS), 0)),
        )

    def at(self, day: date, transformer: int) -> Surroundings:
        """The surroundings of the meters of *transformer* on *day*; valid until the next call."""
        if day != self._day:
            self._go_to(day)
        if transformer != self._transformer:
            if self._electrical:
                supply_voltage(
                    self._seed,
                    transformer,
                    self._around.utc_day,
                    self._around.local_quarter[FIRST:],
                    self._city.nominal_v,
                    self._interval_s,
                    self._supply_v,
                )
            self._transformer = transformer
        return self._around

    def _go_to(self, day: date) -> None:
        city = self._city
        number = calendar.day_number(day)
        quarters = calendar.local_quarters(city.time_zone, number * calendar.QUARTERS - FIRST, CONTEXT)
        if self._electrical:
            mains_frequency(
                self._seed,
                city_number(city.id),
                number,
                city.nominal_hz,
                city.frequency_spread_mhz,
                self._interval_s,
                self._frequency_mhz,
            )
        self._around = Surroundings(
            utc_day=number,
            month=month_of(self._seed, city, self._epoch, day.replace(day=1)),
            profile_means=np.stack([profile_means(city, day + timedelta(days=step)) for step in (-1, 0, 1)]),
            profiles=local_time.profiles_at(city, quarters, of_week=True),
            local_quarter=quarters,
            weekend=local_time.weekend_at(city, quarters),
            frequency_mhz=self._frequency_mhz,
            supply_v=self._supply_v,
        )
        known = self.sky.yields_wh.shape[1]
        if self._has_sun and number - self._epoch_day >= known:
            more = [
                daily_yields(self._seed, self.sky.place, self._epoch_day + n)
                for n in range(known, number - self._epoch_day + 1)
            ]
            self.sky = self.sky._replace(yields_wh=np.column_stack([self.sky.yields_wh, *more]))
        self.sky = self.sky._replace(clock=clock_around(city, number))
        self._day, self._transformer = day, -1
