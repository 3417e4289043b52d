"""A schema that changes from some day on: the same rows with a field more, or with a field of another name.

Either way a row grows by some constant text at one place, so that the stamping of digits stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from wattif.encode.template import RowTemplate

_ADDED = b',"firmware":"2.4.1"'
_PREFIX = b"active_"


@dataclass(frozen=True)
class Drift:
    """The rows as they are after the drift, and how they differ."""

    template: RowTemplate
    offset: int  # of the text that was put in
    text: bytes
    action: str  # in words
    renamed: str | None = None  # the field that has another name now

    def undo(self, row: bytes) -> bytes:
        """The whole *row* as it was before the drift."""
        return row[: self.offset] + row[self.offset + len(self.text) :]


def drift_of(template: RowTemplate, drift: str) -> Drift:
    """What *drift* makes of *template*.

    ``added``: a field ``firmware`` at the end. ``renamed``: ``power_w`` is called ``active_power_w``; in rows
    without it, the first number gets that prefix, or else the first field.
    """
    if drift == "added":
        offset, text, action = template.width - len(b"}\n"), _ADDED, f"added {_ADDED[1:].decode()}"
        name = None
    else:
        numbers = [field.name for field in template.fields if field.kind == "number"]
        name = "power_w" if "power_w" in numbers else (numbers or [template.fields[0].name])[0]
        offset, text = template.text.index(b'"%s":' % name.encode()) + 1, _PREFIX
        action = f"renamed {name} to {_PREFIX.decode()}{name}"
    wider = RowTemplate(
        template.fields,
        template.text[:offset] + text + template.text[offset:],
        {field: place + len(text) * (place >= offset) for field, place in template.offsets.items()},
        template.city_width,
    )
    return Drift(wider, offset, text, action, name)
