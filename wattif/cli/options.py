"""How options are read: the command line, `WATTIF_*` environment variables, a TOML file, what a lake remembers.

The command line wins over the environment, that over the file, that over the lake, that over the default. Whatever is
wrong is said in one line each, naming where it was given and the way out (`wattif.cli.messages`).
"""

from __future__ import annotations

import inspect
import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, Field, ValidationError
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

from wattif.cli.messages import (
    Origin,
    Origins,
    names_of,
    of_arguments,
    of_validation,
    options_of,
    options_of_all_verbs,
    with_options,
)
from wattif.errors import UsageError, did_you_mean

ENVIRONMENT_PREFIX = "WATTIF_"
_CACHE = "WATTIF_CACHE"  # no option: of wattif.numeric.kernel_cache, for every program that has kernels
AnyModel = TypeVar("AnyModel", bound=BaseModel)


class Options(BaseSettings):
    """The options of a verb; each field is one, with its default and its line of help."""

    # its type is left open: the options of a verb are models of other packages, too, which have one of their own
    model_config: ClassVar[Any] = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_prefix_target="all",  # WATTIF_JSON, though the field has another name
        extra="forbid",
        frozen=True,
        cli_kebab_case=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        cli_show_env_vars=True,
        cli_implicit_flags="toggle",
    )

    config: Path | None = Field(None, description="TOML file that sets any of these options, for example wattif.toml")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Help and docs name what is required first, and other options as they are written."""
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "")  # it begins the help
        fields = cls.__pydantic_fields__
        options = options_of(fields)
        for field in fields.values():
            field.description = with_options(field.description or "", options)
        cls.__pydantic_fields__ = dict(sorted(fields.items(), key=lambda item: not item[1].is_required()))

    def check_written(self, written: Collection[str]) -> None:
        """`InvalidValue` when a field *written* on the command line would do nothing.

        In the environment and in a file, an option stands for all verbs and runs; what one of them does not need, it
        leaves alone.
        """

    def part(self, model: type[AnyModel]) -> AnyModel:
        """The fields of *model* with the values that they have here."""
        return model.model_validate({name: getattr(self, name) for name in model.model_fields})


AnyOptions = TypeVar("AnyOptions", bound=Options)
Stored = Callable[[Mapping[str, Any]], tuple[Mapping[str, Any], str]]  # options given -> those stored, and where


class _CommandLine(CliSettingsSource[Any]):
    """The command line; its help leaves out defaults that say nothing."""

    def _help_format(self, *field: Any, **more: Any) -> str:
        return re.sub(
            r" \(default: (None|False|)\)| \(default factory: [^)]*\)", "", super()._help_format(*field, **more)
        )


class _Environment(EnvSettingsSource):
    """The environment; a field with two names goes by the first, as in the other sources, so that the order holds."""

    def __call__(self) -> dict[str, Any]:
        names = [names_of(name, field) for name, field in self.settings_cls.model_fields.items()]
        first = {each: own[0] for own in names for each in own}
        return {first.get(name, name): value for name, value in super().__call__().items()}


class _TomlFile(TomlConfigSettingsSource):
    """A TOML file whose keys may be spelt as on the command line."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return {key.replace("-", "_"): value for key, value in super()._read_file(file_path).items()}


def read_options(
    options_cls: type[AnyOptions],
    arguments: Sequence[str],
    program: str,
    *,
    stored: Stored | None = None,
    origins: Origins | None = None,
) -> AnyOptions:
    """Read the options of a verb; `UsageError` says what is wrong, a line each.

    *stored* is asked, with the options that were given, for values to fill in where none was. *origins* learns where
    each value was given.
    """
    origins = origins if origins is not None else Origins()
    origins.learn_options(options_cls.model_fields)
    _check_variables()
    try:
        command_line = _CommandLine(
            options_cls, cli_prog_name=program, cli_parse_args=list(arguments), cli_exit_on_error=False
        )
        environment = _Environment(options_cls)
        sources: list[PydanticBaseSettingsSource] = [command_line, environment]
        origins.learn(command_line(), lambda name: Origin(f"{origins.option(name)} "), written=_written(arguments))
        variables = [each for each in reversed(origins.options) if _variable(each).lower() in environment.env_vars]
        origins.learn(environment(), lambda name: Origin(f"{_variable(origins.option(name))}="), written=variables)
        config = command_line().get("config") or os.environ.get("WATTIF_CONFIG")
        if config:
            file = _toml_source(options_cls, Path(config))
            sources.append(file)
            keys = [each for each in reversed(origins.options) if each in file.toml_data]
            origins.learn(file(), lambda name: Origin(f"{config}: {name.replace('_', '-')} = "), written=keys)
        if stored is not None:
            given = {name: value for source in reversed(sources) for name, value in source().items()}
            values, place = stored(given)
            sources.append(InitSettingsSource(options_cls, dict(values)))
            origins.learn(values, lambda name: Origin(f"{place}: {name} = "))
        options = options_cls(_build_sources=(tuple(sources), {}))
    except ValidationError as error:
        raise UsageError("\n".join(of_validation(error, origins))) from None
    except SettingsError as error:
        raise UsageError(of_arguments(error, origins)) from None
    options.check_written(command_line().keys())
    return options


def _written(arguments: Sequence[str]) -> list[str]:
    """The options among the words of the command line, as names."""
    return [word.partition("=")[0].removeprefix("--").replace("-", "_") for word in arguments if word.startswith("--")]


def _variable(option: str) -> str:
    return ENVIRONMENT_PREFIX + option.removeprefix("--").replace("-", "_").upper()


def _check_variables() -> None:
    """`UsageError` names variables that are no option of any verb, as keys of a TOML file that are none."""
    given = sorted(name for name in os.environ if name.upper().startswith(ENVIRONMENT_PREFIX))
    if set(given) <= {_CACHE}:
        return
    known = {_CACHE, *(_variable(name) for name in options_of_all_verbs())}
    lines = [f"{name}={os.environ[name]}: {_unknown(name, known)}" for name in given if name.upper() not in known]
    if lines:
        raise UsageError("\n".join(lines))


def _unknown(variable: str, known: Iterable[str]) -> str:
    own = variable.upper().removeprefix(ENVIRONMENT_PREFIX)  # what all share says nothing of which is meant
    nearest = did_you_mean(own, sorted(name.removeprefix(ENVIRONMENT_PREFIX) for name in known))
    return f"unknown variable{nearest.replace('mean ', f'mean {ENVIRONMENT_PREFIX}') or '; unset it, or see --help'}"


def _toml_source(options_cls: type[Options], path: Path) -> TomlConfigSettingsSource:
    try:
        source = _TomlFile(options_cls, path) if path.is_file() else None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {path}: not a TOML file: {error}; texts need quotes, dates too") from None
    if source is None:
        raise UsageError(f"--config {path}: no such file")
    others = options_of_all_verbs().keys() - options_of(options_cls.model_fields).keys()
    for name in others:  # a file may be shared by all verbs
        source.init_kwargs.pop(name, None)
    return source
