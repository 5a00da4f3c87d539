"""Make a throw-away certification authority and the broker's certificate under it. Usage: certificates.py DIR

DIR gets ca.pem, which clients need, and private/broker.pem (key and certificate). The authority's key is never written:
nobody can make another certificate under it, and a new broker gets a new authority. Agencies have another: certify.py.
"""

import datetime as dt
import ipaddress
import os
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sightline.adapters.clock import SystemClock

BROKERS = "sightline throw-away authority"
VALID = dt.timedelta(days=365)
LEEWAY = dt.timedelta(minutes=5)
"""The authority is a little older, so that a clock that is slow accepts it."""


def name(common: str) -> x509.Name:
    """A subject with nothing but a common name. Kafka calls its bearer ``User:CN=<common>``."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certificate(
    subject: str,
    key: ec.EllipticCurvePublicKey,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    *,
    begin: dt.datetime | None = None,
    valid: dt.timedelta = VALID,
) -> x509.CertificateBuilder:
    """What every certificate here has. `begin`: a little before now unless given."""
    start = begin or SystemClock().now() - LEEWAY
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + LEEWAY + valid)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )


def usage(*, authority: bool) -> x509.KeyUsage:
    """What the key may be used for (RFC 5280 §4.2.1.3)."""
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def make_authority(key: ec.EllipticCurvePrivateKey, called: str = BROKERS) -> x509.Certificate:
    """An authority that signs for no other authority."""
    return (
        certificate(called, key.public_key(), called, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def make_broker(key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """The broker's: for the loopback addresses, and as a client too, since broker and controller speak to each other."""
    places = [x509.DNSName("localhost"), *(x509.IPAddress(ipaddress.ip_address(a)) for a in ("127.0.0.1", "::1"))]
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        certificate("broker", key.public_key(), BROKERS, signer)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(x509.SubjectAlternativeName(places), critical=False)
        .sign(signer, hashes.SHA256())
    )


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key as PEM, without a passphrase: the folder's rights protect it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def main(folder: Path) -> None:
    """Write both, the private part first: a folder with a ca.pem is complete."""
    os.umask(0o077)
    signer, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    (folder / "private").mkdir(parents=True, exist_ok=True)
    (folder / "private" / "broker.pem").write_bytes(pem_of(key) + make_broker(key, signer).public_bytes(Encoding.PEM))
    (folder / "ca.pem").write_bytes(make_authority(signer).public_bytes(Encoding.PEM))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
