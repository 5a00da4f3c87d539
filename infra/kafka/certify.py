"""Give agencies certificates to log in with. Run it as `infra/kafka/certify [AGENCY ...]`; --help says the rest.

The agencies' authority is made with the node. Its key stays in authority/, for whoever has it can be any agency: the broker
takes the common name of a certificate under it as the agency's name. Written to certificates/: <agency>.pem for each
agency that is declared (or named) and has none, or one that soon runs out, and <agency>.key beside it. An agency that
would rather keep its key to itself makes it, and a request (PKCS #10), of which only the public key is taken:

    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=any -keyout own.key -out own.csr
    infra/kafka/certify --request own.csr AGENCY

There are no lists of what was revoked. A certificate that got lost is good until it runs out; until then, take the agency
out of the declaration (`topics apply`): it has no rights then, whoever it is.
"""

import argparse
import datetime as dt
import os
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from infra.kafka.certificates import certificate, make_authority, pem_of, usage
from infra.kafka.topics import HERE, decoded, say
from sightline.adapters.clock import SystemClock
from sightline.formats.topic_names import agency_user
from sightline.kernel.errors import Refused, SightlineError, Unavailable
from sightline.kernel.ids import AgencyId

AUTHORITY = "sightline agencies"
DAYS = 90
"""How long a certificate is good: nothing can end it earlier."""
SOON = dt.timedelta(days=30)
"""What runs out within this is made anew."""

Key = ec.EllipticCurvePrivateKey


def main(arguments: list[str]) -> int:
    """The exit code."""
    options = read(arguments)
    os.umask(0o077)
    try:
        if options.found:
            found(options.services)
        elif options.request:
            sign(options, options.agency[0])
        else:
            for agency in options.agency or declared_in(options.agencies):
                give(options, agency)
    except (SightlineError, OSError) as exc:
        say(f"infra/kafka/certify: {exc}", sys.stderr)
        return 1
    return 0


def found(folder: Path) -> None:
    """Make the authority, the private part first: a folder with an agencies.pem has one.

    Its key is in a folder of its own, which no broker is given to read.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "authority").mkdir(parents=True, exist_ok=True)
    (folder / "authority" / "agencies.key").write_bytes(pem_of(key))
    (folder / "agencies.pem").write_bytes(make_authority(key, AUTHORITY).public_bytes(Encoding.PEM))


def give(options: argparse.Namespace, agency: str) -> None:
    """Make a key and a certificate, unless there is one that will do."""
    file = options.services / "certificates" / f"{agency}.pem"
    if file.exists() and not options.anew and is_good(file):
        return
    key = ec.generate_private_key(ec.SECP256R1())
    made = make_agency(agency, key.public_key(), authority_in(options.services), valid=dt.timedelta(days=options.days))
    file.parent.mkdir(exist_ok=True)
    file.with_suffix(".key").write_bytes(pem_of(key))
    file.write_bytes(made.public_bytes(Encoding.PEM))
    say(f"+ certificate {agency}, until {made.not_valid_after_utc:%Y-%m-%d}")


def sign(options: argparse.Namespace, agency: str) -> None:
    """Print a certificate for the key of a request. Raises Refused ``request_malformed``."""
    try:
        request = x509.load_pem_x509_csr(options.request.read_bytes())
    except ValueError:
        raise Refused("request_malformed", f"{options.request} is no PKCS #10 request in PEM") from None
    key = request.public_key()
    # The signature shows that who asks has the key. The name that is asked for says nothing: the operator gives it.
    if not isinstance(key, ec.EllipticCurvePublicKey) or not request.is_signature_valid:
        raise Refused("request_malformed", "the request must hold an elliptic-curve key, and be signed with it")
    made = make_agency(agency, key, authority_in(options.services), valid=dt.timedelta(days=options.days))
    say(made.public_bytes(Encoding.PEM).decode("ascii").strip())


def make_agency(
    agency: str,
    key: ec.EllipticCurvePublicKey,
    signer: Key,
    *,
    begin: dt.datetime | None = None,
    valid: dt.timedelta = dt.timedelta(days=DAYS),
) -> x509.Certificate:
    """The agency's, good for a client and nothing else. Raises Refused ``agency_malformed``."""
    agency_user(AgencyId(agency))
    return (
        certificate(agency, key, AUTHORITY, signer, begin=begin, valid=valid)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
        .sign(signer, hashes.SHA256())
    )


def authority_in(folder: Path) -> Key:
    """The authority's key. Raises Unavailable ``authority_unavailable``, also for a key of a kind that is not ours."""
    file = folder / "authority" / "agencies.key"
    if not file.exists():
        raise Unavailable("authority_unavailable", f"no authority in {folder}: make infra-up")
    key = load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Unavailable("authority_unavailable", f"the authority's key in {folder} is not on an elliptic curve")
    return key


def is_good(file: Path) -> bool:
    """Whether the certificate in that file will be good for a while."""
    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc > SystemClock().now() + SOON


def declared_in(file: Path) -> list[str]:
    """The agencies of a declaration. Raises Refused ``declaration_malformed``."""
    agencies = decoded(file).get("agencies")
    if not isinstance(agencies, dict):
        raise Refused("declaration_malformed", f"{file} names no agencies")
    return [str(agency) for agency in agencies]


def read(arguments: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        prog="infra/kafka/certify", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("agency", nargs="*", metavar="AGENCY", help="default: all that are declared")
    parser.add_argument("--services", type=Path, default=HERE.parents[1] / ".services" / "kafka", metavar="DIR")
    parser.add_argument("--agencies", type=Path, default=HERE / "topics.yaml", metavar="FILE", help="where declared")
    parser.add_argument("--days", type=int, default=DAYS, help=f"how long it is good ({DAYS})")
    parser.add_argument("--anew", action="store_true", help="also where there is a good one")
    parser.add_argument("--request", type=Path, metavar="FILE", help="certify this request's key, and print it")
    parser.add_argument("--found", action="store_true", help="only make the authority (a new one, if there is one)")
    options = parser.parse_args(arguments)
    if options.request and len(options.agency) != 1:
        parser.error("--request is one agency's")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
