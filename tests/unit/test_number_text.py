"""Digits of numbers in text formats, against Python's own."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from wattif.encode.row_template import number_text

VALUES = (0, 5, -5, 9, 10, 99, 100, 1000, -1000, 12_345_678, -99_999_999, 10**15, 2**63 - 1, 1 - 2**63)


@pytest.mark.parametrize("fill", [b" ", b"0"])
@pytest.mark.parametrize("width", [0, 3, 8, 24])
@pytest.mark.parametrize("decimals", [0, 1, 3, 6])
def test_digits_are_those_of_python(decimals: int, width: int, fill: bytes) -> None:
    texts = [f"{Decimal(value).scaleb(-decimals):.{decimals}f}" for value in VALUES]
    padded = [text.zfill(width) if fill == b"0" else text.rjust(width) for text in texts]
    assert [text.decode() for text in number_text(np.array(VALUES), decimals, width, fill).tolist()] == padded
    for value, text in zip(VALUES, padded, strict=True):  # alone, it takes no more room than it needs
        assert number_text(np.array([value]), decimals, width, fill).tolist() == [text.encode()]
