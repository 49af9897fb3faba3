"""What is unpacked stays in its folder, is whole, has an end; what is evil leaves nothing."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from leanlung.foundations.errors import StudyError
from leanlung.studies.fetching import unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Entry = tuple[str, bytes]


def zipped(path: Path, *entries: Entry | zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            if isinstance(entry, zipfile.ZipInfo):
                archive.writestr(entry, entry.comment)
            else:
                archive.writestr(*entry)
    return path


def taped(path: Path, *entries: Entry | tarfile.TarInfo, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                archive.addfile(info, io.BytesIO(entry[1]))
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def unix(name: str, mode: int, content: bytes = b"") -> zipfile.ZipInfo:
    """An entry of a zip file as Unix writes it: a link's content is where it leads."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr, info.comment = 3, mode << 16, content
    return info


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, links not followed."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if not path.is_dir() or path.is_symlink()
    }


def refusal(archive: Path, **limits: int) -> str:
    """Unpack what must be refused, and see that nothing is left of it anywhere."""
    folder = archive.parent / "in" / "folder"
    folder.mkdir(parents=True)
    before = tree(archive.parent)
    with pytest.raises(StudyError) as caught:
        unpack(archive, folder, **limits)
    assert tree(archive.parent) == before
    assert list(folder.iterdir()) == []
    return str(caught.value)


FILES: tuple[Entry, ...] = (("a/1.png", b"one"), ("a/b/2.png", b"two" * 9), ("c.csv", b""))


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("x.zip", zipped),
        ("x.tar", lambda path, *entries: taped(path, *entries, mode="w")),
        ("x.tar.gz", taped),
    ],
)
def test_files_come_out_as_they_went_in(
    tmp_path: Path, name: str, pack: Callable[..., Path]
) -> None:
    found = unpack(pack(tmp_path / name, *FILES), tmp_path / "to")
    assert tree(tmp_path / "to") == dict(FILES)
    assert (found.files, found.bytes) == (3, 30)
    assert (found.copied, found.guessed) == ((), ())


def test_several_archives_fill_the_same_folders(tmp_path: Path) -> None:
    for number in (1, 2):
        archive = taped(tmp_path / f"{number}.tar.gz", (f"images/{number}.png", b"x" * number))
        unpack(archive, tmp_path / "to")
    assert tree(tmp_path / "to") == {"images/1.png": b"x", "images/2.png": b"xx"}


@pytest.mark.parametrize(
    "name",
    [
        "../out.png",
        "a/../../out.png",
        "/tmp/out.png",
        "..\\out.png",
        "a\\..\\..\\out.png",
        "C:\\out.png",
        "C:out.png",
        "\\\\host\\share\\out.png",
        "..",
        "a\nb.png",
    ],
)
@pytest.mark.parametrize("pack", [zipped, taped])
def test_a_name_that_leads_outside_is_refused_with_all_the_rest(
    tmp_path: Path, name: str, pack: Callable[..., Path]
) -> None:
    told = refusal(pack(tmp_path / "x", ("good.png", b"good"), (name, b"evil")))
    assert repr(name) in told
    assert "nothing was" in told


@pytest.mark.parametrize(
    "entry",
    [
        special("out", tarfile.SYMTYPE, "/etc/passwd"),
        special("out", tarfile.SYMTYPE, "../../x"),
        special("a/out", tarfile.SYMTYPE, "../../secret"),
        special("out", tarfile.LNKTYPE, "../../secret"),
        special("out", tarfile.LNKTYPE, "/etc/passwd"),
        special("pipe", tarfile.FIFOTYPE),
        special("null", tarfile.CHRTYPE),
        special("disk", tarfile.BLKTYPE),
    ],
    ids=lambda entry: f"{entry.name}-{entry.type!r}-{entry.linkname}",
)
def test_links_that_lead_outside_and_devices_are_refused(
    tmp_path: Path, entry: tarfile.TarInfo
) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    told = refusal(taped(tmp_path / "x.tar.gz", ("good.png", b"good"), entry))
    assert "outside" in told or "device" in told


@pytest.mark.parametrize(
    "entry",
    [
        unix("out", stat.S_IFLNK | 0o777, b"/etc/passwd"),
        unix("out", stat.S_IFLNK | 0o777, b"../../secret"),
        unix("null", stat.S_IFCHR | 0o600),
        unix("pipe", stat.S_IFIFO | 0o600),
        unix("long", stat.S_IFLNK | 0o777, b"a/" * 5000),
    ],
    ids=lambda entry: f"{entry.filename}-{entry.comment[:12]!r}",
)
def test_the_same_holds_of_zip_files(tmp_path: Path, entry: zipfile.ZipInfo) -> None:
    told = refusal(zipped(tmp_path / "x.zip", ("good.png", b"good"), entry))
    assert "outside" in told or "device" in told


def test_writing_through_a_link_of_the_archive_leads_nowhere(tmp_path: Path) -> None:
    link = special("a", tarfile.SYMTYPE, "b")
    archive = taped(tmp_path / "x.tar.gz", link, ("a/evil.png", b"evil"), ("b/1.png", b"1"))
    assert "the link 'a' leads to 'b', which is no file" in refusal(archive)


