"""The policy engine in process: the Rego compiled to WebAssembly, sandboxed and bounded in time and memory.

Fits `kernel.ports.PolicyEngine`. Reads ``build/policy.wasm`` and ``build/data.json`` of a policy folder.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from opapywasm import (
    UNDEFINED,
    OpaAbortError,
    OpaBuiltinError,
    OpaEvaluationError,
    OpaMemoryError,
    OpaWasmError,
    OpaWasmPolicy,
    PolicyConfig,
)

from sightline.adapters.asking import LIST_BYTES, NotDecided, answers, as_list
from sightline.formats.canonical import canonical
from sightline.formats.policy_digest import digest, policy_data, policy_digest
from sightline.kernel.errors import Refused, Unavailable

ENTRYPOINT = "sightline/disclosure/decisions"

_PAGE_BYTES = 65_536

_REASONS: tuple[tuple[type[OpaWasmError], str], ...] = (
    (OpaMemoryError, "memory"),
    (OpaAbortError, "trap"),
    (OpaBuiltinError, "trap"),
    (OpaEvaluationError, "trap"),
)
"""Failures that a document can cause. Any other is the engine's own, and then nothing was decided."""


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
        self._module, self._data = module, data
        self._making = Lock()
        self._config = PolicyConfig(
            pool_size=pool_size,
            default_entrypoint=ENTRYPOINT,
            eval_timeout_seconds=deadline_s,
            max_memory_pages=memory_bytes // _PAGE_BYTES,
            max_input_bytes=LIST_BYTES + len(as_list([])),
            parse_raw_json_input=False,  # `answers` has done so, document by document
        )
        self._policy: OpaWasmPolicy | None = None
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
        return answers(facts, self._ask)

    def close(self) -> None:
        """Free the instances. Asking afterwards raises Unavailable."""
        with self._making:
            self._closed = True
            if self._policy is not None:
                self._policy.close()

    def _ready(self) -> OpaWasmPolicy:
        """The policy that can be run, made when it is first needed."""
        if self._policy is not None:
            return self._policy
        with self._making:
            if self._closed:
                raise Unavailable("engine_down", "this engine was closed")
            if self._policy is None:
                self._policy = _runnable(self._module, self._data, self._config)
            return self._policy

    def _ask(self, facts: Sequence[bytes]) -> object:
        try:
            decisions = self._ready().evaluate(as_list(facts))
        except OpaWasmError as exc:
            raise NotDecided(_reason(exc)) from exc
        if decisions is UNDEFINED:
            raise NotDecided("undefined")
        return decisions


def _runnable(module: bytes, data: bytes, config: PolicyConfig) -> OpaWasmPolicy:
    try:
        policy = OpaWasmPolicy.from_wasm_bytes(module, config)
        policy.set_data(data)
    except OpaWasmError as exc:
        raise Unavailable("engine_down", "the compiled policy cannot be run") from exc
    return policy


def _reason(exc: OpaWasmError) -> str:
    if isinstance(exc, OpaEvaluationError) and "time limit" in str(exc):
        return "deadline"
    for kind, reason in _REASONS:
        if isinstance(exc, kind):
            return reason
    raise Unavailable("engine_down", "the policy engine does not answer") from exc


def _compiled(folder: Path) -> tuple[bytes, bytes]:
    try:
        return (folder / "build" / "policy.wasm").read_bytes(), (folder / "build" / "data.json").read_bytes()
    except OSError as exc:
        raise Unavailable("engine_down", "no compiled policy in the folder: make policy") from exc
