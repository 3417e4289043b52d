"""The identity of a dataset: all that determines its bytes, and the fingerprint of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from functools import cache
from importlib.metadata import version
from typing import Any

import orjson

from wattif.compress import joined_name
from wattif.encode import format_options
from wattif.faults.rates import rates_of
from wattif.lake.documents import read_document
from wattif.model.anomaly_kinds import read_weights, weights_of
from wattif.model.cities import City
from wattif.spec import Spec
from wattif.tables import catalog
from wattif.tables.readings import fields_of
from wattif.version import __version__

_NAMES = {
    "epoch": "the first day of the month of `start` (a dataset grows with a later `end` alone)",
    "version": "the version of the bytes",
}
VERSION = 3  # of the bytes: raised with every change of the model or the rows, see CHANGELOG.md


@cache
def _release(library: str) -> str:
    return version(library)


@dataclass(frozen=True)
class Identity:
    """What determines every byte of a dataset, its last day aside: that one may move on."""

    version: int
    seed: int
    epoch: date
    cities: str  # each city's id, and the beginning of the SHA-256 of its figures
    class_mix: str
    solar_share: float
    ev_share: float
    meters: int
    interval: int
    columns: str
    meters_per_file: int
    batch_files: int
    anomalies: str = "none"  # at the meters: the rate (of a share: its span), the kinds and their weights
    faults: str = "none"  # on the way
    format: str = "ndjson"  # with the compression, if any
    tzdata: str = ""  # the release of the rules of the time zones, and of the holidays: bytes follow from both
    holidays: str = ""
    extra_tables: str = ""
    row_group_rows: int = 0  # of a format that has row groups
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)  # not of the identity: how it was asked for

    @classmethod
    def of(cls, spec: Spec, cities: Sequence[City]) -> Identity:
        """The dataset that *spec* asks for, in *cities*."""
        more = sorted({name for table in catalog.lake_tables_of(spec) for name in table.city_figures})
        figures = (f"{city.id}:{_digest(city.figures(more))[:12]}" for city in cities)
        return cls(
            VERSION,
            spec.seed,
            spec.epoch,
            ",".join(figures),
            str(spec.class_shares or "each city's own"),
            spec.solar_share,
            spec.ev_share,
            spec.meters,
            spec.interval,
            ",".join(field.name for field in fields_of(spec)),
            spec.meters_per_file,
            spec.batch_files,
            _describe_anomalies(spec),
            str(rates_of(spec)),
            joined_name(spec.format, spec.compression),
            _release("tzdata"),
            _release("holidays"),
            ",".join(sorted(set(spec.extra_table_names))),
            format_options(spec.format, spec.format_options).get("row_group_rows", 0),
            spec.model_dump(mode="json", include=set(Spec.model_fields), exclude_none=True),
        )

    @property
    def identity(self) -> dict[str, Any]:
        """What determines the bytes, as JSON has it."""
        known: dict[str, Any] = orjson.loads(orjson.dumps(asdict(self)))
        del known["options"]
        if not self.row_group_rows:  # what older datasets do not name, theirs has not either
            del known["row_group_rows"]
        return known

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the identity, in hexadecimal."""
        return _digest(self.identity)

    def to_json(self, options: Mapping[str, Any] | None = None) -> bytes:
        """The content of `_wattif/dataset.json`: the identity, and the options that later verbs need not repeat."""
        document = {
            "generator": "WattIf",
            "wattif": __version__,
            **self.identity,
            "fingerprint": self.fingerprint,
            "options": options or self.options,
        }
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    def extended(self, document: bytes, place: str) -> bytes | None:
        """The *document* that is there with its days widened to this dataset's; None when it covers them."""
        there = read_document(document, place).get("options") or self.options
        start, end = min(there["start"], self.options["start"]), max(there["end"], self.options["end"])
        wider = {**self.options, "start": start, "end": end}
        return None if wider == there else self.to_json(wider)

    def differences(self, document: bytes, place: str) -> list[str]:
        """How the dataset that *document* describes differs from this one; empty when it is the same."""
        other = read_document(document, place)
        own_cities, other_cities = self.cities, str(other.get("cities"))
        other_figures = is_of_0_3(other) or other.get("extra_tables", "") != self.extra_tables
        if is_of_0_3(other):  # it does not name the releases
            other = {**other, "tzdata": self.tzdata, "holidays": self.holidays}
        if other_figures and _city_ids(own_cities) == _city_ids(other_cities):
            other = {**other, "cities": own_cities}  # their digests are of other figures
        defaults = {each.name: each.default for each in fields(self)}  # of what older datasets do not name
        return [
            f"{_NAMES.get(name, name)} is {other.get(name, defaults[name])!r} there and {own!r} here"
            + (_way_to_grow(own, str(other.get(name))) if name == "anomalies" else "")
            for name, own in self.identity.items()
            if other.get(name, defaults[name]) != own
        ]


def is_of_0_3(content: Mapping[str, Any]) -> bool:
    """Whether the *content* of a `dataset.json` was written by version 0.3 or an earlier one."""
    return "tzdata" not in content


def _digest(value: Mapping[str, Any]) -> str:
    """SHA-256 of canonical JSON, in hexadecimal."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _city_ids(cities: str) -> list[str]:
    return [each.partition(":")[0] for each in cities.split(",")]


def whole_dataset(spec: Spec, document: bytes | None, place: str) -> Spec:
    """*spec* for all days of the dataset that *document* describes, if it is its own; else as it is.

    The days asked for may be a few of it, but anomalies are spread over all, and registers count from its first month.
    """
    options = read_document(document, place).get("options") if document is not None else None
    if not isinstance(options, dict) or not {"start", "end"} <= options.keys():
        return spec
    start, end = (date.fromisoformat(options[name]) for name in ("start", "end"))
    return spec.model_copy(update={"start": min(start, spec.start), "end": max(end, spec.end)})


def _describe_anomalies(spec: Spec) -> str:
    weights = weights_of(spec)
    if not weights:
        return "none"
    kinds = ",".join(f"{kind}={weight:g}" for kind, weight in weights.items())
    if weights == read_weights("all"):
        kinds = "all"
    if spec.rate.per is not None:
        return f"{spec.rate}: {kinds}"
    return f"{spec.anomaly_rate:g} from {spec.start} to {spec.end}: {kinds}"


_OF_A_SPAN = re.compile(r"(?P<rate>\S+) from \S+ to \S+: (?P<kinds>.*)")


def _way_to_grow(own: str, other: str) -> str:
    """What to say of anomalies that differ in nothing but the span that they are spread over."""
    here, there = _OF_A_SPAN.fullmatch(own), _OF_A_SPAN.fullmatch(other)
    if here is None or there is None or here.groupdict() != there.groupdict():
        return ""
    return (
        " (a share of the meters is spread over these days, so the dataset cannot grow; with a rate in calendar time it"
        " does: `anomaly_rate` 0.05/month)"
    )
