"""Random streams: the published generator, and the distributions that are made of it."""

from __future__ import annotations

import numpy as np
import pytest

from wattif.numeric.streams import (
    NORMAL_MAX,
    Stream,
    draw,
    normal,
    reading_noise,
    stream_key,
    tenth,
    uniform,
    value_noise,
)


def test_a_stream_is_splitmix64() -> None:
    """The first outputs of SplitMix64 for seed 1234567, as Rosetta Code's task "Pseudo-random numbers" lists them."""
    published = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [int(draw(np.uint64(1234567), n)) for n in range(5)] == published


def test_streams_of_other_seeds_purposes_and_entities_differ() -> None:
    keys = {int(stream_key(seed, stream, entity)) for seed in (0, 1, 42) for stream in Stream for entity in range(50)}
    assert len(keys) == 3 * len(Stream) * 50


def test_no_two_streams_share_a_number() -> None:
    assert len(set(Stream)) == len(Stream.__members__)  # which has aliases, too


@pytest.fixture(scope="module")
def words() -> list[np.uint64]:
    return [np.uint64(draw(np.uint64(7), n)) for n in range(20_000)]


def test_uniforms_fill_the_unit_interval(words: list[np.uint64]) -> None:
    values = np.array([uniform(word) for word in words])
    assert 0 <= values.min() < 0.001
    assert 0.999 < values.max() < 1
    assert abs(values.mean() - 0.5) < 0.01


def test_normals_have_mean_0_and_variance_1_and_stay_in_their_bounds(words: list[np.uint64]) -> None:
    values = np.array([normal(word) for word in words])
    assert abs(values.mean()) < 0.02
    assert abs(values.std() - 1) < 0.02
    assert abs(values).max() <= NORMAL_MAX
    assert normal(np.uint64(2**64 - 1)) == pytest.approx(NORMAL_MAX)
    assert normal(np.uint64(0)) == pytest.approx(-NORMAL_MAX)


def test_value_noise_meets_its_lattice_and_is_straight_between() -> None:
    key = np.uint64(99)
    for cell in (-3, 0, 5):
        left, right = value_noise(key, cell), value_noise(key, cell + 1)
        assert left == normal(draw(key, cell))
        assert value_noise(key, cell + 0.25) == pytest.approx(0.75 * left + 0.25 * right)


def test_reading_noise_is_six_parts_of_a_draw_a_minute() -> None:
    noise = reading_noise(np.uint64(5), 3)
    assert noise.shape == (8640,)
    assert noise[61 * 6 + 4] == tenth(draw(np.uint64(5), 3 * 1440 + 61), 4)
    assert -1 <= noise.min() < -0.99
    assert 0.99 < noise.max() < 1
