"""The files that run the daemon: valid for Kubernetes, and agreed with each other and imagebot."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from imagebot.config.load import load_bot_configuration
from imagebot.config.model_serve import ServeOptions
from imagebot.run.metrics import METRICS
from tests.support.kustomize import build
from tests.support.prometheus import promtool

DEPLOY = Path(__file__).parent.parent / "deploy"
FILES = sorted(path.name for path in DEPLOY.glob("*.yaml"))
OF_THE_OPERATOR = "monitoring.coreos.com/v1"
OF_KUSTOMIZE = "kustomize.config.k8s.io/v1beta1"
DURATION = {"type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$"}
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
METADATA = {
    "type": "object",
    "properties": {"name": {"pattern": "^[a-z0-9-]+$"}, "labels": TEXTS},
    "required": ["name"],
    "additionalProperties": False,
}


def of_operator(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    properties = {
        "apiVersion": {"const": OF_THE_OPERATOR},
        "kind": {"const": kind},
        "metadata": METADATA,
        "spec": spec,
    }
    return strict(properties, *properties)


def strict(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


# What is used here of the fields that the operator's API reference documents.
OPERATOR_SCHEMAS = {
    "ServiceMonitor": of_operator(
        "ServiceMonitor",
        strict(
            {
                "selector": strict({"matchLabels": TEXTS}, "matchLabels"),
                "endpoints": {
                    "type": "array",
                    "items": strict(
                        {
                            "port": {"type": "string"},
                            "path": {"pattern": "^/"},
                            "interval": DURATION,
                            "scrapeTimeout": DURATION,
                        },
                        "port",
                    ),
                },
            },
            "selector",
            "endpoints",
        ),
    ),
    "PrometheusRule": of_operator(
        "PrometheusRule",
        strict(
            {
                "groups": {
                    "type": "array",
                    "items": strict(
                        {
                            "name": {"type": "string"},
                            "rules": {
                                "type": "array",
                                "items": strict(
                                    {
                                        "alert": {"pattern": "^[A-Za-z]+$"},
                                        "expr": {"type": "string"},
                                        "for": DURATION,
                                        "labels": TEXTS,
                                        "annotations": TEXTS,
                                    },
                                    *("alert", "expr", "labels", "annotations"),
                                ),
                            },
                        },
                        *("name", "rules"),
                    ),
                }
            },
            "groups",
        ),
    ),
}


def load(name: str) -> list[dict[str, Any]]:
    return list(YAML(typ="safe").load_all((DEPLOY / name).read_text()))


def one(kind: str, name: str = "imagebot") -> dict[str, Any]:
    """The document of a kind and a name that is in one of the daemon's files."""
    files = ("serve.yaml", "monitoring.yaml", "network-policy.yaml", "ingress.yaml")
    (found,) = (
        document
        for file in files
        for document in load(file)
        if (document["kind"], document["metadata"]["name"]) == (kind, name)
    )
    return found


def options() -> ServeOptions:
    _, configuration = load("configuration.yaml")
    serve = load_bot_configuration(configuration["data"]["bot.yaml"], "bot.yaml").serve
    assert serve is not None
    return serve


def container() -> dict[str, Any]:
    (found,) = one("Deployment")["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", FILES)
def test_it_is_valid(name: str) -> None:
    """By Kubernetes' own schemas; by ours for what the Prometheus operator reads."""
    import kubernetes_validate

    for document in load(name):
        if document["apiVersion"] == OF_THE_OPERATOR:
            jsonschema.validate(document, OPERATOR_SCHEMAS[document["kind"]])
        elif document["apiVersion"] != OF_KUSTOMIZE:
            for version in ("1.30", "1.35"):
                kubernetes_validate.validate(document, version, strict=True)


def test_what_is_not_valid_would_be_found() -> None:
    import kubernetes_validate

    service = one("Service")
    service["spec"]["ports"][0]["targetport"] = "http"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(service, "1.35", strict=True)
    for kind, field in (("ServiceMonitor", "endpoints"), ("PrometheusRule", "groups")):
        document = one(kind)
        document["spec"][f"{field}s"] = document["spec"].pop(field)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, OPERATOR_SCHEMAS[kind])


