"""Addresses as people may read them."""

from __future__ import annotations

import re


def without_password(address: str) -> str:
    """*address* with ``***`` in the place of a password."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", address)
