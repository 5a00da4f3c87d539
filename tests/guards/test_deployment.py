"""What the files for those who have containers or a cluster say. `infra/lint` holds them to their schemas."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from sightline.adapters.kafka_rights import declared
from sightline.runtime.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
WORKERS = ("record", "relay", "decide", "seal", "clock")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "infra/compose/compose.yaml").read_text())
KUBERNETES = ROOT / "infra" / "kubernetes"

Document = dict[str, Any]


@cache
def every_document() -> tuple[Document, ...]:
    """The objects of the base, read once."""
    base = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    return tuple(d for name in base["resources"] for d in yaml.safe_load_all((KUBERNETES / name).read_text()))


def documents(kind: str = "") -> list[Document]:
    """Every object of the base, of one kind if one is named."""
    return [d for d in every_document() if kind in {"", d["kind"]}]


DEPLOYMENTS = {d["metadata"]["name"].removeprefix("sightline-"): d for d in documents("Deployment")}


def pod(deployment: Document) -> Document:
    """What the deployment starts."""
    spec: Document = deployment["spec"]["template"]["spec"]
    return spec


def containers() -> list[Any]:
    """Every container of the cluster, named for the test's report."""
    return [pytest.param(c, id=name) for name, deployment in DEPLOYMENTS.items() for c in pod(deployment)["containers"]]


def images() -> list[Any]:
    """Every image that is named anywhere."""
    composed = [pytest.param(s["image"], id=f"compose {name}") for name, s in COMPOSE["services"].items()]
    return composed + [pytest.param(p.values[0]["image"], id=f"kubernetes {p.id}") for p in containers()]


def pinned(pattern: str, path: str) -> str:
    """The version that another file pins."""
    found = re.search(pattern, (ROOT / path).read_text())
    assert found
    return found[1]


# ---------------------------------------------------------------------------------------------------------------- both


@pytest.mark.parametrize("image", images())
def test_every_image_is_of_a_named_version(image: str) -> None:
    assert re.fullmatch(r"[a-z0-9./-]+:\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?", image)


def test_the_services_are_of_the_versions_that_are_started_without_containers() -> None:
    kafka = pinned("<kafka.version>(.*)</kafka.version>", "infra/kafka/pom.xml")
    opa = pinned(r"(\S+)", "infra/opa/version")
    assert COMPOSE["services"]["kafka"]["image"] == f"apache/kafka:{kafka}"
    assert COMPOSE["services"]["opa"]["image"] == f"openpolicyagent/opa:{opa}-static"
    assert pod(DEPLOYMENTS["opa"])["containers"][0]["image"] == f"openpolicyagent/opa:{opa}-static"


def test_opa_is_started_alike_everywhere() -> None:
    script = (ROOT / "infra/opa/up").read_text()
    for arguments in (COMPOSE["services"]["opa"]["command"], pod(DEPLOYMENTS["opa"])["containers"][0]["args"]):
        assert "--bundle" in arguments
        for argument in arguments:
            if not argument.startswith(("--addr", "--verification-key")):
                assert argument.replace("=", " ") in script, argument


# ------------------------------------------------------------------------------------------------------------- compose


