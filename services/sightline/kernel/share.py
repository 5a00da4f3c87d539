"""Where the files that travel with the program are: schemas, policies."""

from pathlib import Path

from sightline.kernel.errors import Unavailable

_PACKAGE = Path(__file__).resolve().parent.parent


def share(name: str) -> Path:
    """The folder `name`: ``sightline/share/<name>`` of an installed wheel, else the top-level one of the repository.

    Raises `Unavailable` where there is neither.
    """
    for folder in (_PACKAGE / "share" / name, _PACKAGE.parent.parent / name):
        if folder.is_dir():
            return folder
    raise Unavailable("share_missing", f"no folder {name} beside the program")
