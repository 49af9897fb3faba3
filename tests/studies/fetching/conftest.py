"""A server in this process that keeps to a script: what it cuts, refuses and forgets."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Page:
    """A file on the server, and how it is handed out.

    Attributes:
        data: Its bytes.
        etag: None for a server that gives neither ETag nor date.
        cuts: Bytes after which the connections break, one a request; then it is whole.
        statuses: Answered instead, one a request.
        ranges: Whether parts are given.
        headers: Further ones.
        chunked: Without a length, in chunks.
        silent: Without a length, and nothing that tells the end.
    """

    data: bytes
    etag: str | None = '"one"'
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = False
    silent: bool = False


@dataclass
class Site:
    """A server and what it was asked.

    Attributes:
        url: Where, without the path.
        pages: By path.
        asked: Path, Range and If-Range of every request.
    """

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    def page(self, data: bytes, **how: Any) -> Page:
        return Page(data, **how)

    def put(self, path: str, page: Page) -> str:
        self.pages[path] = page
        return self.url + path


class Handler(BaseHTTPRequestHandler):
    site: Site

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        page = self.site.pages.get(self.path)
        asked = self.headers.get("Range")
        self.site.asked.append((self.path, asked, self.headers.get("If-Range")))
        if page is None:
            self.send_error(404)
            return
        if page.statuses and (status := page.statuses.pop(0)):
            self.answer(status, page.headers | {"Content-Length": "0"})
            return
        first = 0
        same = page.etag is not None and self.headers.get("If-Range") == page.etag
        if asked and page.ranges and same:
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
        headers = {} if page.etag is None else {"ETag": page.etag}
        if page.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif not page.silent:
            headers["Content-Length"] = str(len(page.data) - first)
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(page.data) - 1}/{len(page.data)}"
        self.answer(206 if first else 200, headers | page.headers)
        cut = page.cuts.pop(0) if page.cuts else None
        body = page.data[first:] if cut is None else page.data[first : first + cut]
        if page.chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) + (b"0\r\n\r\n" if cut is None else b"")
        self.wfile.write(body)

    def answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server on a free port, for one test."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Site(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = type("Scripted", (Handler,), {"site": found})
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()