@pytest.mark.parametrize("service", list(COMPOSE["services"].values()), ids=list(COMPOSE["services"]))
def test_a_container_has_no_more_than_it_needs(service: Document) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["healthcheck"]["test"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["restart"] == "unless-stopped"
    assert not service.keys() & {"privileged", "network_mode", "pid", "devices", "userns_mode"}


@pytest.mark.parametrize("service", list(COMPOSE["services"].values()), ids=list(COMPOSE["services"]))
def test_a_container_is_reached_from_this_machine_alone(service: Document) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_services_have_a_network_each() -> None:
    used = [tuple(service["networks"]) for service in COMPOSE["services"].values()]
    assert len(set(used)) == len(used)
    assert {name for names in used for name in names} == set(COMPOSE["networks"])


def test_what_is_mounted_is_what_is_prepared_and_cannot_be_changed() -> None:
    prepared = (ROOT / "infra/compose/prepare").read_text()
    for service in COMPOSE["services"].values():
        for volume in service["volumes"]:
            source, _, rest = volume.partition(":")
            if source.startswith("."):
                assert source.startswith("../../.services/compose/")
                assert source.rpartition("/")[2] in prepared
                assert rest.endswith(":ro") or source.endswith("/data")


def test_no_secret_is_in_the_compose_file() -> None:
    for service in COMPOSE["services"].values():
        assert not [n for n in service.get("environment", {}) if "PASSWORD" in n and not n.endswith("_FILE")]


# ---------------------------------------------------------------------------------------------------------- kubernetes


def test_every_worker_is_deployed_by_its_command() -> None:
    assert set(DEPLOYMENTS) == {*WORKERS, "serve", "opa"}
    for name in WORKERS:
        assert pod(DEPLOYMENTS[name])["containers"][0]["command"] == ["sightline", "worker", name]
    assert pod(DEPLOYMENTS["serve"])["containers"][0]["command"] == ["sightline", "serve"]


@pytest.mark.parametrize("deployment", list(DEPLOYMENTS.values()), ids=list(DEPLOYMENTS))
def test_a_pod_is_what_the_strictest_standard_asks_for(deployment: Document) -> None:
    spec = pod(deployment)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
    assert all(
        volume.keys() & {"emptyDir", "secret", "configMap", "persistentVolumeClaim"} for volume in spec["volumes"]
    )


@pytest.mark.parametrize("container", containers())
def test_a_container_of_a_pod_has_limits_probes_and_no_privilege(container: Document) -> None:
    assert {"cpu", "memory"} <= container["resources"]["limits"].keys()
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    ports = {port["name"] for port in container["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] in ports


@pytest.mark.parametrize("deployment", list(DEPLOYMENTS.values()), ids=list(DEPLOYMENTS))
def test_what_is_selected_is_what_is_started(deployment: Document) -> None:
    assert deployment["spec"]["selector"]["matchLabels"] == deployment["spec"]["template"]["metadata"]["labels"]
    mounted = {mount["name"] for mount in pod(deployment)["containers"][0]["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod(deployment)["volumes"]}


def secrets_of(name: str) -> set[str]:
    """The secrets that a deployment's pods are given."""
    return {
        v["secret"]["secretName"].removeprefix("sightline-") for v in pod(DEPLOYMENTS[name])["volumes"] if "secret" in v
    }


def test_each_stage_holds_the_keys_that_the_design_gives_it() -> None:
    held = {name: {s for s in secrets_of(name) if s.startswith("keys-")} for name in DEPLOYMENTS}
    assert held == {
        "record": {"keys-record"},
        "decide": {"keys-decide"},
        "seal": {"keys-seal"},
        "serve": {"keys-serve"},
        "clock": {"keys-clock"},
        "relay": set(),
        "opa": set(),
    }


def test_the_sealers_export_to_one_folder_that_outlives_them_and_nobody_else_writes() -> None:
    (claim,) = documents("PersistentVolumeClaim")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    name = claim["metadata"]["name"]
    mounted = {
        stage: mount
        for stage, deployment in DEPLOYMENTS.items()
        for volume in pod(deployment)["volumes"]
        if volume.get("persistentVolumeClaim", {}).get("claimName") == name
        for mount in pod(deployment)["containers"][0]["volumeMounts"]
        if mount["name"] == volume["name"]
    }
    assert mounted.keys() == {"seal"}
    given = {e["name"]: e["value"] for e in pod(DEPLOYMENTS["seal"])["containers"][0]["env"]}
    assert given["SIGHTLINE_REGISTER_FOLDER"].startswith(mounted["seal"]["mountPath"] + "/")


def test_every_setting_that_is_given_is_one_that_there_is() -> None:
    (config,) = documents("ConfigMap")
    given = {e["name"] for d in documents("Deployment") for c in pod(d)["containers"] for e in c.get("env", ())}
    known = {f"SIGHTLINE_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in {*given, *config["data"]} if name.startswith("SIGHTLINE_")} <= known


def test_the_broker_is_reached_by_the_workers_that_have_a_user_there() -> None:
    document = yaml.safe_load((ROOT / "infra/kafka/topics.yaml").read_text())
    users = {user.removeprefix("hub.") for user in declared(document).users if user.startswith("hub.")}
    assert {name for name in DEPLOYMENTS if f"broker-{name}" in secrets_of(name)} == users
    (policy,) = [d for d in documents("NetworkPolicy") if d["metadata"]["name"] == "to-broker"]
    (chosen,) = policy["spec"]["podSelector"]["matchExpressions"]
    assert set(chosen["values"]) == users


def test_nothing_is_reached_unless_it_is_said() -> None:
    everything = [d["spec"] for d in documents("NetworkPolicy") if d["spec"]["podSelector"] == {}]
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in everything
    for policy in documents("NetworkPolicy"):
        for rule in policy["spec"].get("ingress", []) + policy["spec"].get("egress", []):
            assert rule.get("from") or rule.get("to"), policy["metadata"]["name"]
            assert rule["ports"], policy["metadata"]["name"]


def test_the_namespace_enforces_the_strictest_standard() -> None:
    (namespace,) = documents("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_every_file_of_the_base_is_in_it() -> None:
    base = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    assert {*base["resources"], "kustomization.yaml"} == {path.name for path in KUBERNETES.glob("*.yaml")}


def test_no_secret_is_in_the_base() -> None:
    assert documents("Secret") == []
