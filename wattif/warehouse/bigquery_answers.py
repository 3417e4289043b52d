"""What BigQuery says when something is wrong, and what that means to the user. Knows words, not the client."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wattif.compress import plain_file
from wattif.uploader.store import Store
from wattif.warehouse.warehouse import CONTENT_LENGTH, BadRecord

_NOT_ENABLED = re.compile(r"has not been used in project|accessNotConfigured|SERVICE_DISABLED|API .*is disabled", re.I)
_OTHER_LOCATION = re.compile(r"different locations|Dataset .* was not found in location|cannot .* in different", re.I)


def first_line(words: object) -> str:
    """The first line of what was said, cut short."""
    return (str(words).strip().splitlines() or [""])[0][:300]


def words_of(message: object) -> str:
    """What the service said, without the request that the client puts before it."""
    return first_line(re.sub(r"^(GET|POST|PUT|PATCH|DELETE) \S+: ", "", str(message)))


def explain(project: str, dataset: str, status: int | None, words: str) -> str:
    """One line that names the thing and the way out."""
    place = f"{project}.{dataset}"
    if _NOT_ENABLED.search(words):
        return (
            f"{place}: the BigQuery API is not enabled; run 'gcloud services enable bigquery.googleapis.com"
            f" --project {project}', then wait a minute"
        )
    if _OTHER_LOCATION.search(words):
        return (
            f"{place}: the dataset and the bucket are in different locations; create both in the"
            f" same one, for example with 'bq --location=EU mk --dataset {project}:{dataset}': {words}"
        )
    if status == 404 and re.search(r"Not found: Table", words, re.I):
        return f"{place}: {words}; run 'python -m wattif load', then 'rollup', then 'scan'"
    if status == 404 and re.search(r"Not found: (URI|Files)", words, re.I):
        return f"{place}: {words}; it is committed, but missing; restore it, or generate its day again"
    if status == 404:
        return (
            f"{place}: there is no such dataset (404); create it with 'bq --location=EU mk --dataset"
            f" {project}:{dataset}' in the location of the bucket, or correct `project` and `dataset`"
        )
    if status in (401, 403) and "storage." in words:
        return f"{place}: the bucket cannot be read; this account needs roles/storage.objectViewer on it: {words}"
    if status in (401, 403):
        return (
            f"{place}: access denied ({status}); this account needs roles/bigquery.jobUser on the project and"
            f" roles/bigquery.dataEditor on the dataset: {words}"
        )
    return f"{place}: {status or 'no answer'}: {words}"


@dataclass(frozen=True)
class BadPosition:
    """Where a load job met a bad record."""

    file: str  # object, relative to the lake's prefix
    position: int | None  # of its first byte in the file's content
    error: str


def position_of(error: Mapping[str, str], lake: str, name: str | None) -> BadPosition | None:
    """The place of one error of a load job; *name* is the file when there was only one. None when it names no file."""
    message = error.get("message", "")
    uri = re.search(r"gs://[^\s;,]+", f"{message} {error.get('location', '')}")
    file = name if name is not None else uri[0].removeprefix(f"{lake}/").rstrip(".") if uri else None
    if file is None:
        return None
    position = re.search(r"starting at (?:position|location):? (\d+)", message)  # of CSV, a column has a position, too
    return BadPosition(file, int(position[1]) if position else None, first_line(message))


def describe(store: Store, positions: Sequence[BadPosition], folder: Path) -> list[BadRecord]:
    """Line and content of each, read from the files, which are copied into *folder* one after the other."""
    by_file: dict[str, list[BadPosition]] = defaultdict(list)
    for each in positions:
        by_file[each.file].append(each)
    described: list[BadRecord] = []
    for file, found in by_file.items():
        content = b""
        if any(each.position is not None for each in found):
            with plain_file(store.fetch(file, folder)) as plain:
                content = plain.read()
        for each in found:
            if each.position is None:
                described.append(BadRecord(file=file, line=None, error=each.error, content=""))
                continue
            line = content[each.position :].split(b"\n", 1)[0]
            number = content.count(b"\n", 0, each.position) + 1
            text = line.decode(errors="replace")[:CONTENT_LENGTH]
            described.append(BadRecord(file=file, line=number, error=each.error, content=text))
    return described
