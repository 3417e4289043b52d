"""Compressions and formats: found where their files lie, and pairs that do not go together."""

from __future__ import annotations

import bz2
from pathlib import Path

import pytest

from tests.asking import Asking, generate
from wattif import compress, encode
from wattif.compress import compression_names, compression_of, compressor_of, joined_name, split_name
from wattif.encode import encoder_of, format_names
from wattif.encode.encoder import Encoder, RowSchema
from wattif.engine.plan import Plan
from wattif.errors import InvalidValue
from wattif.lake.identity import Identity
from wattif.model.scenario import world_of
from wattif.tables.readings import select_fields

SCHEMA = RowSchema(columns=select_fields(["mac", "power_w"], 900))
OWN = """
import bz2

from wattif.compress.compressor import Compressor


class Bzip2(Compressor):
    name, suffix, content_type, bigquery = "bzip2", ".bz2", "application/x-bzip2", None

    @property
    def row_room(self):
        return self.encoder.row_room + 100

    def data(self, data):
        return bz2.compress(bytes(data)) if len(data) else b""

    @classmethod
    def reader(cls, file):
        return bz2.open(file)


COMPRESSOR = Bzip2
"""


def test_every_format_is_one() -> None:
    assert {"ndjson", "csv", "parquet"} <= set(format_names())
    for name in format_names():
        assert encoder_of(name, SCHEMA).name == name


def test_every_compression_has_an_ending_of_its_own() -> None:
    assert compression_names() == ("gzip", "none")
    kinds = {name: compressor_of(name, encoder_of("ndjson", SCHEMA)) for name in compression_names()}
    assert [kind.name for kind in kinds.values()] == list(kinds)
    assert len({kind.suffix for kind in kinds.values()}) == len(kinds)
    assert compression_of("dt=2024-01-01/readings-00000000-00000019.json.gz").name == "gzip"
    assert compression_of("dt=2024-01-01/readings-00000000-00000019.json").name == "none"


def test_a_new_compression_is_one_new_file(settings: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "bzip2.py").write_text(OWN)
    monkeypatch.setattr(compress, "__path__", [*compress.__path__, str(tmp_path / "own")])
    asked = settings(lake=tmp_path / "packed", compression="bzip2", interval=900, meters=4)
    generate(asked)
    generate(plain := settings(lake=tmp_path / "plain", interval=900, meters=4))
    files = {path.relative_to(asked.lake).as_posix(): path for path in asked.lake.glob("dt=*/*.json.bz2")}
    assert files
    for name, path in files.items():
        assert bz2.decompress(path.read_bytes()) == (plain.lake / name.removesuffix(".bz2")).read_bytes()


def test_what_there_is_not_is_named_with_what_there_is(settings: Asking) -> None:
    with pytest.raises(InvalidValue, match=r"`compression` brotli: unknown compression.*gzip"):
        Plan.of(settings(compression="brotli"))


class _Binary(Encoder):
    name, extension, content_type, is_text = "binary", ".bin", "application/octet-stream", False


def test_a_pair_that_does_not_go_together_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "_registered", {"binary": _Binary})
    with pytest.raises(InvalidValue, match="`compression` gzip: is for lines, which binary does not have; choose"):
        compressor_of("gzip", encoder_of("binary", SCHEMA))


def test_the_format_of_a_dataset_has_both_names(settings: Asking) -> None:
    assert split_name(joined_name("ndjson", "gzip")) == ("ndjson", "gzip")
    assert split_name(joined_name("ndjson", "none")) == ("ndjson", "none")
    plain, packed = (settings(compression=name).spec for name in ("none", "gzip"))
    identities = [Identity.of(spec, world_of(spec).cities) for spec in (plain, packed)]
    assert [each.format for each in identities] == ["ndjson", "ndjson+gzip"]
    assert identities[0].fingerprint != identities[1].fingerprint
