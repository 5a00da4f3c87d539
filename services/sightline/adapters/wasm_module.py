"""One compiled policy that can be run, by opa-py-wasm. Apart from `opa_wasm`: a program that never asks loads none."""

from collections.abc import Sequence

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

from sightline.adapters.asking import LIST_BYTES, NotDecided, as_list
from sightline.kernel.errors import Unavailable

ENTRYPOINT = "sightline/disclosure/decisions"

_PAGE_BYTES = 65_536

_REASONS: tuple[tuple[type[OpaWasmError], str], ...] = (
    (OpaMemoryError, "memory"),
    (OpaAbortError, "trap"),
    (OpaBuiltinError, "trap"),
    (OpaEvaluationError, "trap"),
)
"""Failures that a document can cause. Any other is the engine's own, and then nothing was decided."""


class Module:
    """A pool of instances of one module; many threads may ask at once."""

    def __init__(self, module: bytes, data: bytes, *, pool_size: int, deadline_s: float, memory_bytes: int) -> None:
        """Raises Unavailable (``engine_down``) if it cannot be run."""
        config = PolicyConfig(
            pool_size=pool_size,
            default_entrypoint=ENTRYPOINT,
            eval_timeout_seconds=deadline_s,
            max_memory_pages=memory_bytes // _PAGE_BYTES,
            max_input_bytes=LIST_BYTES + len(as_list([])),
            parse_raw_json_input=False,  # `answers` has done so, document by document
        )
        try:
            self._policy = OpaWasmPolicy.from_wasm_bytes(module, config)
            self._policy.set_data(data)
        except OpaWasmError as exc:
            raise Unavailable("engine_down", "the compiled policy cannot be run") from exc

    def ask(self, facts: Sequence[bytes]) -> object:
        """The decisions on a list of documents, by their place. Raises `NotDecided`, Unavailable ``engine_down``."""
        try:
            decisions = self._policy.evaluate(as_list(facts))
        except OpaWasmError as exc:
            raise NotDecided(_reason(exc)) from exc
        if decisions is UNDEFINED:
            raise NotDecided("undefined")
        return decisions

    def close(self) -> None:
        """Free the instances."""
        self._policy.close()


def _reason(exc: OpaWasmError) -> str:
    if isinstance(exc, OpaEvaluationError) and "time limit" in str(exc):
        return "deadline"
    for kind, reason in _REASONS:
        if isinstance(exc, kind):
            return reason
    raise Unavailable("engine_down", "the policy engine does not answer") from exc
