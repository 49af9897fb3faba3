"""The list of transfer syntaxes says what this machine can decode."""

from __future__ import annotations

import sys

import pytest

from leanlung.studies.pictures import codecs

pydicom = pytest.importorskip("pydicom")


def test_what_pydicom_decodes_alone_is_always_there() -> None:
    rows = {row.name: row for row in codecs()}
    assert rows["Explicit VR Little Endian"].uid == "1.2.840.10008.1.2.1"
    assert rows["Explicit VR Little Endian"].decoders == ("pydicom",)
    assert "pydicom" in rows["RLE Lossless"].decoders


def test_video_is_not_listed() -> None:
    assert not any("MPEG" in row.name for row in codecs())


def test_a_syntax_nobody_decodes_is_listed_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = pydicom.pixels.get_decoder(pydicom.uid.JPEGLosslessSV1)
    monkeypatch.setattr(decoder, "_available", {})
    row = next(row for row in codecs() if row.uid == pydicom.uid.JPEGLosslessSV1)
    assert not row.available
    assert row.decoders == ()


@pytest.mark.parametrize(
    ("decoders", "limit"),
    [(["gdcm", "pillow"], "samples of 8 bits only"), (["pylibjpeg"], ""), ([], "")],
)
def test_the_limit_of_12_bit_jpeg_is_told(
    monkeypatch: pytest.MonkeyPatch, decoders: list[str], limit: str
) -> None:
    decoder = pydicom.pixels.get_decoder(pydicom.uid.JPEGExtended12Bit)
    monkeypatch.setattr(decoder, "_available", dict.fromkeys(decoders))
    row = next(row for row in codecs() if row.uid == pydicom.uid.JPEGExtended12Bit)
    assert row.limit == limit
    assert row.available == bool(decoders)


def test_without_pydicom_the_list_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    assert codecs() == []
