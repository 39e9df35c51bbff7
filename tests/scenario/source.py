#!/usr/bin/python3
"""source.py PORT FOLDER CERT KEY LOG: an HTTPS server of releases, with ETags,
that can be told (by FOLDER/.mood) to hang, trickle, redirect, fail, or send
10 GB. Each request is a line of LOG: path and status."""
import hashlib
import http.server
import pathlib
import ssl
import sys
import time

port, folder, cert, key, log = int(sys.argv[1]), pathlib.Path(sys.argv[2]), *sys.argv[3:]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code="-", size="-"):
        with open(log, "a", encoding="utf-8") as f:
            f.write(f"{self.path} {int(code)}\n")

    def log_message(self, *args):
        pass

    def do_GET(self):
        mood = folder / ".mood"
        mood = mood.read_text().strip() if mood.exists() else ""
        if mood == "hang":
            time.sleep(600)
        if mood == "redirect":
            self.send_response(302)
            self.send_header("Location", "https://localhost:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if mood == "error":
            self.send_error(503)
            return
        if mood == "huge":
            self.send_response(200)
            self.send_header("Content-Length", str(10 * 1024**3))
            self.end_headers()
            block = b" " * (1 << 20)
            for _ in range(10 * 1024):
                self.wfile.write(block)
            return
        path = folder / self.path.rsplit("/", 1)[-1]
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        etag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'
        if self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.send_header("ETag", etag)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if mood == "trickle":
            for b in body:
                self.wfile.write(bytes([b]))
                self.wfile.flush()
                time.sleep(1)
        elif mood == "short":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
server = Server(("127.0.0.1", port), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
