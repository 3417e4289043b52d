"""What the user asked for: each option is defined once, here; the command line, `WATTIF_*` environment variables,
the TOML file, the help text and the docs follow from it (`wattif.options`).
"""

from __future__ import annotations

import math
import os
import re
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, field_validator, model_validator
from pydantic_settings import CliToggleFlag, SettingsConfigDict

from wattif.errors import UsageError
from wattif.model.quantities import SEQ_MAX
from wattif.options import Options
from wattif.tables.readings import DEFAULT_NAMES, select_fields

if TYPE_CHECKING:
    from wattif.faults.rates import FaultRates

_CLASS_IDS = ("residential", "commercial", "industrial")
_FAST_DISK = Path("/mnt/sm-disk")


def _read_day(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        raise ValueError("not a date; write it as YYYY-MM-DD")
    return value


def _join_columns(value: object) -> object:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value


def _within_bounds(day: date) -> date:
    if not date(1971, 1, 1) <= day <= date(2199, 12, 31):
        raise ValueError("must lie between 1971-01-01 and 2199-12-31")
    return day


Day = Annotated[date, BeforeValidator(_read_day), AfterValidator(_within_bounds)]


def default_staging_dir() -> Path:
    """`/mnt/sm-disk` where we alone can write to it, else a folder of the user's under the temporary one."""
    if _FAST_DISK.is_dir() and os.access(_FAST_DISK, os.W_OK) and _FAST_DISK.stat().st_mode & 0o022 == 0:
        return _FAST_DISK
    return Path(tempfile.gettempdir()) / f"wattif-staging-{os.getuid()}"


class LakePlace(Options):
    """Where the lake is."""

    bucket: str | None = Field(
        None, description="Cloud Storage bucket; without one the lake is a folder on this machine"
    )
    lake: Path = Field(Path("lake"), description="folder of the local lake; a bucket wins over it")
    prefix: str = Field(
        "", description="path inside the bucket or folder, under which the dataset lies, for example raw/meters"
    )

    @field_validator("bucket")
    @classmethod
    def _is_bucket_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]", value):
            raise ValueError(
                "not a bucket name; give the name alone, without gs:// and path (the path goes to --prefix)"
            )
        return value

    @field_validator("prefix")
    @classmethod
    def _is_plain_path(cls, value: str) -> str:
        parts = [part for part in value.split("/") if part]
        if any(part in (".", "..") for part in parts) or re.search(r"[\x00-\x1f\x7f\\*?\[\]#]", value):
            raise ValueError("not a plain path such as raw/meters")
        if any(part.startswith(("_", ".", "dt=")) for part in parts):
            raise ValueError("readers skip paths that begin with _ or ., and dt= is a day's; name another")
        return "/".join(parts)


class DatasetSettings(Options):
    """What every verb has to know of a dataset: the options that determine its world and its readings."""

    start: Day = Field(description="first day (UTC), YYYY-MM-DD")
    meters: int = Field(
        100, ge=1, le=99_999_999, description="number of meters; the first ones stay the same when it grows"
    )
    city: str = Field("manila", description="cities, separated by commas, whose transformers take turns")
    cities: Path | None = Field(
        None, description="TOML file with cities of your own, like wattif/model/data/cities.toml"
    )
    class_mix: str | None = Field(
        None,
        description="shares of the classes, for example residential=0.85,commercial=0.12,industrial=0.03"
        " (default: each city's own)",
    )
    solar_share: float = Field(0.0, ge=0, le=1, description="share of the homes with panels; see the columns export_…")
    ev_share: float = Field(0.0, ge=0, le=1, description="share of the homes that charge an electric car")
    seed: int = Field(42, ge=0, lt=2**63, description="seed of all randomness; another seed is another city")
    interval: int = Field(10, ge=1, le=3600, description="seconds between two readings; any divisor of 3600")

    @field_validator("interval")
    @classmethod
    def _divides_an_hour(cls, value: int) -> int:
        if 3600 % value:
            nearest = min((n for n in range(1, 3601) if 3600 % n == 0), key=lambda n: abs(n - value))
            raise ValueError(f"does not divide an hour; the nearest that does is {nearest}")
        return value

    @model_validator(mode="after")
    def _describe_a_world(self) -> Self:
        if len(set(self.city_ids)) < max(len(self.city_ids), 1):
            raise UsageError(f"--city {self.city!r}: name each city once, for example manila,london")
        assert self.class_shares is None or self.class_shares  # raises what is wrong with it
        return self

    @property
    def last_day(self) -> date:
        """The last day (UTC) that is asked for."""
        raise NotImplementedError

    @property
    def city_ids(self) -> list[str]:
        """The names in `city`."""
        return [name.strip() for name in self.city.split(",") if name.strip()]

    @property
    def class_shares(self) -> tuple[float, float, float] | None:
        """`class_mix` as residential, commercial and industrial shares."""
        if self.class_mix is None:
            return None
        shares = dict.fromkeys(_CLASS_IDS, 0.0)
        for part in self.class_mix.split(","):
            name, _, share = part.partition("=")
            try:
                shares[name.strip()] = float(share) if name.strip() in shares else math.nan
            except ValueError:
                shares[name.strip()] = math.nan
        residential, commercial, industrial = (shares[name] for name in _CLASS_IDS)
        if not (min(shares.values()) >= 0 and abs(math.fsum(shares.values()) - 1) < 1e-6):
            raise UsageError(
                f"--class-mix {self.class_mix}: must be shares of {', '.join(_CLASS_IDS)} that sum to 1,"
                " for example residential=0.85,commercial=0.12,industrial=0.03"
            )
        return residential, commercial, industrial

    @property
    def epoch(self) -> date:
        """First day of the dataset's first month: registers, trends and the fingerprint count from it."""
        return self.start.replace(day=1)


