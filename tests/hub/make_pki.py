#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what a broker with mutual TLS needs: a CA, certificates of broker, gateways and roles, and its configuration,
which is config/mosquitto with other paths.

For the demo and the tests only: the CA's key lies beside what it signed.
"""
import argparse
import datetime
import ipaddress
import os
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KIT = pathlib.Path(__file__).resolve().parents[2] / "config" / "mosquitto"
ACL = KIT / "acl"
ROLES = ("hub", "clinician", "integrator")
DAYS = 90  # longer than the month in which the end of a certificate is an alarm


def write(path, octets, mode):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(octets)


def name_of(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def alternative(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


class Authority:
    def __init__(self, directory):
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name_of("Wardgate test CA")
        builder = self._begin(self.name, self.key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(self._usage(key_cert_sign=True, crl_sign=True), critical=True)
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self._store("ca", self.key, self.certificate)

    def _begin(self, subject, public_key):
        now = datetime.datetime.utcnow()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=DAYS))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )

    @staticmethod
    def _usage(**set_bits):
        bits = dict.fromkeys(
            ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
            + ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"],
            False,
        )
        return x509.KeyUsage(**dict(bits, **set_bits))

    def _store(self, stem, key, certificate):
        encoding = serialization.Encoding.PEM
        pem = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write(self.directory / f"{stem}.key", pem, 0o600)
        write(self.directory / f"{stem}.pem", certificate.public_bytes(encoding), 0o644)

    def issue(self, stem, common_name, usage, hosts=()):
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._begin(name_of(common_name), key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(self._usage(digital_signature=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(issuer, critical=False)
        if hosts:
            names = x509.SubjectAlternativeName([alternative(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        self._store(stem, key, builder.sign(self.key, hashes.SHA256()))


def make_pki(directory, gateways=("g-1",), hosts=("localhost", "127.0.0.1", "::1")):
    """Writes ca, broker and one pair per role and gateway into directory, as NAME.pem and NAME.key. The authority."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    authority = Authority(directory)
    authority.issue("broker", hosts[0], ExtendedKeyUsageOID.SERVER_AUTH, hosts)
    for name in (*ROLES, *gateways):
        authority.issue(name, name, ExtendedKeyUsageOID.CLIENT_AUTH)
    return authority


def make_config(directory, port, address="127.0.0.1", acl=ACL):
    """Writes the kit's mosquitto.conf beside the certificates, with paths and port of this place; returns its path."""
    directory = pathlib.Path(directory).resolve()
    data = directory / "broker"
    data.mkdir(exist_ok=True)
    here = {
        "listener": f"{port} {address}",
        "cafile": directory / "ca.pem",
        "certfile": directory / "broker.pem",
        "keyfile": directory / "broker.key",
        "acl_file": pathlib.Path(acl).resolve(),
        "persistence_location": f"{data}/",
    }
    lines = []
    for line in (KIT / "mosquitto.conf").read_text("utf-8").splitlines():
        key = line.partition(" ")[0]
        lines.append(f"{key} {here.pop(key)}" if key in here else line)
    if here:
        raise ValueError(f"{KIT / 'mosquitto.conf'} does not say {', '.join(here)}")
    if os.geteuid() == 0:
        lines.append("user root")  # it would become another user, who cannot read the keys
    path = directory / "mosquitto.conf"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", help="where everything goes; made when it is not there")
    parser.add_argument("--gateway", action="append", metavar="ID", help="a gateway's id; repeatable (default: g-1)")
    parser.add_argument("--host", action="append", help="name or address of the broker; repeatable (default: loopback)")
    parser.add_argument("--port", type=int, default=8883, help="the broker's (default: %(default)s)")
    parser.add_argument("--address", default="127.0.0.1", help="that it listens on (default: %(default)s)")
    parser.add_argument("--acl", default=ACL, help="access control file (default: config/mosquitto/acl)")
    options = parser.parse_args()
    make_pki(options.directory, options.gateway or ["g-1"], options.host or ["localhost", "127.0.0.1", "::1"])
    print(make_config(options.directory, options.port, options.address, options.acl))
    return 0


if __name__ == "__main__":
    sys.exit(main())
