"""XML written as it comes, by the standard library's generator, which escapes all text.

A file has millions of readings that differ by a few numbers. Their elements are written once, with holes (``%d``,
``%s``) in place of the numbers, and the holes are filled from then on.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Self, cast
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl


class XmlWriter:
    """Elements of a document that goes to *stream*, which stays open."""

    def __init__(self, stream: BinaryIO) -> None:
        self._text = io.TextIOWrapper(stream, "utf-8", newline="\n")
        self._xml = XMLGenerator(self._text, "utf-8")

    def __enter__(self) -> Self:
        self._xml.startDocument()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._text.detach()  # and flush

    @contextmanager
    def element(self, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        """What is written within it is within the element."""
        self._xml.startElement(name, AttributesImpl(dict(attributes or {})))
        yield
        self._xml.endElement(name)

    def leaf(self, name: str, text: object = "", attributes: Mapping[str, str] | None = None) -> None:
        """An element with text and no others."""
        with self.element(name, attributes):
            self._xml.characters(str(text))

    def fill(self, form: str, numbers: Iterable[tuple[int | str, ...]]) -> None:
        """What `form_of` made, once for each of *numbers*: whole ones, or texts of digits, points, and ``-:+TZ``."""
        self._text.write("".join([form % each for each in numbers]))


class _Form(XmlWriter):
    """A part of a document."""

    def __init__(self, text: io.StringIO) -> None:
        self._xml = XMLGenerator(cast(Any, text), "utf-8")


def form_of(write: Callable[[XmlWriter], None]) -> str:
    """What *write* writes, with its holes."""
    text = io.StringIO()
    write(_Form(text))
    return text.getvalue()
