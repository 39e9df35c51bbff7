#!/usr/bin/python3
"""receiver.py PORT FOLDER: an HTTP receiver that fails as it is told. FOLDER/how
says how: a status for each request, one a line, the last one for all that follow;
"hang" answers nothing, "close" closes, "half" half an answer. Each body that was
answered 2xx goes to FOLDER/got, with its headers, a JSON line each; every request
to FOLDER/asked."""
import http.server
import json
import pathlib
import sys
import threading
import time

folder = pathlib.Path(sys.argv[2])
lock = threading.Lock()


def how():
    with lock:
        lines = (folder / "how").read_text().split("\n")
        lines = [x for x in lines if x] or ["200"]
        if len(lines) > 1:
            (folder / "how").write_text("\n".join(lines[1:]))
        return lines[0]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        what = how()
        entry = json.dumps({"path": self.path, "headers": dict(self.headers), "body": body}) + "\n"
        with lock, (folder / "asked").open("a") as f:
            f.write(entry)
        if what == "hang":
            time.sleep(60)
        if what in ("hang", "close"):
            self.close_connection = True
            return
        if what == "half":
            self.wfile.write(b"HTTP/1.1 20")
            self.close_connection = True
            return
        status, _, wait = what.partition(" ")
        if status.startswith("2"):
            with lock, (folder / "got").open("a") as f:
                f.write(entry)
        self.send_response(int(status))
        if wait:
            self.send_header("Retry-After", wait)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
