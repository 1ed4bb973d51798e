"""A local HTTP server that speaks the few endpoints of the hub that a submission uses."""

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "a" * 40


@dataclass
class Hub:
    """What the server holds, and what it was asked."""

    files: dict[str, str] = field(default_factory=dict)
    """Text by `repository@revision/path`, data sets beginning with `datasets/`."""
    pull_requests: list[dict] = field(default_factory=list)
    fail: dict[str, tuple] = field(default_factory=dict)
    """By part of a request line: (status, message, headers), or ("drop",)."""
    requests: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    commits: list[dict] = field(default_factory=list)
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        self._answer()

    def do_POST(self):
        self._answer()

    def log_message(self, *_):
        pass

    def _answer(self):
        hub = self.server.hub
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        line = f"{self.command} {self.path}"
        hub.requests.append(line)
        hub.tokens.add(self.headers.get("authorization", ""))
        for part, failure in hub.fail.items():
            if part in line:
                return self._fail(*failure)
        path = unquote(urlsplit(self.path).path).lstrip("/")
        if "/resolve/" in path:
            return self._file(path)
        if path.endswith("/discussions"):
            found = {"discussions": hub.pull_requests, "count": len(hub.pull_requests), "start": 0}
            return self._json(found)
        if "/preupload/" in path:
            wanted = json.loads(body)["files"]
            modes = [
                {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in wanted
            ]
            return self._json({"files": modes})
        if "/commit/" in path:
            return self._commit(line, body)
        return self._fail(404, f"no endpoint {path}", {})

    def _file(self, path):
        repository, _, rest = path.partition("/resolve/")
        for revision in ("main", *(f"refs/pr/{p['num']}" for p in self.server.hub.pull_requests)):
            if rest.startswith(revision + "/"):
                key = f"{repository}@{revision}{rest[len(revision) :]}"
                text = self.server.hub.files.get(key)
                if text is not None:
                    data = text.encode()
                    etag = hashlib.sha256(data).hexdigest()
                    return self._send(200, data, {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT})
        return self._fail(404, "Entry not found", {"X-Error-Code": "EntryNotFound"})

    def _commit(self, line, body):
        items = [json.loads(row) for row in body.splitlines()]
        self.server.hub.commits.append(
            {
                "line": line,
                "summary": items[0]["value"]["summary"],
                "files": {
                    item["value"]["path"]: base64.b64decode(item["value"]["content"]).decode()
                    for item in items[1:]
                },
            }
        )
        url = self.server.hub.url + "/org/model-one"
        self._json(
            {
                "success": True,
                "commitOid": "b" * 40,
                "commitUrl": f"{url}/commit/{'b' * 40}",
                "pullRequestUrl": f"{url}/discussions/7",
            }
        )

    def _fail(self, status, message="", headers=None):
        if status == "drop":
            self.close_connection = True
            return self.connection.close()
        return self._send(status, json.dumps({"error": message}).encode(), headers or {})

    def _json(self, value):
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status, data, headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A dropped connection is on purpose here."""


def start(hub):
    server = Server(("127.0.0.1", 0), Handler)
    server.hub = hub
    hub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def pull_request(number, title):
    return {
        "title": title,
        "num": number,
        "author": {"name": "someone"},
        "createdAt": "2026-11-01T10:00:00.000Z",
        "status": "open",
        "repo": {"name": "org/model-one", "type": "model"},
        "isPullRequest": True,
    }
