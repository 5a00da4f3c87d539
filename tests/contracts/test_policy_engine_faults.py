"""How the engines fail: one document at a time where it is the document's fault, else as a whole, and never as a yes."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sightline.adapters.asking import LIST_BYTES, LIST_DOCUMENTS
from sightline.adapters.opa_server import LateEngine, ServerEngine
from sightline.adapters.opa_wasm import WasmEngine
from sightline.formats.policy_digest import policy_data, policy_sources
from sightline.kernel.errors import Refused, Unavailable
from tests.builders_hub import the_engine
from tests.contracts.policy_facts import POLICIES

Answer = tuple[int, Any]

RULE = """package sightline.disclosure

# METADATA
# entrypoint: true
decisions[place] := found if {
	some place, facts in input
	found := decision with input as facts
}

"""

UNDEFINED = RULE + 'decision := {"yes": true} if input.asked == "nicely"\n'
ENDLESS = RULE + "decision := count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i == j])\n"
HUNGRY = (
    RULE
    + 'decision := count([sprintf("%v", [[i, j]]) | some i in numbers.range(1, 900); some j in numbers.range(1, 900)])\n'
)
NO_MAPPING = RULE + "decision := 42\n"
NO_LIST = "package sightline.disclosure\n\n# METADATA\n# entrypoint: true\ndecisions := 42\n"
NOTHING = NO_LIST.replace("42", "42 if input == 1")
SPOILT = (
    RULE
    + """decision := {"yes": input.number} if input.fault == "none"

decision := 42 if input.fault == "malformed_result"

decision := {"yes": choice} if {
	input.fault == "trap"
	some choice in [1, 2]
}

decision := {"never": true} if {
	input.fault == "deadline"
	range := numbers.range(1, 3000)
	some i in range
	some j in range
	some k in range
	i < j
	j < k
	k < i
}
"""
)


@pytest.fixture(scope="module")
def compiled(opa: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A policy folder with this Rego alone, compiled."""

    def compile_(rego: str) -> Path:
        folder = tmp_path_factory.mktemp("policies")
        (folder / "sightline").mkdir()
        (folder / "data").mkdir()
        (folder / "build").mkdir()
        (folder / "sightline" / "disclosure.rego").write_text(rego)
        command: list[str | Path] = [
            opa,
            "build",
            "-t",
            "wasm",
            "-e",
            "sightline/disclosure/decisions",
            "-o",
            "bundle.tar.gz",
            "sightline",
        ]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        shutil.unpack_archive(folder / "bundle.tar.gz", folder / "unpacked", filter="data")
        for name in ("policy.wasm", "data.json"):
            shutil.copy(folder / "unpacked" / name, folder / "build" / name)
        return folder

    return compile_