def test_a_link_within_becomes_a_copy_and_is_told(tmp_path: Path) -> None:
    links = (special("d/near.png", tarfile.SYMTYPE, "../a/1.png"),
             special("hard.png", tarfile.LNKTYPE, "a/b/2.png"))  # fmt: skip
    found = unpack(taped(tmp_path / "x.tar.gz", *FILES, *links), tmp_path / "to")
    copies = {"d/near.png": b"one", "hard.png": b"two" * 9}
    assert tree(tmp_path / "to") == dict(FILES) | copies
    assert not any(path.is_symlink() for path in (tmp_path / "to").rglob("*"))
    assert found.copied == ("d/near.png", "hard.png")
    assert (found.files, found.bytes) == (5, 60)
    zip_link = unix("near.png", stat.S_IFLNK | 0o777, b"a/1.png")
    assert unpack(zipped(tmp_path / "x.zip", *FILES, zip_link), tmp_path / "zip").copied == (
        "near.png",
    )


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    link = special("near.png", tarfile.SYMTYPE, "not-there.png")
    assert "no file of the archive" in refusal(taped(tmp_path / "x.tar.gz", link))


@pytest.mark.parametrize("pack", [zipped, taped])
def test_more_bytes_than_allowed_are_refused(tmp_path: Path, pack: Callable[..., Path]) -> None:
    entries = [(f"{number}.png", b"\0" * 400_000) for number in range(3)]
    assert "1,000,000 bytes" in refusal(pack(tmp_path / "x", *entries), most_bytes=1_000_000)


def test_more_members_than_allowed_are_refused(tmp_path: Path) -> None:
    entries = [(f"{number}.png", b"") for number in range(11)]
    assert "more than 10" in refusal(taped(tmp_path / "x.tar.gz", *entries), most_files=10)


def test_a_zip_that_understates_its_members_brings_no_more_than_it_says(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", ("big.png", b"\0" * 3_000_000))
    data = bytearray(archive.read_bytes())
    said = (3_000_000).to_bytes(4, "little")
    places = [place for place in range(len(data)) if data[place : place + 4] == said]
    assert len(places) == 2  # in the member's head, and in the directory
    for place in places:
        data[place : place + 4] = (5).to_bytes(4, "little")
    archive.write_bytes(data)
    refusal(archive, most_bytes=1000)


def test_a_name_that_is_in_it_twice_is_refused(tmp_path: Path) -> None:
    told = refusal(taped(tmp_path / "x.tar.gz", ("a.png", b"first"), ("a.png", b"second")))
    assert "twice" in told


def test_an_encrypted_zip_is_told_as_such(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", ("a.png", b"data"))
    data = bytearray(archive.read_bytes())
    data[6] |= 1  # the flag in the member's head
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    archive.write_bytes(data)
    assert "encrypted" in refusal(archive)


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz", "x.tar"])
def test_a_cut_or_damaged_archive_is_refused_whole(tmp_path: Path, name: str) -> None:
    noise = bytes(range(256)) * 400
    pack = zipped if name == "x.zip" else taped
    more = {} if name != "x.tar" else {"mode": "w"}
    archive = pack(tmp_path / name, ("a.png", b"first"), ("b.png", noise), **more)
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size * 2 // 3])
    assert "fetch it again" in refusal(archive)


def test_a_byte_that_changed_is_noticed(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "x.zip", ("a.png", b"picture" * 100))
    data = bytearray(archive.read_bytes())
    data[45] ^= 0xFF
    archive.write_bytes(data)
    assert "fetch it again" in refusal(archive)


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"<html>not found</html>")
    assert "not a whole zip or tar file" in refusal(tmp_path / "x.zip")


def test_names_that_are_not_utf8_are_read_and_listed(tmp_path: Path) -> None:
    with tarfile.open(
        tmp_path / "x.tar", "w", encoding="latin-1", format=tarfile.GNU_FORMAT
    ) as tape:
        tape.addfile(tarfile.TarInfo("Müller.png"))
    found = unpack(tmp_path / "x.tar", tmp_path / "tar")
    assert [path.name for path in (tmp_path / "tar").iterdir()] == ["Müller.png"]
    assert found.guessed == ("Müller.png",)
    archive = zipped(tmp_path / "x.zip", ("Müller.png", b"1"))
    data = bytearray(archive.read_bytes())
    data[7] &= ~0x08  # UTF-8 in fact, but not said to be, as some programs write it
    data[data.index(b"PK\x01\x02") + 9] &= ~0x08
    archive.write_bytes(data)
    found = unpack(archive, tmp_path / "zip")
    assert [path.name for path in (tmp_path / "zip").iterdir()] == ["Müller.png"]
    assert found.guessed == ("Müller.png",)


def test_rights_of_the_archive_are_not_taken_over(tmp_path: Path) -> None:
    info = tarfile.TarInfo("run.sh")
    info.mode = 0o6777
    unpack(taped(tmp_path / "x.tar.gz", info), tmp_path / "to")
    assert (tmp_path / "to" / "run.sh").stat().st_mode & 0o7111 == 0


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "to" / "a").mkdir(parents=True)
    (tmp_path / "to" / "a" / "1.png").write_bytes(b"mine")
    archive = zipped(tmp_path / "x.zip", *FILES)
    with pytest.raises(StudyError, match="is there already"):
        unpack(archive, tmp_path / "to")
    assert tree(tmp_path / "to") == {"a/1.png": b"mine"}
    (tmp_path / "to" / "a" / "1.png").write_bytes(b"one")  # as left by an interruption
    unpack(archive, tmp_path / "to")
    assert tree(tmp_path / "to") == dict(FILES)
