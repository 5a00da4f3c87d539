"""The register's bytes are frozen: another release must write the same tree, files and signature for the same leaves."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sightline.formats.note import Ed25519Signer
from sightline.register import Export, Register
from tests.builders_register import an_sqlite_database, decide_leaves

ORIGIN = "hub.example/golden"
VKEY = "hub.example/golden+a2085a35+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
CHECKPOINT = (
    "hub.example/golden\n"
    "300\n"
    "yjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg=\n"
    "\n"
    "— hub.example/golden "
    "oghaNUKgAj0FI4f716CO4LIzgP1LblzkZW0mOgHsj3WgfrI9beWNO6TpDcTJJ14a7u19Oapn8qdYciMmO9dH7QuF/gM=\n"
)
FILES = [
    "checkpoint",
    "log.vkey",
    "tile/0/000",
    "tile/0/001.p/44",
    "tile/1/000.p/1",
    "tile/entries/000",
    "tile/entries/001.p/44",
]


def test_a_known_log_comes_out_as_it_always_did(tmp_path: Path) -> None:
    key = Ed25519Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    folder = tmp_path / "register"
    with an_sqlite_database(tmp_path) as database:
        decide_leaves(database, [b"entry %d" % n for n in range(300)])
        Register(database=database, signer=key, origin=ORIGIN, export=Export(folder, vkey=key.vkey)).seal()
    assert (folder / "log.vkey").read_text() == f"{VKEY}\n"
    assert (folder / "checkpoint").read_text() == CHECKPOINT
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == FILES
    assert (folder / "tile/entries/001.p/44").read_bytes().startswith(b"\x00\x09entry 256\x00\x09entry 257")
    assert (
        folder / "tile/1/000.p/1"
    ).read_bytes().hex() == "da6596d95369f5fef322ab8e4e0da3b0b50236aa9c8a3b1d246f7411c9e2e32e"
