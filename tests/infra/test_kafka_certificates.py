"""An agency's certificate lets it in as that agency, and nothing else does on that port: as the broker has it."""

import datetime as dt
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate as Made
from kafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError

from infra.kafka.certificates import certificate, pem_of
from infra.kafka.certify import AUTHORITY, authority_in, make_agency
from sightline.adapters.clock import SystemClock
from sightline.agency.reach import reach
from sightline.formats.broker_access import Access, Certificate
from sightline.kernel.errors import Refused
from sightline.kernel.ids import DeskId
from tests.builders_agency import a_desk_folder
from tests.builders_kafka import ROOT, Node
from tests.journeys.test_agency_cli import Said, sightline

Key = ec.EllipticCurvePrivateKey
DAY = dt.timedelta(days=1)
PURBECK, KENT = "purbeck", "kent"
SUBMISSIONS = "sightline.submissions.purbeck"


@pytest.fixture(scope="module")
def node(kafka_server: Path) -> Node:
    node = Node(folder=kafka_server)
    node.has_topics()
    return node


def in_files(folder: Path, made: Made, key: Key) -> Certificate:
    """A certificate as a system has it."""
    files = Certificate(chain=folder / "shown.pem", key=folder / "shown.key")
    files.chain.write_bytes(made.public_bytes(Encoding.PEM))
    files.key.write_bytes(pem_of(key))
    return files


# -------------------------------------------------------------------------------------------------------- who gets in


def test_an_agencys_certificate_lets_it_send_and_read_what_its_password_does(node: Node) -> None:
    purbeck = node.certified(PURBECK)
    node.send(purbeck, SUBMISSIONS)
    node.send("hub.relay", "sightline.receipts.purbeck", b"for purbeck")
    assert b"for purbeck" in node.read(purbeck, "sightline.receipts.purbeck", group="agency.purbeck.certified")


@pytest.mark.parametrize("topic", ["sightline.receipts.purbeck", "sightline.feed.purbeck.duty", SUBMISSIONS])
def test_another_agencys_certificate_reads_nothing_of_ours(node: Node, topic: str) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        node.read(node.certified(KENT), topic)


def test_another_agencys_certificate_sends_nothing_in_our_name(node: Node) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        node.send(node.certified(KENT), SUBMISSIONS)


def test_another_agencys_certificate_takes_part_in_no_group_of_ours(node: Node) -> None:
    with pytest.raises(GroupAuthorizationFailedError):
        node.read(node.certified(KENT), "sightline.receipts.kent", group="agency.purbeck.laptop")


def follows(folder: Path, access: Access) -> Said:
    """A desk of Purbeck's reads its feed, with that certificate if there is one."""
    own = a_desk_folder(folder / f"desk-{len(list(folder.iterdir()))}", DeskId("purbeck/duty"))
    shown = access.certificate
    login = ("--certificate", shown.chain, "--key", shown.key) if shown else ("--password-file", folder / "password")
    (folder / "password").write_text(access.password)
    return sightline("agency", "follow", own.path, "--kafka", access.bootstrap, "--ca", access.ca, *login)


def test_a_desk_follows_its_feed_with_its_agencys_certificate_and_not_with_anothers(node: Node, tmp_path: Path) -> None:
    assert follows(tmp_path, node.certified(PURBECK)).code == 0
    said = follows(tmp_path, node.certified(KENT))
    assert (said.code, said.err.count("refused: broker_refused")) == (4, 1), said.err


# -------------------------------------------------------------------------------------------------------- who does not


def an_expired_one(node: Node, key: Key) -> Made:
    begin = SystemClock().now() - 91 * DAY
    return make_agency(PURBECK, key.public_key(), authority_in(node.folder), begin=begin, valid=90 * DAY)


def one_that_is_not_good_yet(node: Node, key: Key) -> Made:
    return make_agency(PURBECK, key.public_key(), authority_in(node.folder), begin=SystemClock().now() + DAY)


def one_of_another_authority(_: Node, key: Key) -> Made:
    return make_agency(PURBECK, key.public_key(), ec.generate_private_key(ec.SECP256R1()))


