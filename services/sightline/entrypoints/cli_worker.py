"""``sightline worker``: one stage of the distributed mode, in a process of its own."""

from typing import Annotated

import typer

from sightline.entrypoints.cli_out import AsJson, answered, end, lines, result
from sightline.kernel.errors import Refused


@answered
def worker(
    stage: Annotated[str, typer.Argument(help="record, relay, decide, seal or clock.")],
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Of its health page; 0 takes a free one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run one stage until SIGTERM or Ctrl-C; it then finishes its batch. Settings: SIGHTLINE_DATABASE and the rest."""
    # Here, so that the other commands need not wait for the broker's library to load.
    from sightline.entrypoints.workers import run  # noqa: PLC0415 - see above
    from sightline.runtime.settings import Settings  # noqa: PLC0415 - see above

    settings = Settings() if port is None else Settings(metrics_port=port)
    if stage not in run.WORKERS:
        raise Refused("unknown_stage", ", ".join(run.WORKERS))

    def announce(where: int) -> None:
        url = f"http://{settings.host}:{where}"
        if as_json:
            result({"worker": stage, "health": url})
        else:
            lines([("worker", stage), ("health", url)])

    run.run(stage, settings, announce)
    end(0)