class LakeSettings(DatasetSettings, LakePlace):
    """All that determines the bytes in a lake, and where they lie."""

    end: Day = Field(description="last day (UTC), included")
    columns: Annotated[str, BeforeValidator(_join_columns)] = Field(
        ",".join(DEFAULT_NAMES), description="fields of a reading, in order, separated by commas"
    )
    meters_per_file: int = Field(
        20, ge=1, description="meters whose day makes one file, 20 about 40 MB; 1 names the file after the MAC"
    )
    batch_files: int = Field(10, ge=1, description="files that are uploaded and committed together")
    anomaly_rate: float = Field(
        0.0, ge=0, le=1, description="share of the meters at which something goes wrong between --start and --end"
    )
    anomalies: str = Field(
        "all", description="what goes wrong at meters, by weight: theft_scale=2,spike=1,outage=0.5; all; none"
    )
    faults: str = Field(
        "none",
        description="what goes wrong on the way: duplicate=0.001,late=0.002:6h,drop=0.0005,schema_drift=2024-01-15;"
        " none",
    )

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if self.end < self.start:
            raise UsageError(f"--end {self.end} lies before --start {self.start}; swap them")
        select_fields(self.column_names, self.interval)
        last_seq = ((self.end - self.epoch).days + 1) * (86_400 // self.interval) - 1
        if "seq" in self.column_names and last_seq > SEQ_MAX:
            raise UsageError(
                f"--columns: seq would reach {last_seq:,} by {self.end}, more than it has room for ({SEQ_MAX:,});"
                " choose an earlier --end, a longer --interval, or leave seq out"
            )
        assert self.anomaly_weights is not None  # raises what is wrong with it
        assert self.fault_rates is not None
        return self

    @property
    def last_day(self) -> date:
        """The last day (UTC) that is asked for."""
        return self.end

    @property
    def column_names(self) -> list[str]:
        """The names in `columns`."""
        return [name.strip() for name in self.columns.split(",") if name.strip()]

    @property
    def anomaly_weights(self) -> dict[str, float]:
        """`anomalies` as kinds and their weights; empty when nothing goes wrong at meters."""
        if self.anomaly_rate == 0 and self.anomalies == "all":
            return {}
        from wattif.model.anomaly_kinds import read_weights

        weights = read_weights(self.anomalies)
        if weights and self.anomaly_rate == 0:
            raise UsageError(
                f"--anomalies {self.anomalies}: nothing happens without --anomaly-rate; add it, for example 0.075"
            )
        return weights

    @property
    def fault_rates(self) -> FaultRates:
        """`faults` as rates by kind."""
        from wattif.faults.rates import read_rates

        return read_rates(self.faults)


class GenerateSettings(LakeSettings):
    """Write the 10-second readings of a fleet of smart meters, day by day, into a cloud data lake."""

    model_config = SettingsConfigDict(cli_shortcuts={"verbose": "v", "quiet": "q"})

    staging_dir: Path | None = Field(
        None,
        description="fast disk on which files wait for the upload; /mnt/sm-disk, or else under the temporary folder",
    )
    staging_limit: ByteSize = Field(
        ByteSize(2 * 2**30), description="most bytes that wait in staging at once, for example 2GiB"
    )
    write_workers: int = Field(
        os.cpu_count() or 1, ge=1, description="threads that produce files; one a processor by default"
    )
    upload_workers: int = Field(4, ge=1, description="threads that upload files")
    dry_run: CliToggleFlag[bool] = Field(
        False, description="only print what would be made: sizes, requests, time; touch nothing"
    )
    overwrite: CliToggleFlag[bool] = Field(False, description="replace another WattIf dataset that lies there")
    version: CliToggleFlag[bool] = Field(False, description="print the version and leave")
    verbose: CliToggleFlag[bool] = Field(False, description="log what happens, with times")
    quiet: CliToggleFlag[bool] = Field(False, description="say nothing but warnings and errors")

    @model_validator(mode="after")
    def _say_one_thing(self) -> Self:
        if self.verbose and self.quiet:
            raise UsageError("--verbose and --quiet contradict each other; give one of them")
        return self