class TestParts:
    def test_it_listens_at_the_ports_of_its_container(self) -> None:
        serve = options()
        assert serve.hooks_listen is not None
        ports = {each["name"]: each["containerPort"] for each in container()["ports"]}
        assert ports == {"http": serve.listen.port, "hooks": serve.hooks_listen.port}
        assert serve.listen.host == serve.hooks_listen.host == "0.0.0.0"

    def test_nothing_is_open(self) -> None:
        serve = options()
        assert serve.password is not None
        assert serve.hooks
        for hook in serve.hooks.values():
            assert hook.secret is not None
            assert hook.secret.name.startswith("/run/secrets/imagebot/")

    def test_probes(self) -> None:
        asked = {name: container()[name]["httpGet"] for name in ("livenessProbe", "readinessProbe")}
        assert asked == {
            "livenessProbe": {"path": "/healthz", "port": "http"},
            "readinessProbe": {"path": "/readyz", "port": "http"},
        }

    def test_services_lead_to_the_daemon(self) -> None:
        labels = one("Deployment")["spec"]["template"]["metadata"]["labels"]
        names = {each["name"] for each in container()["ports"]}
        for service in (one("Service"), one("Service", "imagebot-hooks")):
            assert service["spec"]["selector"].items() <= labels.items()
            assert {each["targetPort"] for each in service["spec"]["ports"]} < names

    def test_only_hooks_are_exposed(self) -> None:
        (rule,) = one("Ingress", "imagebot-hooks")["spec"]["rules"]
        (path,) = rule["http"]["paths"]
        service = one("Service", path["backend"]["service"]["name"])
        (port,) = service["spec"]["ports"]
        assert path["backend"]["service"]["port"] == {"name": port["name"]}
        assert (path["path"], port["targetPort"]) == ("/hooks/", "hooks")
        assert service["spec"]["publishNotReadyAddresses"] is True
        (tls,) = one("Ingress", "imagebot-hooks")["spec"]["tls"]
        assert tls["hosts"] == [rule["host"]]

    def test_prometheus_scrapes_the_one_service_with_metrics(self) -> None:
        spec = one("ServiceMonitor")["spec"]
        wanted = spec["selector"]["matchLabels"].items()
        services = [document for document in load("serve.yaml") if document["kind"] == "Service"]
        (service,) = (each for each in services if wanted <= each["metadata"]["labels"].items())
        (endpoint,) = spec["endpoints"]
        assert endpoint["port"] in {each["name"] for each in service["spec"]["ports"]}
        assert endpoint["path"] == "/metrics"

    def test_the_network_policy_names_every_port(self) -> None:
        spec = one("NetworkPolicy")["spec"]
        labels = one("Deployment")["spec"]["template"]["metadata"]["labels"]
        assert spec["podSelector"]["matchLabels"].items() <= labels.items()
        allowed = {port["port"] for rule in spec["ingress"] for port in rule["ports"]}
        assert allowed == {each["name"] for each in container()["ports"]}
        assert all(rule["from"] for rule in spec["ingress"])
        # What it asks is anywhere.
        assert spec["policyTypes"] == ["Ingress"]


def test_kustomize_builds_it(tmp_path: Path) -> None:
    """As the guide says: a folder that takes what it needs of deploy/."""
    names = ["configuration.yaml", "serve.yaml", "monitoring.yaml", "network-policy.yaml"]
    for name in names:
        shutil.copy(DEPLOY / name, tmp_path)
    overlay = {
        "resources": names,
        "namespace": "tools",
        "images": [{"name": "ghcr.io/imagebot/imagebot", "newName": "registry.example.com/bot"}],
    }
    YAML().dump(overlay, tmp_path / "kustomization.yaml")
    built = build(tmp_path)
    assert built is not None
    documents = list(YAML(typ="safe").load_all(built))
    assert {each["metadata"]["namespace"] for each in documents} == {"tools"}
    assert {each["kind"] for each in documents} == {
        *("ServiceAccount", "ConfigMap", "Deployment", "Service"),
        *("ServiceMonitor", "PrometheusRule", "NetworkPolicy"),
    }
    assert "image: registry.example.com/bot:" in built


