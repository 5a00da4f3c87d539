"""Whether a broker lets one in, tried before its client is made: the client itself would say only that it did not.

A broker that asks for a certificate refuses it only after the handshake (TLS 1.3, RFC 8446 section 4.4.2.4 and 4.6): so one
request follows, the one that every broker answers to anybody.
"""

import socket
import ssl

from cryptography import x509

from sightline.formats.broker_access import NO_PASSPHRASE, Access, Certificate
from sightline.kernel.errors import Refused, Unavailable

REACH_S = 5.0
"""How long an address may take to answer."""

_VERSIONS = b"\x00\x00\x00\x0a" + b"\x00\x12\x00\x00" + b"\x00\x00\x00\x01" + b"\xff\xff"
"""Kafka's ApiVersions request, version 0: length, key 18 and version, number 1, no client's name."""


def reach(access: Access) -> None:
    """Return if one of the addresses answers, under its authority's certificate, to ours if there is one.

    Raises Unavailable ``broker_unavailable``; Refused ``request_invalid`` for an address that is none,
    ``certificate_malformed`` for files that cannot be used, ``broker_refused`` where the broker wants another certificate.
    """
    context = ssl.create_default_context(cafile=access.ca)
    if access.certificate is not None:
        _load(context, access.certificate)
    why = "no address is given"
    for address in access.bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            return _ask(host.strip("[]"), int(port), context, access.certificate)
        except ssl.SSLCertVerificationError:
            why = "the broker's certificate is not under the authority that was given"
        except ValueError:
            raise Refused("request_invalid", "a broker's address is HOST:PORT") from None
        except OSError as exc:
            why = f"the broker does not answer ({type(exc).__name__})"
    raise Unavailable("broker_unavailable", why)


def _load(context: ssl.SSLContext, certificate: Certificate) -> None:
    try:
        context.load_cert_chain(certificate.chain, certificate.key, NO_PASSPHRASE)
    except FileNotFoundError:
        raise Refused("certificate_malformed", "there is no such file of a certificate or key") from None
    except ssl.SSLError as exc:
        why = (
            "the key is another certificate's"
            if exc.reason == "KEY_VALUES_MISMATCH"
            else "not both in PEM, unencrypted"
        )
        raise Refused("certificate_malformed", f"certificate and key: {why}") from None


def _ask(host: str, port: int, context: ssl.SSLContext, certificate: Certificate | None) -> None:
    try:
        with (
            socket.create_connection((host, port), REACH_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            secured.sendall(_VERSIONS)
            if not secured.recv(1) and certificate is not None:
                raise Refused("broker_refused", f"the broker knows nobody of this name: {_said_of(certificate)}")
    except ssl.SSLError as exc:
        if "_ALERT_" not in (exc.reason or "") or "CERTIFICATE" not in (exc.reason or ""):
            raise
        raise Refused("broker_refused", _why(certificate)) from None


def _why(certificate: Certificate | None) -> str:
    """The broker says only that it does not like it: so what there is to be seen is told."""
    if certificate is None:
        return (
            "the broker lets nobody in here without a certificate (--certificate, --key); passwords have another port"
        )
    return f"the broker does not accept this certificate, which ran out or is of another authority: {_said_of(certificate)}"


def _said_of(certificate: Certificate) -> str:
    found = x509.load_pem_x509_certificate(certificate.chain.read_bytes())
    begin, end = found.not_valid_before_utc, found.not_valid_after_utc
    return f"{found.subject.rfc4514_string()}, good from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
