# SPDX-License-Identifier: Apache-2.0
"""A server of care plans over HTTPS, good and bad, for whoever fetches them."""

import hashlib
import http.server
import socket
import ssl
import threading


class PlanServer(http.server.ThreadingHTTPServer):
    """documents: by path, the octets there. behave(handler, document) may answer in another way; it returns True when
    it has. Who asks must show a certificate of the authority ca."""

    daemon_threads = True

    def __init__(self, pair, ca, address="127.0.0.1"):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), Handler)
        self.documents, self.behave = {}, None
        self.asked = []  # (path, If-None-Match, status), oldest first
        self.ended = threading.Event()  # ends whoever takes its time
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair[:2])
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ca)
        self.context = context
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def finish_request(self, request, client_address):
        try:
            with self.context.wrap_socket(request, server_side=True) as connection:
                super().finish_request(connection, client_address)
        except OSError:  # refused, or hung up
            pass

    def handle_error(self, request, client_address):
        pass

    def statuses(self):
        return [status for _, _, status in self.asked]

    def close(self):
        self.ended.set()
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.server.asked.append((self.path, self.headers.get("If-None-Match"), status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        document = self.server.documents.get(self.path)
        if self.server.behave and self.server.behave(self, document):
            return
        if document is None:
            self.answer(404, b"there is none")
            return
        tag = '"' + hashlib.sha256(document).hexdigest() + '"'
        if self.headers.get("If-None-Match") == tag:
            self.answer(304, ETag=tag)
        else:
            self.answer(200, document, ETag=tag, Content_Type="application/json")

    def log_message(self, *_):
        pass
