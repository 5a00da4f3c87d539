"""Compare a broker with infra/kafka/topics.yaml, or make it so. Run it as `infra/kafka/topics plan|apply|list|wait`.

plan   prints each difference; ends 0 if there is none, 2 if there is one.
apply  takes the steps, and makes a password for each new user in SECRETS; ends 0 once there is no difference, 2 if one
       was left: a topic is deleted only with --allow-delete, partitions are never taken away.
list   prints the names of the topics that are declared; asks no broker.
wait   returns once the administrator is answered; ends 1 after two minutes, or when the process --pid is gone, or, with
       --once, at the first try that fails.

All end 1, with one line, when the broker does not answer or refuses, or the declaration is wrong.
"""

import argparse
import logging
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import yaml

from sightline.adapters.kafka_admin import BrokerAdmin
from sightline.adapters.kafka_rights import Change, Holding, declared, difference
from sightline.formats.broker_access import Access
from sightline.kernel.errors import Refused, SightlineError, Unavailable

HERE = Path(__file__).resolve().parent
PATIENCE_S = 120.0
SETTLING_S = 10.0


def main(arguments: list[str]) -> int:
    """The exit code."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # What went wrong is said below, once.
    options = read(arguments)
    try:
        if options.what == "wait":
            return wait(access(options), options)
        if options.what == "list":
            return show(wanted(options))
        with BrokerAdmin(access(options), timeout_s=options.timeout_s) as admin:
            return plan(admin, options) if options.what == "plan" else apply(admin, options)
    except (SightlineError, OSError) as exc:
        say(f"infra/kafka/topics: {exc}", sys.stderr)
        return 1


def plan(admin: BrokerAdmin, options: argparse.Namespace) -> int:
    """Say what differs."""
    changes = difference(wanted(options), admin.found())
    for change in changes:
        say(str(change))
    say(f"{len(changes)} differences" if changes else "the broker is as declared", sys.stderr)
    return 2 if changes else 0


def apply(admin: BrokerAdmin, options: argparse.Namespace) -> int:
    """Take every step that may be taken, and look again."""
    target = wanted(options)
    for change in difference(target, admin.found()):
        if may_be_taken(change, allow_delete=options.allow_delete):
            admin.take(change, password_of=lambda user: password(options.secrets, user))
            say(str(change))
    left = settled(admin, target, allow_delete=options.allow_delete)
    for change in left:
        say(f"left: {change}{' (needs --allow-delete)' if change.verb == 'delete topic' else ''}", sys.stderr)
    say("not all is as declared" if left else "the broker is as declared", sys.stderr)
    return 2 if left else 0


def settled(admin: BrokerAdmin, target: Holding, *, allow_delete: bool) -> list[Change]:
    """What still differs, once the broker shows what it was told: its own view lags behind its controller's."""
    deadline = time.monotonic() + SETTLING_S
    while True:
        left = difference(target, admin.found())
        done = not any(may_be_taken(change, allow_delete=allow_delete) for change in left)
        if done or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def may_be_taken(change: Change, *, allow_delete: bool) -> bool:
    """Nothing that loses what a topic holds happens unasked."""
    return change.verb != "cannot" and (allow_delete or change.verb != "delete topic")


def wanted(options: argparse.Namespace) -> Holding:
    """What is declared, with the agencies of another file where one is named."""
    document = decoded(options.declared)
    if options.agencies is not None:
        document["agencies"] = decoded(options.agencies).get("agencies")
    return declared(document, replicas=options.replicas)


def decoded(path: Path) -> dict[str, Any]:
    """The members of a YAML file. Raises Refused ``declaration_malformed``."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as exc:
        raise Refused("declaration_malformed", f"{path} is not YAML") from exc
    if not isinstance(document, dict):
        raise Refused("declaration_malformed", f"{path} has no members")
    return document


def show(target: Holding) -> int:
    """Say which topics there should be."""
    for name in sorted(target.topics):
        say(name)
    return 0


def wait(who: Access, options: argparse.Namespace) -> int:
    """Ask until answered. A broker that is starting refuses passwords that it has not yet read."""
    deadline, last = time.monotonic() + PATIENCE_S, "no answer"
    while time.monotonic() < deadline and (options.pid is None or is_alive(options.pid)):
        try:
            with BrokerAdmin(who, timeout_s=5) as admin:
                admin.found()
                return 0
        except SightlineError as exc:
            last = str(exc)
        if options.once:
            break
        time.sleep(0.1)
    say(f"infra/kafka/topics: {last}", sys.stderr)
    return 1


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def password(folder: Path, user: str) -> str:
    """The user's password; made now, readable by the owner alone, if there is none yet."""
    path = folder / f"{user}.password"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(24))
    return path.read_text(encoding="ascii").strip()


def access(options: argparse.Namespace) -> Access:
    """As the administrator, at the place that is named, or else at the node in the services' folder."""
    address = options.services / "address"
    if not options.bootstrap and not address.exists():
        raise Unavailable("broker_unavailable", f"no Kafka runs in {options.services}: make infra-up")
    return Access(
        bootstrap=options.bootstrap or address.read_text(encoding="ascii").strip(),
        ca=options.ca or options.services / "ca.pem",
        user="admin",
        password=(options.secrets / "admin.password").read_text(encoding="ascii").strip(),
    )


def read(arguments: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        prog="infra/kafka/topics", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["plan", "apply", "list", "wait"])
    parser.add_argument("--services", type=Path, default=HERE.parents[1] / ".services" / "kafka", metavar="DIR")
    parser.add_argument("--declared", type=Path, default=HERE / "topics.yaml", metavar="FILE")
    parser.add_argument("--agencies", type=Path, metavar="FILE", help="YAML with the member agencies")
    parser.add_argument("--replicas", type=int, default=1, help="of each partition (1; a cluster has 3)")
    parser.add_argument("--allow-delete", action="store_true", help="delete topics of ours that are not declared")
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="a broker elsewhere")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="its authority's certificate")
    parser.add_argument("--secrets", type=Path, metavar="DIR", help="<user>.password for each user")
    parser.add_argument(
        "--timeout-s", type=float, default=30.0, metavar="S", help="how long a broker may take to answer"
    )
    parser.add_argument("--pid", type=int, help="of the broker that is waited for")
    parser.add_argument("--once", action="store_true", help="do not wait: ask")
    options = parser.parse_args(arguments)
    options.secrets = options.secrets or options.services / "secrets"
    return options


def say(line: str, where: TextIO = sys.stdout) -> None:
    """One line, at once."""
    where.write(f"{line}\n")
    where.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
