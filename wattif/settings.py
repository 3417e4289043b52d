"""What the user asked for: each option is defined once, here; the command line, `WATTIF_*` environment variables,
the TOML file, the help text and the docs follow from it. The command line wins over the environment, that over the
file, that over the default.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    CliToggleFlag,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from wattif.errors import UsageError
from wattif.formats.schema import DEFAULT_NAMES, select_fields

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
    """`/mnt/sm-disk` where it can be written to, else a folder of the user's under the temporary one."""
    if _FAST_DISK.is_dir() and os.access(_FAST_DISK, os.W_OK):
        return _FAST_DISK
    return Path(tempfile.gettempdir()) / f"wattif-staging-{os.getuid()}"


class DatasetSettings(BaseSettings):
    """What every verb has to know of a dataset: the options that determine its world and its readings."""

    model_config = SettingsConfigDict(
        env_prefix="WATTIF_",
        extra="forbid",
        frozen=True,
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        cli_show_env_vars=True,
    )

    start: Day = Field(description="first day (UTC), YYYY-MM-DD")
    meters: int = Field(
        100, ge=1, le=99_999_999, description="number of meters; the first ones stay the same when it grows"
    )
    city: str = Field("manila", description="cities, separated by commas, whose transformers take turns")
    cities: Path | None = Field(
        None, description="TOML file with cities of your own, like wattif/world/data/cities.toml"
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
    config: Path | None = Field(None, description="TOML file with any of these options, for example wattif.toml")

    ignored_in_file: ClassVar[frozenset[str]] = frozenset()  # options of other verbs, which may share a file

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Help and docs name what is required first, though a subclass adds it after what it inherits."""
        required_first = sorted(cls.__pydantic_fields__.items(), key=lambda item: not item[1].is_required())
        cls.__pydantic_fields__ = dict(required_first)

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


class GenerateSettings(DatasetSettings):
    """Write the 10-second readings of a fleet of smart meters, day by day, into a cloud data lake."""

    model_config = SettingsConfigDict(cli_shortcuts={"verbose": "v", "quiet": "q"})

    end: Day = Field(description="last day (UTC), included")
    bucket: str | None = Field(
        None, description="Cloud Storage bucket; without one the lake is a folder on this machine"
    )
    lake: Path = Field(Path("lake"), description="folder of the local lake; a bucket wins over it")
    prefix: str = Field(
        "", description="path inside the bucket or folder, under which the dataset lies, for example raw/meters"
    )
    columns: Annotated[str, BeforeValidator(_join_columns)] = Field(
        ",".join(DEFAULT_NAMES), description="fields of a reading, in order, separated by commas"
    )
    meters_per_file: int = Field(
        20, ge=1, description="meters whose day makes one file, 20 about 40 MB; 1 names the file after the MAC"
    )
    batch_files: int = Field(10, ge=1, description="files that are uploaded and committed together")
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
        return "/".join(parts)

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.end < self.start:
            raise UsageError(f"--end {self.end} lies before --start {self.start}; swap them")
        if self.verbose and self.quiet:
            raise UsageError("--verbose and --quiet contradict each other; give one of them")
        if self.bucket is None and self.lake.exists() and not self.lake.is_dir():
            raise UsageError(f"--lake {self.lake}: not a folder; name another")
        select_fields(self.column_names, self.interval)
        return self

    @property
    def last_day(self) -> date:
        """The last day (UTC) that is asked for."""
        return self.end

    @property
    def column_names(self) -> list[str]:
        """The names in `columns`."""
        return [name.strip() for name in self.columns.split(",") if name.strip()]


AnySettings = TypeVar("AnySettings", bound=DatasetSettings)


class _TomlFile(TomlConfigSettingsSource):
    """A TOML file whose keys may be spelt as on the command line."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return {key.replace("-", "_"): value for key, value in super()._read_file(file_path).items()}


def _toml_source(settings_cls: type[DatasetSettings], path: Path) -> TomlConfigSettingsSource:
    try:
        source = _TomlFile(settings_cls, path) if path.is_file() else None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {path}: not a TOML file: {error}") from None
    if source is None:
        raise UsageError(f"--config {path}: there is no such file")
    for name in settings_cls.ignored_in_file:
        source.init_kwargs.pop(name, None)
    return source


def read_settings(settings_cls: type[AnySettings], arguments: Sequence[str], program: str) -> AnySettings:
    """Read the command line, environment and file into settings; `UsageError` says what is wrong, a line each."""
    try:
        command_line = CliSettingsSource[Any](
            settings_cls, cli_prog_name=program, cli_parse_args=list(arguments), cli_exit_on_error=False
        )
        sources: list[PydanticBaseSettingsSource] = [command_line, EnvSettingsSource(settings_cls)]
        config = command_line().get("config") or os.environ.get("WATTIF_CONFIG")
        if config:
            sources.append(_toml_source(settings_cls, Path(config)))
        return settings_cls(_build_sources=(tuple(sources), {}))
    except ValidationError as error:
        raise UsageError("\n".join(_explain(detail) for detail in error.errors())) from None
    except SettingsError as error:
        raise UsageError(f"{str(error).removeprefix('error parsing CLI: ')}; see --help") from None


def _explain(detail: Any) -> str:
    """One line for one of pydantic's complaints, naming the option and the way out."""
    name = str(detail["loc"][0]).replace("_", "-")
    given = detail["input"]
    message = {
        "missing": "is missing",
        "int_parsing": "is not a whole number",
        "int_type": "is not a whole number",
        "int_from_float": "is not a whole number",
        "float_parsing": "is not a number",
        "bool_parsing": "is neither true nor false",
        "byte_size": "is not a size such as 2GiB or 500MB",
        "byte_size_unit": "is not a size such as 2GiB or 500MB",
        "extra_forbidden": "is not an option; see --help",
    }.get(detail["type"])
    if detail["type"] == "missing":
        return f"--{name} {message}"
    if message is None and detail["type"].startswith("date"):
        message = "is not a day of the calendar; write it as YYYY-MM-DD"
    if message is None and "ctx" in detail and "error" not in detail["ctx"]:
        message = detail["msg"].replace("Input should be", "must be")
    return f"--{name} {given}: {message or str(detail['msg']).removeprefix('Value error, ')}"
