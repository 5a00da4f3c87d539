"""One row, measured in this process: ``python -m sightline.entrypoints.bench ROW SUBMISSIONS SEED FOLDER``."""

import json
import sys
from pathlib import Path

from sightline.entrypoints.bench.rounds import Asked
from sightline.entrypoints.bench.rows import ROWS

if __name__ == "__main__":
    row, submissions, seed, folder = sys.argv[1:]
    asked = Asked(submissions=int(submissions), seed=int(seed), folder=Path(folder))
    sys.stdout.write(json.dumps(ROWS[row](asked)) + "\n")
