"""The parts of a workbook's archive: some are changed, all others keep their bytes, their order and their dates."""

import copy
import io
import zipfile
from typing import Any

from lxml import etree

from pastdue.delivery import Stopped

Element = Any  # lxml's; its stubs would ask at every step whether it is a comment

_SIGNATURES = ("_xmlsignatures/", "meta-inf/documentsignatures.xml")


class Archive:
    """An archive that the reader has found sound."""

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        self._zip = zipfile.ZipFile(io.BytesIO(content))
        self._names = {name.lower(): name for name in self._zip.namelist()}
        self._trees: dict[str, Element] = {}
        self._changed: set[str] = set()
        if self.has(*_SIGNATURES):
            raise Stopped(f"{path} is signed, and a new row would break the signature", "Remove the signature first.")

    def has(self, *prefixes: str) -> bool:
        """True when there is a part whose name, in small letters, begins so."""
        return any(name.startswith(prefixes) for name in self._names)

    def parts(self, prefix: str) -> list[bytes]:
        """What the parts hold whose names begin so."""
        return [self._zip.read(name) for low, name in self._names.items() if low.startswith(prefix)]

    def tree(self, part: str) -> Element:
        """The part's XML; None where there is none."""
        name = self._names.get(part.lower())
        if name is None:
            return None
        if name not in self._trees:
            parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, strip_cdata=False)
            try:
                self._trees[name] = etree.fromstring(self._zip.read(name), parser)
            except etree.XMLSyntaxError as problem:
                raise ValueError(f"{name} is no XML") from problem
        return self._trees[name]

    def changed(self, part: str) -> Element:
        """The part's XML, to be written as it is in the end."""
        self._changed.add(self._names[part.lower()])
        return self.tree(part)

    def content(self) -> bytes:
        """The archive with what was changed in it."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as new:
            new.comment = self._zip.comment
            for info in self._zip.infolist():
                is_changed = info.filename in self._changed
                part = _serialized(self._trees[info.filename]) if is_changed else self._zip.read(info)
                new.writestr(copy.copy(info), part)
        return out.getvalue()


def added(parent: Element, name: str, text: str | None = None) -> Element:
    """A new last child."""
    child: Element = etree.SubElement(parent, name)
    child.text = text
    return child


def _serialized(tree: Element) -> bytes:
    document = tree.getroottree()
    standalone = document.docinfo.standalone
    written: bytes = etree.tostring(document, xml_declaration=True, encoding="UTF-8", standalone=standalone)
    return written
