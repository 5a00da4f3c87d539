"""The policy engine in process: the Rego compiled to WebAssembly, sandboxed and bounded in time and memory.

Fits `kernel.ports.PolicyEngine`. Reads ``build/policy.wasm`` and ``build/data.json`` of a policy folder.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from sightline.adapters.asking import answers
from sightline.formats.canonical import canonical
from sightline.formats.policy_digest import digest, policy_data, policy_digest
from sightline.kernel.errors import Refused, Unavailable

if TYPE_CHECKING:
    from sightline.adapters.wasm_module import Module


class WasmEngine:
    """One compiled policy and a pool of instances; many threads may ask at once."""

    def __init__(
        self,
        folder: Path,
        *,
        pool_size: int = 2,
        deadline_s: float = 5.0,
        memory_bytes: int = 64 * 1024 * 1024,
        late: bool = False,
    ) -> None:
        """`deadline_s` and `memory_bytes` bound one evaluation; a busy machine must not turn a decision into none.

        One evaluation is a list of documents, which takes some 6 ms and 3 MiB; a document that fails is asked alone.
        `late`: make the module ready when it is first asked, for a program that mostly has its name to tell (25 MB).

        Raises Refused (``engine_policy_mismatch``) if the compiled data is not that of the sources, and Unavailable
        (``engine_down``) if the module cannot be read or run.
        """
        module, data = _compiled(folder)
        if json.loads(data) != policy_data(folder):
            raise Refused("engine_policy_mismatch", "build/data.json is not the data of the sources: make policy")
        self._policy_digest = policy_digest(folder)
        self._engine_digest = digest(canonical({"data": digest(data), "module": digest(module)}))
        self._make: Callable[[], Module] = partial(
            _made, module, data, pool_size=pool_size, deadline_s=deadline_s, memory_bytes=memory_bytes
        )
        self._making = Lock()
        self._module: Module | None = None
        self._closed = False
        if not late:
            self._ready()

    @property
    def policy(self) -> str:
        """Digest of the Rego and data sources."""
        return self._policy_digest

    @property
    def engine(self) -> str:
        """Digest of the compiled module and its data."""
        return self._engine_digest

    def decide(self, facts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        """One raw result for each document, in order; ``undecidable`` says why one could not be decided.

        Reasons: ``undefined``, ``malformed_facts``, ``deadline``, ``trap``, ``memory``, ``malformed_result``.
        """
        return answers(facts, self._ready().ask)

    def close(self) -> None:
        """Free the instances. Asking afterwards raises Unavailable."""
        with self._making:
            self._closed = True
            if self._module is not None:
                self._module.close()

    def _ready(self) -> "Module":
        """What can be run, made when it is first needed."""
        if self._module is not None:
            return self._module
        with self._making:
            if self._closed:
                raise Unavailable("engine_down", "this engine was closed")
            if self._module is None:
                self._module = self._make()
            return self._module


def _made(module: bytes, data: bytes, **bounds: Any) -> "Module":
    from sightline.adapters.wasm_module import Module  # noqa: PLC0415  # it loads wasmtime: 10 MB that a program which only names its policy can spare

    return Module(module, data, **bounds)


def _compiled(folder: Path) -> tuple[bytes, bytes]:
    try:
        return (folder / "build" / "policy.wasm").read_bytes(), (folder / "build" / "data.json").read_bytes()
    except OSError as exc:
        raise Unavailable("engine_down", "no compiled policy in the folder: make policy") from exc
