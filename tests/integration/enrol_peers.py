# SPDX-License-Identifier: Apache-2.0
"""What a hub is enrolled with: the test EST server as a process, codes for it, and what the uplink keeps."""

import datetime
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ports import free_port
from uplink_peers import ROOT, listens, wait_for

sys.path.insert(0, str(ROOT / "tests" / "fakes"))
import enrolment_code  # noqa: E402

ENROL, RENEW, RETIRE = range(3)
STEP, DONE, FAILED = range(3)


def end_ms(certificate):
    return int(certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)


class Est:
    """The ward's EST server. Its authority is that of pki."""

    def __init__(self, directory, pki, host="localhost", server=None):
        self.directory, self.pki, self.host, self.port = directory, pki, host, free_port()
        self.codes, self.go = directory / "codes", directory / "go"
        self.codes.write_text("")
        key = directory / "authority.key"
        key.write_bytes(pki.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                              serialization.NoEncryption()))
        certificate, server_key = (server or pki.issue("est", host))[:2]
        self.command = [str(word) for word in (
            ROOT / "tests" / "fakes" / "est_server.py", "--ca", pki.ca, "--ca-key", key, "--certificate", certificate,
            "--key", server_key, "--codes", self.codes, "--go", self.go, "--port", self.port)]
        self.process = None
        self.lines = []

    def start(self, *options):
        self.process = subprocess.Popen([*self.command, *map(str, options)], stdout=subprocess.PIPE, text=True,
                                        stderr=open(self.directory / "est.log", "ab"))
        threading.Thread(target=lambda: self.lines.extend(iter(self.process.stdout.readline, "")), daemon=True).start()
        wait_for(lambda: self.said("listening"), "the EST server listens")
        return self

    def said(self, text):
        return [line for line in self.lines if text in line]

    def posts(self):
        return self.said('"POST')

    def code(self, gateway="g-1", fingerprint=None, known=True):
        """A new code of the ward's."""
        secret = secrets.token_bytes(10)
        if known:
            with self.codes.open("a") as file:
                file.write(f"{enrolment_code.secret_text(secret)} {gateway}\n")
        if fingerprint is None:
            fingerprint = x509.load_pem_x509_certificate(self.pki.ca.read_bytes()).fingerprint(hashes.SHA256())
        return enrolment_code.make(f"{self.host}:{self.port}", fingerprint, secret)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None
            self.lines.clear()


class Kept:
    """The directory of what enrolment made."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def certificate(self):
        return x509.load_pem_x509_certificate((self.directory / "current" / "certificate.pem").read_bytes())

    def key(self):
        return serialization.load_pem_private_key((self.directory / "current" / "key.pem").read_bytes(), None)

    def present(self):
        return (self.directory / "current" / "certificate.pem").exists()

    def fits(self):
        """The key is the certificate's."""
        return self.key().public_key().public_numbers() == self.certificate().public_key().public_numbers()

    def generations(self):
        return sorted(name for name in os.listdir(self.directory) if name.startswith("g-"))