@pytest.fixture(scope="module")
def faulty(compiled: Callable[[str], Path]) -> Iterator[WasmEngine]:
    """An engine that fails on those documents that ask for it. To make one ready takes longer than to ask it."""
    with closing(WasmEngine(compiled(SPOILT), pool_size=1, deadline_s=0.2)) as engine:
        yield engine


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """A copy of the policy folder that may be changed."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def test_a_compiled_policy_without_an_answer_is_undecidable(compiled: Callable[[str], Path]) -> None:
    engine = WasmEngine(compiled(UNDEFINED))
    assert engine.decide([b'{"asked":"nicely"}', b'{"asked":"rudely"}']) == [
        {"yes": True},
        {"undecidable": "undefined"},
    ]
    engine.close()


def test_a_compiled_policy_that_does_not_end_is_stopped_and_the_next_question_is_answered(
    compiled: Callable[[str], Path],
) -> None:
    engine = WasmEngine(compiled(ENDLESS), pool_size=1, deadline_s=0.05)
    assert engine.decide([b"{}", b"{}"]) == [{"undecidable": "deadline"}, {"undecidable": "deadline"}]
    engine.close()


def test_a_compiled_policy_that_takes_too_much_memory_is_stopped(compiled: Callable[[str], Path]) -> None:
    engine = WasmEngine(compiled(HUNGRY), pool_size=1, deadline_s=60, memory_bytes=2 * 1024 * 1024)
    [raw] = engine.decide([b"{}"])
    assert raw["undecidable"] in {"memory", "trap"}
    engine.close()


@pytest.mark.parametrize("rego", [NO_MAPPING, NO_LIST], ids=["a decision", "all of them"])
def test_an_answer_that_is_no_object_is_undecidable(compiled: Callable[[str], Path], rego: str) -> None:
    engine = WasmEngine(compiled(rego))
    assert engine.decide([b"{}", b"{}"]) == [{"undecidable": "malformed_result"}] * 2
    engine.close()


def test_a_compiled_policy_that_says_nothing_of_a_list_decides_nothing(compiled: Callable[[str], Path]) -> None:
    engine = WasmEngine(compiled(NOTHING))
    assert engine.decide([b"{}", b"{}"]) == [{"undecidable": "undefined"}] * 2
    engine.close()


@pytest.mark.parametrize("fault", ["undefined", "malformed_result", "trap", "deadline"])
def test_a_document_that_fails_takes_none_of_its_list_with_it(faulty: WasmEngine, fault: str) -> None:
    asked = [{"fault": "none", "number": number} for number in range(LIST_DOCUMENTS + 20)]
    asked[7]["fault"] = asked[-1]["fault"] = fault
    expected: list[Any] = [{"yes": number} for number in range(len(asked))]
    expected[7] = expected[-1] = {"undecidable": fault}
    assert faulty.decide([json.dumps(facts).encode() for facts in asked]) == expected


def test_facts_of_no_plausible_size_are_undecidable_and_the_rest_goes_on() -> None:
    engine = the_engine()
    small = engine.decide([b"{}"])
    assert engine.decide([b"{}", b'{"x":"' + b"x" * 70_000 + b'"}', b"{}"]) == [
        *small,
        {"undecidable": "memory"},
        *small,
    ]


@pytest.mark.parametrize("bytes_", [LIST_BYTES - 1, LIST_BYTES, LIST_BYTES + 1])
def test_the_largest_facts_fill_a_list_alone(bytes_: int) -> None:
    facts = b'{"x":"%b"}' % (b"x" * (bytes_ - len(b'{"x":""}')))
    [raw] = the_engine().decide([facts])
    assert ("undecidable" in raw) == (bytes_ > LIST_BYTES)


def test_a_missing_module_is_unavailable(spoilt: Path) -> None:
    (spoilt / "build" / "policy.wasm").unlink()
    with pytest.raises(Unavailable):
        WasmEngine(spoilt)


def test_a_module_that_is_none_is_unavailable(spoilt: Path) -> None:
    (spoilt / "build" / "policy.wasm").write_bytes(b"\0asm junk")
    with pytest.raises(Unavailable):
        WasmEngine(spoilt)


def test_compiled_data_of_another_policy_is_refused(spoilt: Path) -> None:
    (spoilt / "build" / "data.json").write_text("{}")
    with pytest.raises(Refused) as refused:
        WasmEngine(spoilt)
    assert refused.value.code == "engine_policy_mismatch"


# ------------------------------------------------------------------------------------------------- a stand-in server


class Opa:
    """What an OPA server says, and how a test makes it say something else."""

    def __init__(self, folder: Path) -> None:
        sources = policy_sources(folder)
        self.version = "1.19.0"
        self.rego = {path: raw.decode() for path, raw in sources.items() if path.endswith(".rego")}
        self.data = dict(policy_data(folder))
        self.decisions: Callable[[list[Any]], Answer] = lambda facts: (200, {"result": {}})
        self.asked: list[int] = []
        """How many documents each call brought."""

    def get(self, path: str) -> Answer:
        if path == "/v1/config":
            return 200, {"result": {"labels": {"id": "x", "version": self.version}}}
        if path == "/v1/policies/":
            return 200, {"result": [{"id": name} for name in self.rego]}
        kind, _, name = path.removeprefix("/v1/").partition("/")
        if kind == "policies":
            return 200, {"result": {"id": name, "raw": self.rego[name]}}
        return 200, {"result": self.data[name]} if name in self.data else {}


@contextmanager
def standing_in(opa: Opa) -> Iterator[str]:
    """Serve what `opa` says on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.say(opa.get(self.path))

        def do_POST(self) -> None:
            facts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
            opa.asked.append(len(facts))
            self.say(opa.decisions(facts))

        def say(self, answer: Answer) -> None:
            body = answer[1] if isinstance(answer[1], bytes) else json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name for it)
            """Silent: the tests speak."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def stand_in() -> Opa:
    return Opa(POLICIES)


def asked(stand_in: Opa, decisions: Callable[[list[Any]], Answer], facts: Sequence[bytes]) -> list[Any]:
    stand_in.decisions = decisions
    with standing_in(stand_in) as url:
        engine = ServerEngine(url, POLICIES, timeout_s=2)
        try:
            return list(engine.decide(facts))
        finally:
            engine.close()


def answered(stand_in: Opa, answer: Answer) -> list[Any]:
    return asked(stand_in, lambda facts: answer, [b"{}"])


def test_an_answer_of_the_server_is_handed_on(stand_in: Opa) -> None:
    assert answered(stand_in, (200, {"result": {"0": {"yes": True}}})) == [{"yes": True}]


@pytest.mark.parametrize("answer", [{}, {"result": {}}], ids=["of all", "of this one"])
def test_an_answer_without_a_result_is_undecidable_and_no_permission(stand_in: Opa, answer: Any) -> None:
    assert answered(stand_in, (200, answer)) == [{"undecidable": "undefined"}]


@pytest.mark.parametrize("result", [[True], {"0": [True]}, {"0": None}], ids=["all", "this one", "null"])
def test_an_answer_of_the_server_that_is_no_object_is_undecidable(stand_in: Opa, result: Any) -> None:
    assert answered(stand_in, (200, {"result": result})) == [{"undecidable": "malformed_result"}]


def test_an_evaluation_that_fails_is_undecidable(stand_in: Opa) -> None:
    assert answered(stand_in, (500, {"code": "internal_error"})) == [{"undecidable": "evaluation_error"}]


def all_but_the_odd(facts: list[Any]) -> Answer:
    """What a server says whose policy fails on odd facts."""
    if "odd" in facts:
        return 500, {"code": "internal_error"}
    return 200, {"result": {str(place): {"yes": one} for place, one in enumerate(facts)}}


def test_an_evaluation_that_fails_takes_none_of_its_list_with_it(stand_in: Opa) -> None:
    facts: list[Any] = [*range(LIST_DOCUMENTS + 20)]
    facts[7] = facts[-1] = "odd"
    expected = [{"undecidable": "evaluation_error"} if one == "odd" else {"yes": one} for one in facts]
    assert asked(stand_in, all_but_the_odd, [json.dumps(one).encode() for one in facts]) == expected


def test_the_server_is_asked_once_for_a_list(stand_in: Opa) -> None:
    asked(stand_in, all_but_the_odd, [b"{}"] * (LIST_DOCUMENTS + 20))
    assert sorted(stand_in.asked) == [20, LIST_DOCUMENTS]


def test_facts_nested_beyond_sense_are_undecidable_and_the_rest_goes_on(stand_in: Opa) -> None:
    found = asked(stand_in, all_but_the_odd, [b"1", b"[" * 1_000 + b"]" * 1_000, b"2"])
    assert found == [{"yes": 1}, {"undecidable": "malformed_facts"}, {"yes": 2}]


@pytest.mark.parametrize(
    "decision",
    [(500, {"code": "other"}), (500, b"<html>"), (500, []), (503, {}), (404, {}), (200, b"no JSON"), (200, [])],
    ids=["500 other", "500 html", "500 list", "503", "404", "no json", "a list"],
)
def test_a_server_that_does_not_answer_as_opa_does_is_unavailable(stand_in: Opa, decision: Answer) -> None:
    with pytest.raises(Unavailable):
        answered(stand_in, decision)


def test_a_server_that_went_away_is_unavailable(stand_in: Opa) -> None:
    with standing_in(stand_in) as url:
        engine = ServerEngine(url, POLICIES, timeout_s=1)
    with pytest.raises(Unavailable):
        engine.decide([b"{}"])
    engine.close()


def test_a_server_that_is_not_there_is_unavailable(stand_in: Opa) -> None:
    with standing_in(stand_in) as url:
        pass
    with pytest.raises(Unavailable):
        ServerEngine(url, POLICIES, timeout_s=1)


def change_rego(opa: Opa) -> None:
    name = min(opa.rego)
    opa.rego[name] += "\n"


def add_rego(opa: Opa) -> None:
    opa.rego["extra.rego"] = 'package sightline.denials\n\nothers := {"none"}\n'


def drop_rego(opa: Opa) -> None:
    del opa.rego[min(opa.rego)]


def change_data(opa: Opa) -> None:
    opa.data["remits"] = {}


def drop_data(opa: Opa) -> None:
    del opa.data["needs"]


@pytest.mark.parametrize("spoil", [change_rego, add_rego, drop_rego, change_data, drop_data])
def test_a_server_with_another_policy_is_refused(stand_in: Opa, spoil: Callable[[Opa], None]) -> None:
    spoil(stand_in)
    with standing_in(stand_in) as url, pytest.raises(Refused) as refused:
        ServerEngine(url, POLICIES)
    assert refused.value.code == "engine_policy_mismatch"


def test_a_policy_changed_under_a_running_engine_is_noticed_when_checked(stand_in: Opa) -> None:
    with standing_in(stand_in) as url:
        engine = ServerEngine(url, POLICIES)
        change_data(stand_in)
        with pytest.raises(Refused):
            engine.check()
        engine.close()


@pytest.mark.parametrize("version", ["1.18.2", "0.70.0", "odd"])
def test_a_server_that_is_too_old_is_refused(stand_in: Opa, version: str) -> None:
    stand_in.version = version
    with standing_in(stand_in) as url, pytest.raises(Refused) as refused:
        ServerEngine(url, POLICIES)
    assert refused.value.code == "engine_too_old"


@pytest.mark.parametrize("url", ["127.0.0.1:8181", "ftp://127.0.0.1", "http://127.0.0.1:1/v1", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        ServerEngine(url, POLICIES)
    assert refused.value.code == "engine_address"


def test_facts_do_not_pass_through_a_proxy_of_the_environment(stand_in: Opa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert answered(stand_in, (200, {"result": {"0": {}}})) == [{}]


def test_a_server_that_comes_late_is_asked_for_again_and_its_policy_known_before(stand_in: Opa) -> None:
    with standing_in(stand_in) as theirs, closing(LateEngine("http://127.0.0.1:9", POLICIES)) as away:
        for ask in (lambda: away.engine, lambda: away.decide([b"{}"])):
            with pytest.raises(Unavailable, match="engine_down"):
                ask()
        with closing(LateEngine(theirs, POLICIES)) as late, closing(ServerEngine(theirs, POLICIES)) as there:
            assert (late.policy, late.engine) == (there.policy, there.engine) == (away.policy, there.engine)


def test_a_late_engines_address_is_checked_at_once() -> None:
    with pytest.raises(Refused, match="engine_address"):
        LateEngine("ftp://127.0.0.1", POLICIES)