def one_in_a_workers_name(node: Node, key: Key) -> Made:
    signer = authority_in(node.folder)
    return certificate("hub.record", key.public_key(), AUTHORITY, signer).sign(signer, hashes.SHA256())


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (an_expired_one, "ran out or is of another authority: CN=purbeck, good from "),
        (one_that_is_not_good_yet, "ran out or is of another authority"),
        (one_of_another_authority, "ran out or is of another authority"),
        (one_in_a_workers_name, "the broker knows nobody of this name: CN=hub.record"),
    ],
)
def test_the_broker_refuses_a_certificate(
    node: Node, tmp_path: Path, make: Callable[[Node, Key], Made], why: str
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    said = follows(tmp_path, node.showing(in_files(tmp_path, make(node, key), key)))
    assert (said.code, said.out) == (4, "")
    assert said.err.startswith("entries only")
    assert "\nrefused: broker_refused" in said.err
    assert (why in said.err, said.err.count("\n")) == (True, 2), said.err


def test_without_a_certificate_nobody_gets_in_there_whatever_the_password(node: Node, tmp_path: Path) -> None:
    by_password = node.access("agency.purbeck")
    there = node.certified(PURBECK).bootstrap
    said = follows(tmp_path, Access(bootstrap=there, ca=by_password.ca, password=by_password.password))
    assert (said.code, "lets nobody in here without a certificate" in said.err) == (4, True), said.err
    assert by_password.password not in said.out + said.err


def test_the_brokers_own_certificate_is_no_agencys(node: Node) -> None:
    own = node.folder / "private" / "broker.pem"
    with pytest.raises(Refused, match="broker_refused"):
        reach(node.showing(Certificate(chain=own, key=own)))


def test_who_is_certified_in_the_brokers_name_is_an_agency_of_that_name_without_rights(
    node: Node, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    made = make_agency("broker", key.public_key(), authority_in(node.folder))
    with pytest.raises(TopicAuthorizationFailedError):
        node.read(node.showing(in_files(tmp_path, made, key)), SUBMISSIONS)


def test_the_controller_takes_no_agencys_certificate(node: Node) -> None:
    configured = (node.folder / "private" / "server.properties").read_text()
    port = int(configured.partition("controller.quorum.voters=1@127.0.0.1:")[2].partition("\n")[0])
    shown = node.certified(PURBECK).certificate
    assert shown is not None
    context = ssl.create_default_context(cafile=str(node.folder / "ca.pem"))
    context.load_cert_chain(shown.chain, shown.key)
    with pytest.raises(ssl.SSLError, match="ALERT_CERTIFICATE"):
        speaks_to(port, context)


def speaks_to(port: int, context: ssl.SSLContext) -> None:
    """As far as the other side lets one."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(bytes(4))
        secured.recv(1)


# ---------------------------------------------------------------------------------------------- what never gets that far


def test_files_that_cannot_be_used_are_named_before_anything_is_sent(node: Node, tmp_path: Path) -> None:
    purbeck, kent = node.certified(PURBECK).certificate, node.certified(KENT).certificate
    assert purbeck
    assert kent
    locked = tmp_path / "locked.key"
    lock: list[str | Path] = [
        "openssl",
        "ec",
        "-aes128",
        "-passout",
        "pass:something",
        "-in",
        purbeck.key,
        "-out",
        locked,
    ]
    subprocess.run(lock, check=True, capture_output=True)
    for key, why in (
        (kent.key, "the key is another certificate's"),
        (locked, "not both in PEM, unencrypted"),
        (tmp_path / "none.key", "no such file"),
    ):
        said = follows(tmp_path, node.showing(Certificate(chain=purbeck.chain, key=key)))
        assert (said.code, why in said.err) == (4, True), said.err


@pytest.mark.parametrize(
    "login",
    [
        pytest.param((), id="nothing"),
        pytest.param(("--certificate", "a.pem"), id="a certificate without its key"),
        pytest.param(("--key", "a.key"), id="a key alone"),
        pytest.param(("--certificate", "a.pem", "--key", "a.key", "--password-file", "p"), id="both"),
    ],
)
def test_one_way_to_log_in_must_be_named_whole(tmp_path: Path, login: tuple[str, ...]) -> None:
    own = a_desk_folder(tmp_path / "desk", DeskId("purbeck/duty"))
    said = sightline("agency", "follow", own.path, "--kafka", "127.0.0.1:9", "--ca", "ca.pem", *login)
    assert (said.code, "either --certificate with --key or --password-file" in said.err) == (2, True)


# -------------------------------------------------------------------------------------------------------------- issuing


def certify(node: Node, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Run infra/kafka/certify."""
    command: list[str | Path] = [ROOT / "infra/kafka/certify", "--services", node.folder, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_certificate_that_is_good_for_a_while_is_kept_and_another_is_made_anew(node: Node) -> None:
    assert certify(node, "--anew", "--days", "9", PURBECK).stdout.startswith("+ certificate purbeck, until ")
    declared = ("--agencies", node.folder / "agencies.yaml")
    assert "+ certificate purbeck" in certify(node, *declared).stdout, "one that soon runs out was kept"
    assert certify(node, *declared).stdout == ""


def test_an_agency_may_keep_its_key_to_itself(node: Node, tmp_path: Path) -> None:
    key, request = tmp_path / "own.key", tmp_path / "own.csr"
    ask = [
        "openssl",
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-noenc",
        "-subj",
        "/CN=kent",
        "-keyout",
    ]
    subprocess.run([*ask, key, "-out", request], check=True, capture_output=True)
    told = certify(node, "--request", request, PURBECK)
    assert told.returncode == 0, told.stderr
    chain = tmp_path / "own.pem"
    chain.write_text(told.stdout)
    # It asked in another's name, and got its own.
    access = node.showing(Certificate(chain=chain, key=key))
    assert isinstance(node.read(access, "sightline.receipts.purbeck"), list)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        pytest.param(["Kent/Council"], "agency_malformed", id="a name that no agency has"),
        pytest.param(["hub.record"], "agency_malformed", id="a worker's name"),
        pytest.param(["--request", "/dev/null", "kent"], "request_malformed", id="no request"),
        pytest.param(["--agencies", "/dev/null"], "declaration_malformed", id="no agencies"),
    ],
)
def test_what_is_not_an_agencys_gets_no_certificate(node: Node, options: list[str], why: str) -> None:
    told = certify(node, *options)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(f"infra/kafka/certify: {why}")


def test_private_keys_can_be_read_by_their_owner_alone(node: Node) -> None:
    node.certified(PURBECK)
    keys = [node.folder / "authority" / "agencies.key", *(node.folder / "certificates").glob("*.key")]
    assert len(keys) > 1
    for path in keys:
        assert path.stat().st_mode & 0o077 == 0, path
