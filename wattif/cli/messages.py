"""What is wrong, as people at the command line read it: the only place that knows how a field is written there.

Below the command line, errors name fields: `InvalidValue`'s field, or a name in backticks. Here each becomes what the
person wrote: ``--meters abc``, ``WATTIF_METERS=abc``, or ``wattif.toml: meters = abc``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import AliasChoices, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsError

from wattif.cli.verbs import VERBS
from wattif.errors import InvalidValue, WattIfError, did_you_mean
from wattif.spec.reasons import reason_of

_FIELD = re.compile(r"`([a-z][a-z_]*)`")
_VALUE_OF_FIELD = re.compile(r"`([a-z][a-z_]*)` (.*?): ", re.S)


def option_of(name: str, alias: str | None = None) -> str:
    """A field as it is written on the command line."""
    return f"--{(alias or name).replace('_', '-')}"


def names_of(name: str, field: FieldInfo) -> list[str]:
    """How a field may be called; of several that are given, the first counts."""
    choices = field.validation_alias.choices if isinstance(field.validation_alias, AliasChoices) else []
    return [*map(str, choices), field.alias or name, name]


def options_of(fields: Mapping[str, FieldInfo]) -> dict[str, str]:
    """The options of *fields* by each name that these may be called; some have two."""
    return {each: option_of(each, field.alias) for name, field in fields.items() for each in names_of(name, field)}


@cache
def options_of_all_verbs() -> dict[str, str]:
    """`options_of` the fields of all verbs."""
    options: dict[str, str] = {}
    for verb in VERBS:
        options |= options_of(import_module(f"wattif.cli.{verb}").VERB.options.model_fields)
    return options


def with_options(text: str, options: Mapping[str, str] | None = None) -> str:
    """*text* with each field in backticks as its option; *options*: by field, those of all verbs by default."""
    if "`" not in text:
        return text
    known = options_of_all_verbs() if options is None else options
    return _FIELD.sub(lambda match: known.get(match[1], match[0]), text)


@dataclass(frozen=True)
class Origin:
    """Where a value was given."""

    before: str  # what stands before the value there


class Origins:
    """Where each value was given."""

    def __init__(self) -> None:
        self.options: dict[str, str] = {}  # by name; of two names, a field's own has that which was given
        self._names: dict[str, str] = {}  # of fields, by alias
        self._origins: dict[str, Origin] = {}

    def learn_options(self, fields: Mapping[str, FieldInfo]) -> None:
        """Know the options of the verb."""
        self.options = options_of(fields)
        self._names = {other: name for name, field in fields.items() for other in names_of(name, field)}

    def learn(
        self, given: Mapping[str, Any], origin_of: Callable[[str], Origin], *, written: Iterable[str] = ()
    ) -> None:
        """Know where *given* values come from; what was known before wins.

        *written*: how they are called there; of two names of a field, the last counts.
        """
        as_written = {self._names[name]: name for name in written if name in self._names}
        for name in given:
            field = self._names.get(name, name)
            if field not in self._origins:
                own = as_written.get(field, name)
                if own in self.options:
                    self.options[field] = self.options[own]
                self._origins[field] = origin_of(own)

    def option(self, name: str) -> str:
        """The option of a field, or of an alias."""
        return self.options.get(name) or options_of_all_verbs().get(name) or option_of(name)

    def with_options(self, text: str) -> str:
        """*text* with each field in backticks as its option, the one that was given where there are two."""
        if "`" not in text:  # to import all verbs takes seconds
            return text
        return with_options(text, options_of_all_verbs() | self.options)

    def of(self, name: str, value: object) -> str:
        """A *value* of a field as it was given."""
        name = self._names.get(name, name)
        origin = self._origins.get(name) or Origin(f"{self.option(name)} ")
        if value is None or (str(value) == "True" and origin.before.startswith("--")):  # it has no value there
            return origin.before.rstrip()
        return f"{origin.before}{value}"


def of_error(error: WattIfError, origins: Origins) -> Iterator[str]:
    """A line for each thing that *error* says."""
    for line in str(error).splitlines() or [type(error).__name__]:
        match = _VALUE_OF_FIELD.match(line)
        if match is not None:
            yield origins.with_options(f"{origins.of(match[1], match[2])}: {line[match.end() :]}")
        else:
            yield origins.with_options(line)


def of_validation(error: ValidationError, origins: Origins) -> Iterator[str]:
    """A line for each of pydantic's complaints."""
    for detail in error.errors():
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, InvalidValue):
            yield origins.with_options(f"{origins.of(cause.field, cause.value)}: {cause.reason}")
        else:
            yield origins.with_options(_explain(detail, origins))


def of_arguments(error: SettingsError, origins: Origins) -> str:
    """What is wrong with the words of the command line."""
    text = str(error).removeprefix("error parsing CLI: ")
    if text.endswith("expected one argument"):
        asked = text.removeprefix("argument ").partition(":")[0]
        return f"{asked}: has no value; one that begins with - is written {asked}=-…"
    unknown = text.removeprefix("unrecognized arguments: ").split(" ")
    if unknown == text.split(" "):
        return f"{text}; see --help"
    option = next((word.partition("=")[0] for word in unknown if word.startswith("--")), None)
    if option is None:
        return f"{' '.join(unknown)}: is not an option; see --help"
    nearest = did_you_mean(option, origins.options.values())
    if not nearest and option.lstrip("-").replace("-", "_") in options_of_all_verbs():
        nearest = "; it is an option of another verb"
    return f"{option}: unknown option{nearest or '; see --help'}"


def _explain(detail: Any, origins: Origins) -> str:
    name = str(detail["loc"][0]) if detail["loc"] else ""
    if detail["type"] == "missing":
        return f"{origins.option(name)} is missing"
    if detail["type"] == "extra_forbidden":
        nearest = did_you_mean(name.replace("_", "-"), (option[2:] for option in options_of_all_verbs().values()))
        return f"{origins.of(name, detail['input'])}: unknown option{nearest or '; see --help'}"
    message = reason_of(detail)
    return f"{origins.of(name, detail['input'])}: {message}" if name else message
