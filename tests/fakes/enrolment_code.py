#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes enrolment codes (include/ward/enrolment.h), as a ward does: enrolment_code.py HOST[:PORT] CA.pem [SECRET in hex]"""
import hashlib
import secrets
import sys

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def crc24(octets):
    crc = 0xB704CE
    for octet in octets:
        crc ^= octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc


def product(a, b):
    """In GF(32), x^5 = x^2 + 1."""
    result = 0
    for bit in range(5):
        if b >> bit & 1:
            result ^= a << bit
    for bit in range(9, 4, -1):
        if result >> bit & 1:
            result ^= 0b100101 << (bit - 5)
    return result


def check(number, digits):
    result, power = number, 1
    for digit in digits:
        power = product(power, 2)
        result ^= product(power, digit)
    return result


def make(server, fingerprint, secret):
    """server: host[:port]; fingerprint and secret: 32 and 10 octets."""
    bracketless = server.rsplit("]", 1)[-1]
    host, port = (server.rsplit(":", 1)) if ":" in bracketless else (server, "443")
    body = secret + fingerprint
    body += crc24(f"{host.strip('[]').lower()}:{port}".encode() + body).to_bytes(3, "big")
    bits = int.from_bytes(body, "big")
    digits = [bits >> (5 * at) & 31 for at in range(71, -1, -1)]
    groups = []
    for number in range(1, 19):
        four = digits[4 * (number - 1):4 * number]
        groups.append("".join(ALPHABET[digit] for digit in four + [check(number, four)]))
    return f"{server}/{'-'.join(groups)}"


def secret_text(secret):
    """What a hub sends as the password."""
    bits = int.from_bytes(secret, "big")
    return "".join(ALPHABET[bits >> (5 * at) & 31] for at in range(15, -1, -1))


def main():
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    certificate = x509.load_pem_x509_certificate(open(sys.argv[2], "rb").read())
    secret = bytes.fromhex(sys.argv[3]) if len(sys.argv) == 4 else secrets.token_bytes(10)
    print(make(sys.argv[1], hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest(), secret))
    return 0


if __name__ == "__main__":
    sys.exit(main())
