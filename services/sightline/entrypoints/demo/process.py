"""One process of the distributed demo: what `sightline worker` and `sightline serve` run, with the story's clock.

``python -m sightline.entrypoints.demo.process STAGE TIME``; settings are the hub's own, in the environment. The first line
on standard output says where it answers. From then on each line of standard input is a time, said back once it is set.
When the input ends the demo is gone, and this process ends as on SIGTERM. Operators have no such thing: what they start
has the machine's clock, and no setting changes that.
"""

import os
import signal
import sys
import threading
from datetime import datetime

from sightline.adapters.clock import SetClock
from sightline.entrypoints import cli_serve
from sightline.entrypoints.workers import run
from sightline.runtime.settings import Settings

SERVE = "serve"


def main(stage: str, at: str) -> None:
    """Run it until SIGTERM."""
    clock = SetClock(datetime.fromisoformat(at))
    settings = Settings(metrics_port=0)

    def begin(where: str) -> None:
        _say(where)
        threading.Thread(target=_listen, args=(clock,), name="sightline-demo-clock", daemon=True).start()

    if stage == SERVE:
        listening = cli_serve.bind(settings.host, 0)
        cli_serve.serve(settings, listening, lambda address: begin(address.url), clock=clock)
    else:
        run.run(stage, settings, lambda port: begin(f"http://{settings.host}:{port}"), clock=clock)


def _listen(clock: SetClock) -> None:
    for line in sys.stdin:
        clock.set(datetime.fromisoformat(line.strip()))
        _say(line.strip())
    os.kill(os.getpid(), signal.SIGTERM)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
