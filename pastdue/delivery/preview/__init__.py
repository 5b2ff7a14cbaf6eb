"""The preview: desk and site over HTTP for the browsers of this machine alone, which look again when something changed."""

import json
import mimetypes
from collections.abc import Iterator, Mapping
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files as packaged
from pathlib import Path
from threading import Condition, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pastdue.delivery import Stopped

HOST = "127.0.0.1"
_NAMES = frozenset({HOST, "localhost"})
_SHOWN = ("outbox/", "site/public/")  # of the workspace; nothing else is ever answered with
_PATIENCE = 20  # seconds for which a browser's question for news is left open
# What the operator edits; the rest of a workspace is made from it.
_SOURCES = ("accounts", "letters", "invoices", "site/templates", "site/static", "config.toml")
_SHELL = {
    "/": ("shell.html", "text/html; charset=utf-8"),
    "/-/shell.css": ("shell.css", "text/css; charset=utf-8"),
    "/-/shell.js": ("shell.js", "text/javascript; charset=utf-8"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Preview:
    """A server for one workspace, on the loopback interface alone. `port` 0 takes any that is free."""

    def __init__(self, root: Path, port: int) -> None:
        self.root = root.resolve()
        self._news: dict[str, Any] = {"version": 0}
        self._changed = Condition()
        try:
            self._server = ThreadingHTTPServer((HOST, port), partial(_Handler, self))
        except OSError as problem:
            raise Stopped(
                f"port {port} cannot be listened on: {problem.strerror or problem}",
                "Take another: --port 0 finds a free one.",
            ) from problem
        self._server.daemon_threads = True
        self.address = f"http://{HOST}:{self._server.server_port}/"

    def start(self) -> None:
        """Begins to answer, in threads of its own."""
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Answers no more."""
        self._server.shutdown()
        self._server.server_close()

    def tell(self, news: Mapping[str, Any]) -> None:
        """What every open page is to show from now on, as JSON can carry it; each looks again."""
        with self._changed:
            self._news = {**news, "version": self._news["version"] + 1}
            self._changed.notify_all()

    def news(self, after: int) -> bytes:
        """The news since version `after`, as JSON; waits a while for some, and gives the old ones if there are none."""
        with self._changed:
            self._changed.wait_for(lambda: self._news["version"] > after, timeout=_PATIENCE)
            return json.dumps(self._news).encode()

    def find(self, path: str) -> tuple[HTTPStatus, Path | None]:
        """The file for an address: one that is shown, or that the site has in place of what is not there."""
        if not path.startswith(_SHOWN):
            return HTTPStatus.NOT_FOUND, None
        folder = next(shown for shown in _SHOWN if path.startswith(shown))
        found = (self.root / path).resolve()
        if found.is_relative_to((self.root / folder).resolve()):
            if found.is_dir():
                found = found / "index.html"
            if found.is_file():
                return HTTPStatus.OK, found
        missing = self.root / folder / "404.html"
        return HTTPStatus.NOT_FOUND, missing if missing.is_file() else None

    def changes(self) -> Iterator[list[str]]:
        """What the operator changed, as paths of the workspace: a list for each time that the files came to rest.

        The first is empty, and says that from now on no change is missed.
        """
        from watchfiles import watch

        is_watching = False
        kept = watch(
            self.root,
            watch_filter=lambda _change, path: self._is_source(path),
            debounce=400,
            rust_timeout=200,
            yield_on_timeout=True,
        )
        for changes in kept:
            if changes or not is_watching:
                is_watching = True
                yield sorted({Path(path).relative_to(self.root).as_posix() for _, path in changes})

    def _is_source(self, path: str) -> bool:
        try:
            within = Path(path).relative_to(self.root).as_posix()
        except ValueError:
            return False
        # Programs leave locks and copies beside what they have open.
        name = within.rpartition("/")[2]
        is_litter = name.startswith((".", "~$")) or name.endswith(("~", ".tmp", ".swp", ".lock"))
        return not is_litter and any(within == source or within.startswith(f"{source}/") for source in _SOURCES)


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server_version = "pastdue"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def __init__(self, preview: Preview, *args: Any) -> None:
        self.preview = preview
        super().__init__(*args)

    def do_GET(self) -> None:
        # A name of somebody else's that leads here would let their pages read these.
        if _host(self.headers.get("Host", "")) not in _NAMES:
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, b"", "text/plain")
            return
        asked = urlsplit(self.path)
        if asked.path in _SHELL:
            name, kind = _SHELL[asked.path]
            self._answer(HTTPStatus.OK, packaged(__name__).joinpath(name).read_bytes(), kind, _POLICY)
        elif asked.path == "/-/news":
            after = parse_qs(asked.query).get("after", ["0"])[0]
            self._answer(HTTPStatus.OK, self.preview.news(int(after) if after.isdecimal() else 0), "application/json")
        else:
            self._file(unquote(asked.path, errors="replace").lstrip("/"))

    do_HEAD = do_GET  # noqa: N815 -- the library's name

    def _file(self, path: str) -> None:
        status, found = self.preview.find(path) if "\0" not in path else (HTTPStatus.NOT_FOUND, None)
        if found is None:
            self._answer(status, b"not here\n", "text/plain")
            return
        if found.name == "index.html" and not path.endswith(
            ("/", ".html")
        ):  # links within a page count from its folder
            self._answer(HTTPStatus.FOUND, b"", "text/plain", location=f"/{path}/")
            return
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        self._answer(status, found.read_bytes(), f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)

    def _answer(self, status: HTTPStatus, content: bytes, kind: str, policy: str = "", location: str = "") -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Content-Security-Policy", policy or "frame-ancestors 'self'"),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Location", location),
        ):
            if value:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """The terminal is for what changed, not for every request."""


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
