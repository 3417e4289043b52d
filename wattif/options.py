"""How options are read into settings: the command line, `WATTIF_*` environment variables, a TOML file.

The command line wins over the environment, that over the file, that over the default. Whatever is wrong is said in
one line each, naming the option and the way out.
"""

from __future__ import annotations

import importlib
import inspect
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from wattif.errors import UsageError


class Options(BaseSettings):
    """The options of a verb; each field is one, with its default and its line of help."""

    model_config = SettingsConfigDict(
        env_prefix="WATTIF_",
        extra="forbid",
        frozen=True,
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        cli_show_env_vars=True,
    )

    config: Path | None = Field(None, description="TOML file with any of these options, for example wattif.toml")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Help and docs name what is required first, though a subclass adds it after what it inherits."""
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "")  # it begins the help
        required_first = sorted(cls.__pydantic_fields__.items(), key=lambda item: not item[1].is_required())
        cls.__pydantic_fields__ = dict(required_first)


_VERBS = (
    "wattif.settings:GenerateSettings",
    "wattif.show.settings:ShowSettings",
    "wattif.answers.expect_settings:ExpectSettings",
    "wattif.answers.reconcile.settings:ReconcileSettings",
    "wattif.warehouse.settings:LoadSettings",
    "wattif.warehouse.settings:RollupSettings",
    "wattif.warehouse.settings:ScanSettings",
    "wattif.warehouse.settings:ScoreSettings",
    "wattif.dataplex.settings:DataplexSettings",
)
AnySettings = TypeVar("AnySettings", bound=Options)
Stored = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class _TomlFile(TomlConfigSettingsSource):
    """A TOML file whose keys may be spelt as on the command line."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return {key.replace("-", "_"): value for key, value in super()._read_file(file_path).items()}


def _toml_source(settings_cls: type[Options], path: Path) -> TomlConfigSettingsSource:
    try:
        source = _TomlFile(settings_cls, path) if path.is_file() else None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {path}: not a TOML file: {error}") from None
    if source is None:
        raise UsageError(f"--config {path}: there is no such file")
    for name in _option_names(*_of_all_verbs()) - _option_names(settings_cls):
        source.init_kwargs.pop(name, None)
    return source


def _of_all_verbs() -> Iterator[type[Options]]:
    """The settings of every verb: a file may be shared by all of them."""
    for place in _VERBS:
        module, _, name = place.partition(":")
        yield getattr(importlib.import_module(module), name)


def _option_names(*settings: type[Options]) -> set[str]:
    return {field.alias or name for each in settings for name, field in each.model_fields.items()}


def read_settings(
    settings_cls: type[AnySettings], arguments: Sequence[str], program: str, stored: Stored | None = None
) -> AnySettings:
    """Read the command line, environment and file into settings; `UsageError` says what is wrong, a line each.

    *stored* is asked, with the options that were given, for values to fill in where none was.
    """
    try:
        command_line = CliSettingsSource[Any](
            settings_cls, cli_prog_name=program, cli_parse_args=list(arguments), cli_exit_on_error=False
        )
        sources: list[PydanticBaseSettingsSource] = [command_line, EnvSettingsSource(settings_cls)]
        config = command_line().get("config") or os.environ.get("WATTIF_CONFIG")
        if config:
            sources.append(_toml_source(settings_cls, Path(config)))
        if stored is not None:
            given = {name: value for source in reversed(sources) for name, value in source().items()}
            sources.append(InitSettingsSource(settings_cls, dict(stored(given))))
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
