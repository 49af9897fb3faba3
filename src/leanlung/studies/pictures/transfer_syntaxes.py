"""The DICOM transfer syntaxes, and what is installed to decode each."""

from __future__ import annotations

from dataclasses import dataclass

_EIGHT_BITS_ONLY = frozenset({"gdcm", "pillow"})


@dataclass(frozen=True)
class Codec:
    """One way of storing pixels.

    Attributes:
        name: As the standard has it, e.g. ``JPEG Lossless, Non-Hierarchical (Process 14)``.
        uid: Its unique identifier.
        decoders: Installed packages that decode it, in alphabetical order.
        limit: What they cannot do, or nothing.
    """

    name: str
    uid: str
    decoders: tuple[str, ...]
    limit: str = ""

    @property
    def available(self) -> bool:
        """Whether files stored this way can be read."""
        return bool(self.decoders)


def codecs() -> list[Codec]:
    """List every transfer syntax of still images.

    Returns:
        In the order of their identifiers; empty if pydicom is not installed.

    Source: DICOM PS3.5 section 10 and annex A.
    """
    try:
        from pydicom import uid
        from pydicom.pixels import get_decoder
    except ImportError:
        return []
    found = []
    for syntax in uid.AllTransferSyntaxes:
        try:
            decoder = get_decoder(syntax)
        except NotImplementedError:
            continue  # video, or data that is no image
        decoders = decoder.available_plugins if syntax.is_encapsulated else ("pydicom",)
        limit = ""
        if syntax == uid.JPEGExtended12Bit and _EIGHT_BITS_ONLY.issuperset(decoders):
            limit = "samples of 8 bits only" if decoders else ""
        found.append(Codec(syntax.name, str(syntax), decoders, limit))
    return found
