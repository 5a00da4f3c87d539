"""Other policies than the program's, as a later or an earlier version of it would have them."""

import json
import re
import shutil
from pathlib import Path

from sightline.formats.policy_digest import policy_data
from sightline.kernel.share import share

_DESCRIBED = re.compile(r"(# description: [DH]-[0-9]+\. )")


def a_policy_without(folder: Path, role: str, event_type: str) -> Path:
    """The program's policy, but that type is not in that role's remit: real rules, compiled as they are, on other data."""
    shutil.copytree(share("policies"), folder)
    remits = folder / "data" / "remits.json"
    document = json.loads(remits.read_bytes())
    document["remits"][role]["types"].remove(event_type)
    remits.write_text(json.dumps(document))
    (folder / "build" / "data.json").write_text(json.dumps(policy_data(folder)))
    return folder


def a_policy_that_says(folder: Path, words: str) -> Path:
    """The program's policy, but each rule's description begins with these words."""
    shutil.copytree(share("policies"), folder)
    for source in folder.glob("sightline/**/*.rego"):
        source.write_text(_DESCRIBED.sub(rf"\1{words}", source.read_text()))
    return folder