def rules() -> Iterator[dict[str, Any]]:
    for group in one("PrometheusRule")["spec"]["groups"]:
        yield from group["rules"]


def test_there_are_alerts() -> None:
    assert {rule["alert"] for rule in rules()} == {
        "ImagebotTargetStale",
        "ImagebotAbsent",
        "ImagebotConfigurationRefused",
        "ImagebotHooksRefused",
        "ImagebotLatencyHigh",
    }


@pytest.mark.parametrize("rule", list(rules()), ids=lambda rule: rule["alert"])
def test_an_alert_is_about_metrics_that_there_are(rule: dict[str, Any]) -> None:
    known = {
        metric.name + ("_bucket" if metric.type == "histogram" else ""): metric
        for metric in METRICS
    }
    used = set(re.findall(r"\bimagebot_\w+", rule["expr"]))
    assert used
    assert used <= set(known)
    # `namespace` is what Prometheus adds where it scrapes.
    labels = {label for name in used for label in (*known[name].labels, "le", "namespace")}
    for group in re.findall(r"by \(([^)]*)\)", rule["expr"]):
        assert set(group.split(", ")) <= labels
    assert set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))) <= labels


SERIES = {
    "ImagebotTargetStale": (
        'imagebot_target_last_good_pass_timestamp_seconds{target="a"}',
        ("0x300", 80, 70),
    ),
    "ImagebotAbsent": ("imagebot_other", ("1x300", 20, 10)),
    "ImagebotConfigurationRefused": ("imagebot_configuration_refused", ("0x20 1x300", 30, 22)),
    "ImagebotHooksRefused": (
        'imagebot_hook_deliveries_total{hook="ghcr",outcome="unauthorized",namespace="x"}',
        ("0x20 0+1x20 20x100", 40, 20),
    ),
    "ImagebotLatencyHigh": (
        'imagebot_push_to_commit_seconds_bucket{le="%s",namespace="x"}',
        ("0x20 0+1x300", 90, 15),
    ),
}


@pytest.mark.parametrize("rule", list(rules()), ids=lambda rule: rule["alert"])
def test_an_alert_comes_when_it_should(rule: dict[str, Any], tmp_path: Path) -> None:
    """`promtool test rules`: values by the minute, when it has come, and when it has not yet."""
    name = rule["alert"]
    series, (values, fires, silent) = SERIES[name]
    given = [(series, values)]
    if "%s" in series:
        slow = {"30.0": "0x400", "60.0": values, "+Inf": values}
        given = [(series % bound, each) for bound, each in slow.items()]
    labels = dict(re.findall(r'(\w+)="([^"]*)"', series))
    kept = {key: labels[key] for key in ("target", "hook", "namespace") if key in labels}
    annotations = {
        key: re.sub(r"{{ \$labels\.(\w+) }}", lambda found: kept[found[1]], text)
        for key, text in rule["annotations"].items()
    }
    expected = {"exp_labels": {**rule["labels"], **kept}, "exp_annotations": annotations}
    yaml = YAML()
    yaml.dump(dict(one("PrometheusRule")["spec"]), tmp_path / "rules.yaml")
    test = {
        "interval": "1m",
        "input_series": [{"series": each, "values": of} for each, of in given],
        "alert_rule_test": [
            {"eval_time": f"{silent}m", "alertname": name, "exp_alerts": []},
            {"eval_time": f"{fires}m", "alertname": name, "exp_alerts": [expected]},
        ],
    }
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    yaml.dump(document, tmp_path / "test.yaml")
    code, said = promtool("check", "rules", "--lint=all", str(tmp_path / "rules.yaml"))
    assert code == 0, said
    code, said = promtool("test", "rules", str(tmp_path / "test.yaml"))
    assert code == 0, said
