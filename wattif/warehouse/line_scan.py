"""Lines of files, counted and found at the speed of the memory, without a look at what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from wattif.compress import plain_file

_CHUNK = 1 << 18  # fits into the cache of a core
_LINE_FEED, _CARRIAGE_RETURN, _QUOTE = b'\n\r"'


@dataclass(frozen=True, kw_only=True)
class ByteCounts:
    """What a file holds."""

    lines: int  # a last one without a line feed included
    quotes: int
    carriage_returns: int
    line_feeds: Sequence[int]  # before each chunk of the file


def count_bytes(path: str) -> ByteCounts:
    """Count what stands in a file."""
    line_feeds, quotes, carriage_returns = [0], 0, 0
    last = _LINE_FEED
    with plain_file(Path(path)) as file:
        while chunk := file.read(_CHUNK):  # so many bytes, but at the end
            content = np.frombuffer(chunk, np.uint8)
            line_feeds.append(line_feeds[-1] + int(np.count_nonzero(content == _LINE_FEED)))
            quotes += int(np.count_nonzero(content == _QUOTE))
            carriage_returns += int(np.count_nonzero(content == _CARRIAGE_RETURN))
            last = int(content[-1])
    return ByteCounts(
        lines=line_feeds[-1] + (last != _LINE_FEED),
        quotes=quotes,
        carriage_returns=carriage_returns,
        line_feeds=line_feeds,
    )


def lines_at(path: str, counts: ByteCounts, numbers: Iterable[int]) -> Iterator[bytes]:
    """The lines of those rising *numbers*, from 0, of a file that was counted."""
    with plain_file(Path(path)) as file:
        passed = 0  # line feeds
        for number in numbers:
            # the chunk with the line feed that ends the line before
            chunk = max(int(np.searchsorted(counts.line_feeds, number)) - 1, 0)
            if counts.line_feeds[chunk] > passed:  # never back: a compressed file would be read from its begin
                file.seek(chunk * _CHUNK)
                passed = counts.line_feeds[chunk]
            for _ in range(number - passed):
                file.readline()
            yield file.readline()
            passed = number + 1


def rows_to_lines(path: str, rows: Iterable[int]) -> Iterator[int]:
    """The numbers of the lines that are the *rows* of a file, both from 0; a blank line is no row."""
    wanted = set(rows)
    row = 0
    with plain_file(Path(path)) as file:
        for number, line in enumerate(file):
            if line.strip():
                if row in wanted:
                    yield number
                row += 1


def first_record(path: str) -> dict[str, object]:
    """The first line that is a JSON object, of those at the beginning of a file; empty when there is none."""
    with plain_file(Path(path)) as file:
        for line in file.read(_CHUNK).splitlines():
            try:
                record = orjson.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                return record
    return {}
