# ruff: noqa: S311, TID251 - seeded chance is what makes a simulation that can be made again; nothing here is secret
"""What is derived from the seed: chance, and the desks' keys."""

import random
from hashlib import sha256
from math import exp

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sightline.entrypoints.invented.chance import Chance
from sightline.formats.jwk import PrivateKey
from sightline.kernel.ids import DeskId


def chance_of(*names: object) -> Chance:
    """Chance of its own for that name: what is drawn for one hour or child moves nothing that is drawn for another."""
    return random.Random("\n".join(map(str, names)))


def key_of(seed: int, desk: DeskId) -> PrivateKey:
    """The desk's Ed25519 key in the simulation of that seed. Whoever knows the seed has it: never for real agencies."""
    secret = sha256(f"sightline simulated key\n{seed}\n{desk}".encode()).digest()
    return PrivateKey(desk=desk, alg="Ed25519", secret=Ed25519PrivateKey.from_private_bytes(secret))


def how_many(chance: Chance, mean: float) -> int:
    """A Poisson number; a large mean in parts, because exp(-mean) must not vanish."""
    count = 0
    while mean > 0:
        count += _few(chance, min(mean, 30.0))
        mean -= 30.0
    return count


def _few(chance: Chance, mean: float) -> int:
    count, product, least = 0, chance.random(), exp(-mean)
    while product > least:
        count += 1
        product *= chance.random()
    return count
