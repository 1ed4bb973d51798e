"""A small OpenAI-compatible chat server, for recipes; says the last letter offered, else declines.

Usage: python -m tests.chat_server PORT. Stands in for a hosted model, and for
`vllm serve` where no GPU is.
"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_LETTERS = re.compile(r"Your answer should be one of the letters: ([A-Z,]+)\.\s*\Z")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._send(200, {"status": "ok"}) if self.path == "/health" else self._send(404, {})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path != "/v1/chat/completions":
            return self._send(404, {"error": self.path})
        server = self.server
        with server.lock:
            server.prompts.append(request["messages"][-1]["content"])
            server.models.add(request["model"])
        offered = _LETTERS.search(request["messages"][-1]["content"])
        said = offered[1].split(",")[-1] if offered else "I cannot help with that."
        choice = {"index": 0, "message": {"role": "assistant", "content": said}}
        return self._send(200, {"choices": [{**choice, "finish_reason": "stop"}]})

    def log_message(self, *_):
        pass

    def _send(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.lock = threading.Lock()
        self.prompts, self.models = [], set()


if __name__ == "__main__":
    Server(int(sys.argv[1])).serve_forever()
