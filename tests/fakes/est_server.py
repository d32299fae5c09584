#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An EST server (RFC 7030: cacerts, simpleenroll, simplereenroll) for the tests, good or with one fault.

It issues for any gateway whose one-time secret is in the file of codes, one line each: SECRET GATEWAY. A secret that was
used is good again for the same public key alone, so that a hub that missed the answer gets it.
"""
import argparse
import base64
import datetime
import http.server
import pathlib
import ssl
import sys
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FAULTS = {
    "other-key": "the certificate is for a key of its own",
    "other-name": "the certificate is for g-2",
    "expired": "the certificate ended yesterday",
    "early": "the certificate begins tomorrow",
    "other-issuer": "the certificate is of another authority",
    "server-only": "the certificate proves servers alone",
    "oversize": "the answer to a request is 1 MiB",
    "endless": "the answer to a request ends after 1 MiB of what was announced as nothing in particular",
    "headers": "the answer to a request has 64 KiB of headers",
    "dies": "it hangs up on a request, and ends",
    "hangs": "it answers a request when the file GO is there",
    "redirect": "the answer to a request is a redirect to another port",
    "redirect-cacerts": "the answer to cacerts is a redirect",
    "html": "the answer to a request is a page",
    "garbage": "the answer to a request is no PKCS #7",
    "empty": "the answer to a request is a PKCS #7 without certificates",
    "echo": "it refuses, and repeats the password",
    "refuses": "it refuses, and says why",
    "later": "the first two answers to a request are 202 with Retry-After: 1",
    "some-day": "every answer to a request is 202 with Retry-After, and a date there",
    "much-later": "every answer to a request is 202 with Retry-After: 7200",
}


def text_of(der):
    return base64.encodebytes(der)


# SignedData (RFC 2315 §9.1) of nothing, with neither certificates nor signers.
EMPTY = text_of(bytes.fromhex("302306092a864886f70d010702a01630140201013100300b06092a864886f70d0107013100"))


class Authority:
    def __init__(self, options):
        self.options = options
        self.certificate = x509.load_pem_x509_certificate(options.ca.read_bytes())
        self.key = serialization.load_pem_private_key(options.ca_key.read_bytes(), None)
        self.lock = threading.Lock()
        self.used = {}  # secret -> (public key, certificate)
        self.put_off = 0

    def gateway_of(self, secret):
        lines = [line.split() for line in self.options.codes.read_text().splitlines()]
        return dict(lines).get(secret)

    def issue(self, subject, public_key, extensions=()):
        fault = self.options.fault
        now = datetime.datetime.utcnow().replace(microsecond=0)
        from_, until = now - datetime.timedelta(seconds=self.options.age), now + datetime.timedelta(seconds=self.options.life)
        if fault == "expired":
            from_, until = now - datetime.timedelta(days=9), now - datetime.timedelta(days=1)
        if fault == "early":
            from_, until = now + datetime.timedelta(days=1), now + datetime.timedelta(days=9)
        if fault == "other-name":
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "g-2")])
        if fault == "other-key":
            public_key = ec.generate_private_key(ec.SECP256R1()).public_key()
        usage = ExtendedKeyUsageOID.SERVER_AUTH if fault == "server-only" else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.certificate.subject)
                   .public_key(public_key).serial_number(x509.random_serial_number())
                   .not_valid_before(from_).not_valid_after(until)
                   .add_extension(x509.ExtendedKeyUsage([usage]), critical=False))
        for extension in extensions:
            builder = builder.add_extension(extension.value, critical=extension.critical)
        key = ec.generate_private_key(ec.SECP256R1()) if fault == "other-issuer" else self.key
        return builder.sign(key, hashes.SHA256())


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, form, *words):
        print(form % words, flush=True)

    def answer(self, status, body=b"", type_=None, headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if type_:
            self.send_header("Content-Type", type_)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def certificates(self, list_):
        body = text_of(pkcs7.serialize_certificates(list_, serialization.Encoding.DER)) if list_ else EMPTY
        self.answer(200, body, "application/pkcs7-mime; smime-type=certs-only", [("Content-Transfer-Encoding", "base64")])

    def do_GET(self):
        authority = self.server.authority
        if self.path != "/.well-known/est/cacerts":
            self.answer(404)
        elif authority.options.fault == "redirect-cacerts":
            self.answer(302, headers=[("Location", "/elsewhere")])
        else:
            self.certificates([authority.certificate])

    def password(self):
        kind, _, words = (self.headers.get("Authorization") or "").partition(" ")
        return base64.b64decode(words).decode().split(":", 1) if kind == "Basic" else ("", "")

    def do_POST(self):
        authority = self.server.authority
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path not in ("/.well-known/est/simpleenroll", "/.well-known/est/simplereenroll"):
            self.answer(404)
            return
        if self.fail(authority.options.fault):
            return
        request = x509.load_der_x509_csr(base64.b64decode(body))
        if self.headers.get("Content-Type") != "application/pkcs10" or not request.is_signature_valid:
            self.answer(400, b"the request is not signed by its key", "text/plain")
        elif self.path.endswith("simplereenroll"):
            self.renew(authority, request)
        else:
            self.enrol(authority, request)

    def enrol(self, authority, request):
        name, secret = self.password()
        public_key = request.public_key().public_bytes(serialization.Encoding.DER,
                                                       serialization.PublicFormat.SubjectPublicKeyInfo)
        common = [part.value for part in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        with authority.lock:
            used = authority.used.get(secret)
            known = secret and authority.gateway_of(secret) == name and common == [name]
            if not known or (used and used[0] != public_key):
                self.answer(401, b"this code is not good any more", "text/plain",
                            [("WWW-Authenticate", 'Basic realm="enrolment"')])
                return
            if not used:
                used = authority.used[secret] = (public_key, authority.issue(request.subject, request.public_key()))
        if authority.options.fault == "hangs":
            self.wait_for(authority.options.go)
        self.certificates([used[1]])

    def renew(self, authority, request):
        peer = self.connection.getpeercert(binary_form=True)
        present = x509.load_der_x509_certificate(peer) if peer else None
        if not present or present.subject != request.subject:
            self.answer(403, b"prove who you are", "text/plain")
            return
        wanted = [extension for extension in request.extensions if isinstance(extension.value, x509.SubjectAlternativeName)]
        had = [extension for extension in present.extensions if isinstance(extension.value, x509.SubjectAlternativeName)]
        if [extension.value for extension in wanted] != [extension.value for extension in had]:
            self.answer(403, b"another subjectAltName", "text/plain")
        elif present.public_key().public_numbers() == request.public_key().public_numbers():
            self.answer(403, b"the old key", "text/plain")
        else:
            self.certificates([authority.issue(request.subject, request.public_key(), wanted)])

    def wait_for(self, path):
        print("hangs", flush=True)
        while not path.exists():
            time.sleep(0.05)

    def fail(self, fault):
        """Returns whether the fault was all of the answer."""
        authority = self.server.authority
        if fault == "oversize":
            self.answer(200, b"A" * (1 << 20), "application/pkcs7-mime")
        elif fault == "endless":
            self.send_response(200)
            self.send_header("Content-Type", "application/pkcs7-mime")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"A" * (1 << 20))
            self.close_connection = True
        elif fault == "headers":
            self.answer(200, b"", "application/pkcs7-mime", [(f"X-{i}", "x" * 1000) for i in range(64)])
        elif fault == "dies":
            print("dies", flush=True)
            self.server.socket.close()
            self.connection.close()
            self.server.gone.set()
        elif fault == "redirect":
            self.answer(307, headers=[("Location", "https://localhost:1/.well-known/est/simpleenroll")])
        elif fault == "html":
            self.answer(200, b"<html>hello</html>", "text/html")
        elif fault == "garbage":
            self.answer(200, text_of(b"\x30\x03\x02\x01\x05"), "application/pkcs7-mime")
        elif fault == "empty":
            self.certificates([])
        elif fault == "echo":
            self.answer(400, f"what do you mean by {self.password()[1].lower()}?".encode(), "text/plain")
        elif fault == "refuses":
            self.answer(403, b"this gateway is of another site", "text/plain")
        elif fault == "much-later":
            self.answer(202, headers=[("Retry-After", "7200")])
        elif fault == "some-day":
            self.answer(202, headers=[("Retry-After", "Fri, 31 Dec 2049 23:59:59 GMT")])
        elif fault == "later" and authority.put_off < 2:
            authority.put_off += 1
            self.answer(202, headers=[("Retry-After", "1")])
        else:
            return False
        return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in "ca", "ca-key", "certificate", "key", "codes":
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--go", type=pathlib.Path, help="the file that the fault hangs waits for")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--life", type=int, default=90 * 86400, help="of a certificate from now on, in seconds")
    parser.add_argument("--age", type=int, default=60, help="of a certificate when it is issued, in seconds")
    parser.add_argument("--fault", choices=FAULTS, help="; ".join(f"{name}: {what}" for name, what in FAULTS.items()))
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    server.authority = Authority(options)
    server.gone = threading.Event()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(options.certificate, options.key)
    context.load_verify_locations(options.ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening on {server.server_address[1]}", flush=True)
    server.gone.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
