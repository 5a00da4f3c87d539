"""One row, measured in this process: ``python -m sightline.entrypoints.bench ROW ASKED``, `rounds.Asked` as JSON."""

import json
import sys
from pathlib import Path

from sightline.entrypoints.bench.rounds import Asked
from sightline.entrypoints.bench.rows import measure

if __name__ == "__main__":
    row, said = sys.argv[1:]
    members = json.loads(said)
    asked = Asked(**{**members, "folder": Path(members["folder"])})
    sys.stdout.write(json.dumps(measure(row, asked)) + "\n")
