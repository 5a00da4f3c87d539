"""Make the key pair under which the policy's bundle is signed. Usage: signing_key.py DIR

DIR gets signing.pem, readable by its owner alone, and verification.pem. ES256, since OPA knows no Ed25519.
"""

import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


def main(folder: Path) -> None:
    """Write both, the private part first: a folder with a verification.pem is complete."""
    os.umask(0o077)
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "signing.pem").write_bytes(private)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "verification.pem").write_bytes(public)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
