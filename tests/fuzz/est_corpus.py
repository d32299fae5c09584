#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tests/fuzz/est_corpus.py: makes est_fixture.h and the corpus of fuzz_est anew: answers of an EST server, good and with
each fault that is looked for, and enrolment codes."""
import base64
import datetime
import pathlib
import shutil
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "fakes"))
import enrolment_code  # noqa: E402

NOW = datetime.datetime(2026, 6, 1)
DAY = datetime.timedelta(days=1)


def named(*names):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def certificate(subject, public_key, issuer, issuer_key, from_=NOW - DAY, until=NOW + 30 * DAY, ca=False, san=False,
                usage=ExtendedKeyUsageOID.CLIENT_AUTH):
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
               .serial_number(7).not_valid_before(from_).not_valid_after(until)
               .add_extension(x509.BasicConstraints(ca, None), critical=True))
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if san:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("g-1.example")]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def pem_lines(pem):
    return "\n".join(f'    "{line}\\n"' for line in pem.decode().splitlines())


def main():
    authority_key, key, other_key, middle_key = (new_key() for _ in range(4))
    root, g1 = named("authority"), named("g-1")
    authority = certificate(root, authority_key.public_key(), root, authority_key, until=NOW + 3000 * DAY, ca=True)
    middle = certificate(named("middle"), middle_key.public_key(), root, authority_key, ca=True)
    own = key.public_key()
    answers = {
        "good": [certificate(g1, own, root, authority_key)],
        "san": [certificate(g1, own, root, authority_key, san=True)],
        "chain": [certificate(g1, own, named("middle"), middle_key), middle, authority],
        "authority": [authority],
        "no-root": [middle],
        "other-key": [certificate(g1, other_key.public_key(), root, authority_key)],
        "other-name": [certificate(named("g-2"), own, root, authority_key)],
        "two-names": [certificate(named("g-1", "g-2"), own, root, authority_key)],
        "no-name": [certificate(x509.Name([]), own, root, authority_key)],
        "ended": [certificate(g1, own, root, authority_key, until=NOW - DAY / 2)],
        "early": [certificate(g1, own, root, authority_key, from_=NOW + DAY)],
        "other-issuer": [certificate(g1, own, root, other_key)],
        "server-only": [certificate(g1, own, root, authority_key, usage=ExtendedKeyUsageOID.SERVER_AUTH)],
        "nine": [authority] * 9,
    }
    der = {name: pkcs7.serialize_certificates(list_, serialization.Encoding.DER) for name, list_ in answers.items()}
    bodies = {name: base64.encodebytes(octets) for name, octets in der.items()}
    bodies["one-line"] = base64.b64encode(der["good"])
    bodies["followed"] = base64.encodebytes(der["good"] + b"\0")
    bodies["padding"] = bodies["good"].rstrip(b"=\n") + b"==="
    bodies["behind-padding"] = b"MA==MA=="
    bodies["no-base64"] = b"<html>"
    bodies["no-pkcs7"] = base64.encodebytes(b"\x30\x03\x02\x01\x05")
    bodies["data"] = base64.encodebytes(bytes.fromhex("300d06092a864886f70d010701a000"))
    bodies["no-certificates"] = base64.encodebytes(
        bytes.fromhex("302306092a864886f70d010702a01630140201013100300b06092a864886f70d0107013100"))
    bodies["large"] = b"MA==" + b" " * 65536
    bodies["zero"] = b"MA\0="
    bodies["digits"] = b"+/09azAZ"

    fingerprint = bytes(range(32))
    code = enrolment_code.make("est.ward.example", fingerprint, bytes(10))
    server, groups = code.split("/")
    long = "a" * 254
    codes = {
        "code": code, "port": enrolment_code.make("Est.ward.example:8443", fingerprint, bytes(10)),
        "literal": enrolment_code.make("[2001:db8::1]:8443", fingerprint, bytes(10)),
        "lower": code.lower().replace("0", "o").replace("1", "l"), "blanks": f" \t{code} \r\n".replace("-", " "),
        "no-gaps": f"{server}/{groups.replace('-', '')}", "empty": "", "no-slash": groups, "no-server": f"/{groups}",
        "no-bracket": f"[::1/{groups}", "bad-literal": f"[g]/{groups}", "bad-host": f"a_b/{groups}", "dot": f".a/{groups}",
        "long-host": f"{long}/{groups}", "port-zero": f"a:0/{groups}", "port-word": f"a:x1/{groups}",
        "port-large": f"a:65536/{groups}", "port-long": f"a:655360/{groups}", "port-none": f"a:/{groups}",
        "short-group": f"{server}/0000-", "long-group": f"{server}/000000-0", "few": f"{server}/{groups[:23]}",
        "letter": f"{server}/{'U' + groups[1:]}", "mistyped": f"{server}/{groups[:-1]}-", "behind": f"{code}-00001",
        "other-server": f"x{code}", "too-long": "a" * 600, "cut": f"{server}/{groups.replace('-', '')[:43]}",
    }
    corpus = HERE / "corpus" / "est"
    shutil.rmtree(corpus, ignore_errors=True)
    corpus.mkdir()
    for name, body in bodies.items():
        (corpus / f"answer-{name}").write_bytes(b"a" + body)
    for name, text in codes.items():
        (corpus / f"code-{name}").write_bytes(b"c" + text.encode())
    public = own.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (HERE / "est_fixture.h").write_text(
        "/* SPDX-License-Identifier: Apache-2.0 */\n"
        "/* Made by est_corpus.py: the key that the corpus' certificates are for, and the authority that they are of. */\n"
        f"#define EST_NOW INT64_C({int(NOW.replace(tzinfo=datetime.timezone.utc).timestamp())})\n"
        f"static const char est_key[] =\n{pem_lines(public)};\n"
        f"static const char est_authority[] =\n{pem_lines(authority.public_bytes(serialization.Encoding.PEM))};\n")


if __name__ == "__main__":
    main()
