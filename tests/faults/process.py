"""The parent's end of one life of the hub."""

import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
from tests.faults import frames
from tests.faults.child import Plan
from tests.faults.marks import Marks

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


class HubProcess:
    """A child process that runs the hub in `plan.folder`. What it says is waiting in `inbox`; None says that it ended."""

    def __init__(self, plan: Plan, log: Path) -> None:
        self.plan = plan
        self.marks = Marks(Path(plan.marks), fresh=True)
        self.inbox: queue.SimpleQueue[frames.FromChild | None] = queue.SimpleQueue()
        self.began = time.monotonic()
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.child", msgspec.json.encode(plan).decode()],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._process.pid

    def say(self, message: frames.ToChild) -> bool:
        """Send one message; False when nobody is there to read it."""
        stream = self._process.stdin
        if stream is None:
            return False
        try:
            stream.write(frames.framed(message))
            stream.flush()
        except OSError:  # The child died: what it had not answered is asked again in its next life.
            return False
        return True

    def ready(self) -> frames.Ready:
        """Wait until the hub stands. Raises AssertionError when it does not come to that."""
        first = self.inbox.get(timeout=PATIENCE_S)
        assert isinstance(first, frames.Ready), f"the hub did not start: {first}"
        return first

    def expect(self, kind: type[frames.FromChild]) -> frames.FromChild:
        """The next message of that kind; others are dropped."""
        while True:
            message = self.inbox.get(timeout=PATIENCE_S)
            assert message is not None, f"the hub ended before it said {kind}"
            if isinstance(message, kind):
                return message

    def kill(self) -> None:
        """`kill -9`."""
        self._process.kill()

    def wait(self) -> int:
        """Its exit code, once it ended and everything that it said is in the inbox."""
        code = self._process.wait(PATIENCE_S)
        self._listener.join(PATIENCE_S)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # What was still to be written has no reader any more.
                    pass
        return code

    def quit(self) -> int:
        """Stop it in good order."""
        self.say(frames.Quit())
        return self.wait()

    def _listen(self) -> None:
        stream = self._process.stdout
        while stream is not None and (frame := frames.read_frame(stream)) is not None:
            self.inbox.put(frames.from_child.decode(frame))
        self.inbox.put(None)
