"""Fetching: known archives downloaded where they are free, and unpacked without trust."""

from leanlung.studies.fetching.catalogue import (
    ARCHIVES,
    KnownArchive,
    RemoteFile,
    known_archive,
)
from leanlung.studies.fetching.download import Downloaded, download
from leanlung.studies.fetching.fetch import Fetched, FetchedFile, Watcher, fetch
from leanlung.studies.fetching.revision import at_revision
from leanlung.studies.fetching.unpacking import Unpacked, unpack

__all__ = [
    "ARCHIVES",
    "Downloaded",
    "Fetched",
    "FetchedFile",
    "KnownArchive",
    "RemoteFile",
    "Unpacked",
    "Watcher",
    "at_revision",
    "download",
    "fetch",
    "known_archive",
    "unpack",
]
