"""Asking a server for a file, from any of its bytes on; what it may answer, and what not."""

from __future__ import annotations

import http.client
import re
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from leanlung import __version__
from leanlung.foundations.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

BLOCK = 1 << 18
"""Bytes read at once."""

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_LONGEST_WAIT_S = 120.0
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class InterruptedAnswerError(Exception):
    """An answer that did not come, or not to its end; another try may do.

    Attributes:
        after: Seconds that the server asks to wait.
    """

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class AnotherFileError(Exception):
    """The rest of a file that is not the one begun; it has to be begun anew."""


@dataclass(frozen=True)
class Answer:
    """What a server sends.

    Attributes:
        first: Place of its first byte in the file.
        total: Bytes of the whole file, if the server tells.
        validator: Tells this file from later ones at the same address: a strong ETag, or the
            date it was changed; empty if the server gives neither.
        ends: Whether a cut connection shows: by a length or by chunks.
    """

    first: int
    total: int | None
    validator: str
    ends: bool
    _stream: http.client.HTTPResponse

    def blocks(self) -> Iterator[bytes]:
        """Give the bytes.

        Raises:
            InterruptedAnswerError: If the connection breaks; what came before was given.
        """
        while True:
            try:
                block = self._stream.read1(BLOCK)
            except (http.client.HTTPException, OSError) as error:
                raise InterruptedAnswerError(_short(error)) from error
            if not block:
                return
            yield block


@contextmanager
def asking(
    url: str, first: int = 0, validator: str = "", *, page: str = "", timeout: float = 60.0
) -> Iterator[Answer]:
    """Ask for a file.

    Args:
        url: ``https`` or ``http``; redirections are followed, but never from the first to the
            second.
        first: Place of the first byte wanted.
        validator: Of the file whose beginning is there; without one it is asked for whole.
        page: Of the publisher, for messages.
        timeout: Seconds without a sign of life.

    Yields:
        The answer. A server that sends nothing but whole files begins at 0 all the same.

    Raises:
        StudyError: If the server refuses, or has something else at this address.
        InterruptedAnswerError: If it may answer another time.
        AnotherFileError: If its file is not the one whose beginning is there.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        msg = f"{url}: an address that begins with https:// was expected"
        raise StudyError(msg)
    headers = {"User-Agent": f"leanlung/{__version__}", "Accept-Encoding": "identity"}
    ranged = bool(first and validator)
    if ranged:
        headers |= {"Range": f"bytes={first}-", "If-Range": validator}
    try:
        stream = _OPENER.open(request.Request(url, headers=headers), timeout=timeout)  # noqa: S310
    except HTTPError as error:
        with error:
            raise _refusal(error, url, page, ranged=ranged) from error
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            msg = f"{url}: the server could not prove who it is ({error.reason.verify_message})"
            raise StudyError(msg) from error
        raise InterruptedAnswerError(_short(error.reason)) from error
    except (http.client.HTTPException, OSError) as error:
        raise InterruptedAnswerError(_short(error)) from error
    with stream:
        yield _answer(stream, url, first if ranged else 0, validator, page)


def _answer(
    stream: http.client.HTTPResponse, url: str, first: int, validator: str, page: str
) -> Answer:
    headers = stream.headers
    if headers.get_content_type() == "text/html":
        msg = (
            f"{url}: a web page came instead of the file, perhaps one to log in on; open "
            f"{page or url} in a browser"
        )
        raise StudyError(msg)
    found = validator_of(headers)
    length = headers.get("Content-Length", "")
    chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    total = int(length) if length.isdecimal() and not chunked else None
    if stream.status != http.HTTPStatus.PARTIAL_CONTENT:
        return Answer(0, total, found, chunked or total is not None, stream)
    given = _RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if given is None or int(given[1]) != first or (found and found != validator):
        raise AnotherFileError
    whole = None if given[2] == "*" else int(given[2])
    if whole is None and total is not None:
        whole = first + total
    return Answer(first, whole, found or validator, chunked or whole is not None, stream)


def validator_of(headers: Message) -> str:
    """Give what a server would know this very file by; weak ETags do not vouch for bytes."""
    etag: str = headers.get("ETag", "").strip()
    if etag.startswith('"'):
        return etag
    return str(headers.get("Last-Modified", "")).strip()


def _refusal(error: HTTPError, url: str, page: str, *, ranged: bool) -> Exception:
    """Say what an error of HTTP means."""
    look = page or "its publisher's page"
    if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and ranged:
        return AnotherFileError()
    if error.code in _PASSING:
        after = str(error.headers.get("Retry-After", ""))
        wait = min(float(after), _LONGEST_WAIT_S) if after.isdecimal() else 0.0
        return InterruptedAnswerError(f"the server answers {error.code} {error.reason}", wait)
    if error.code in {401, 403, 407, 451}:
        why = "the server refuses; it may want an account, or hand it out no longer"
    elif error.code in {404, 410}:
        why = "nothing is there any more; it may have moved"
    else:
        why = "an answer that leads nowhere"
    return StudyError(f"{url}: {error.code} {error.reason}: {why}; see {look}")


def _short(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    return (str(reason) or type(reason).__name__).removeprefix("<").removesuffix(">")


class _Redirections(request.HTTPRedirectHandler):
    """Follows redirections, but none that gives up encryption."""

    def redirect_request(
        self,
        req: request.Request,
        fp: Any,  # noqa: ANN401 - as the library has it
        code: int,
        msg: str,
        headers: Any,  # noqa: ANN401
        newurl: str,
    ) -> request.Request | None:
        target = urlsplit(newurl).scheme
        if target != "https" and not (target == "http" and req.type == "http"):
            why = (
                f"{req.full_url}: leads on to {newurl}, without encryption; it is not followed"
            )
            if fp is not None:
                fp.close()
            raise StudyError(why)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> request.OpenerDirector:
    """Make an opener of web addresses alone: no files, no FTP."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        _Redirections(),
    ):
        opener.add_handler(handler)
    return opener


_OPENER = _opener()
