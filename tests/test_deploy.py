"""The image and the files that run it agree with each other, with imagebot, and with what they say.

That the image can be built, and runs under these restrictions, is shown by `make image`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from imagebot import __version__
from imagebot.cli.bot import TOKEN_VARIABLE
from imagebot.cli.run import command
from imagebot.cli.serve import command as serve_command
from imagebot.config.load import load_bot_configuration
from imagebot.config.secret_source import SecretSource
from imagebot.manifest.scan import scan
from imagebot.parallel.stop import LAST
from imagebot.problem import Exit

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
FILES = sorted(path.name for path in DEPLOY.glob("*.yaml"))
WORKLOADS = ["cronjob.yaml", "deployment.yaml", "serve.yaml"]
DEPLOYMENTS = ["deployment.yaml", "serve.yaml"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
GUIDE = (ROOT / "docs" / "deploying.md").read_text()
IMAGE = "ghcr.io/imagebot/imagebot"
USER = 65532
COMMANDS = {"run": command, "serve": serve_command}
JOBS = {path.name: path.read_text() for path in (DEPLOY / "ci").iterdir()}


def documents(text: str) -> list[dict[str, Any]]:
    return list(YAML(typ="safe").load_all(text))


def load(name: str) -> list[dict[str, Any]]:
    return documents((DEPLOY / name).read_text())


def workload(name: str) -> dict[str, Any]:
    (found,) = (each for each in load(name) if each["kind"] in ("CronJob", "Deployment"))
    return found


def pod(name: str) -> dict[str, Any]:
    spec = workload(name)["spec"]
    spec = spec.get("jobTemplate", {}).get("spec", spec)
    found: dict[str, Any] = spec["template"]["spec"]
    return found


def container(name: str) -> dict[str, Any]:
    (found,) = pod(name)["containers"]
    assert isinstance(found, dict)
    return found


def blocks(language: str) -> Iterator[str]:
    """The code blocks of the guide, without the indentation of the list that they are in."""
    for indent, body in re.findall(rf"(?ms)^( *)```{language}\n(.*?)^ *```$", GUIDE):
        yield re.sub(f"(?m)^{indent}", "", body)


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of this name in the Dockerfile, lines joined."""
    joined = re.sub(r"(?m)^#.*\n", "", DOCKERFILE).replace("\\\n", "")
    return re.findall(rf"(?m)^{name} +(.*)$", joined)


class TestWorkloads:
    @pytest.mark.parametrize("name", WORKLOADS)
    def test_the_pod_is_restricted(self, name: str) -> None:
        """What the `restricted` Pod Security Standard asks for, and more."""
        spec = pod(name)
        assert spec["automountServiceAccountToken"] is False
        assert spec["serviceAccountName"] == "imagebot"
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & spec.keys()
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True
        assert [context[key] for key in ("runAsUser", "runAsGroup", "fsGroup")] == [USER] * 3
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container(name)["securityContext"] == {
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }

    @pytest.mark.parametrize("name", WORKLOADS)
    def test_resources_are_bounded(self, name: str) -> None:
        resources = container(name)["resources"]
        assert resources["limits"].keys() == {"memory", "ephemeral-storage"}
        assert resources["requests"].keys() == {"cpu", "memory", "ephemeral-storage"}

    @pytest.mark.parametrize("name", WORKLOADS)
    def test_secrets_are_files(self, name: str) -> None:
        assert not {"env", "envFrom"} & container(name).keys()
        (secret,) = [volume for volume in pod(name)["volumes"] if "secret" in volume]
        # For the group only: ssh refuses a key that others may read.
        assert secret["secret"] == {"secretName": "imagebot", "defaultMode": 0o440}

    @pytest.mark.parametrize("name", WORKLOADS)
    def test_every_mount_has_its_volume(self, name: str) -> None:
        volumes = {volume["name"]: volume for volume in pod(name)["volumes"]}
        mounts = {mount["name"]: mount for mount in container(name)["volumeMounts"]}
        assert volumes.keys() == mounts.keys()
        for volume_name, volume in volumes.items():
            writable = "emptyDir" in volume
            assert mounts[volume_name].get("readOnly", False) is not writable
            assert not writable or "sizeLimit" in volume["emptyDir"]

    @pytest.mark.parametrize("name", WORKLOADS)
    def test_imagebot_takes_the_arguments(self, name: str) -> None:
        subcommand, *arguments = container(name)["args"]
        assert subcommand == ("serve" if name == "serve.yaml" else "run")
        parameters = COMMANDS[subcommand].make_context(subcommand, arguments).params
        assert parameters["bot_file"] == "/etc/imagebot/bot.yaml"
        if subcommand == "run":
            assert parameters["every"] == (300 if name == "deployment.yaml" else None)

    def test_one_job_at_a_time_and_not_for_ever(self) -> None:
        spec = workload("cronjob.yaml")["spec"]
        assert spec["concurrencyPolicy"] == "Forbid"
        job = spec["jobTemplate"]["spec"]
        assert (job["backoffLimit"], job["template"]["spec"]["restartPolicy"]) == (0, "Never")
        assert 0 < job["activeDeadlineSeconds"] <= 3600

    @pytest.mark.parametrize("name", DEPLOYMENTS)
    def test_one_bot_that_may_finish_its_push(self, name: str) -> None:
        spec = workload(name)["spec"]
        assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
        assert pod(name)["terminationGracePeriodSeconds"] > LAST
        template = spec["template"]["metadata"]["labels"]
        assert spec["selector"]["matchLabels"].items() <= template.items()


class TestFiles:
    @pytest.mark.parametrize("name", FILES)
    def test_in_whatever_namespace(self, name: str) -> None:
        for document in load(name):
            assert {"apiVersion", "kind"} <= document.keys()
            assert "namespace" not in document.get("metadata", {})

    def test_the_service_account_has_no_token(self) -> None:
        account, configuration = load("configuration.yaml")
        assert (account["kind"], account["metadata"]["name"]) == ("ServiceAccount", "imagebot")
        assert account["automountServiceAccountToken"] is False
        assert configuration["kind"] == "ConfigMap"

    def test_no_secret_is_committed(self) -> None:
        assert all(document["kind"] != "Secret" for name in FILES for document in load(name))

    def test_the_bot_s_file_is_right_and_its_secrets_are_mounted(self) -> None:
        _, configuration = load("configuration.yaml")
        ((name, text),) = configuration["data"].items()
        bot = load_bot_configuration(text, f"/etc/imagebot/{name}")
        (target,) = bot.targets
        assert target.credential is not None
        assert target.credential.token == SecretSource("file", "/run/secrets/imagebot/git-token")
        assert target.limits.max_updates is not None
        for workload_name in WORKLOADS:
            mounts = {m["name"]: m["mountPath"] for m in container(workload_name)["volumeMounts"]}
            assert mounts["secret"] == "/run/secrets/imagebot"
            assert mounts["configuration"] == "/etc/imagebot"

    def test_the_commented_lines_of_the_bot_s_file_are_right_too(self) -> None:
        _, configuration = load("configuration.yaml")
        text = re.sub(
            r"(?m)^( *)# (registries:|  ghcr)", r"\1\2", configuration["data"]["bot.yaml"]
        )
        bot = load_bot_configuration(text, "bot.yaml")
        assert [entry.key for entry in bot.registry_credentials] == ["ghcr.io/acme"]

    def test_the_kustomization_names_files_that_are_there(self) -> None:
        (kustomization,) = load("kustomization.yaml")
        assert kustomization["resources"] == ["configuration.yaml", "deployment.yaml"]
        assert {*kustomization["resources"], *WORKLOADS} < set(FILES)

    @pytest.mark.parametrize("name", [*WORKLOADS, "kustomization.yaml"])
    def test_imagebot_finds_its_own_image(self, name: str) -> None:
        found = scan(f"deploy/{name}", (DEPLOY / name).read_bytes())
        assert [str(field.reference) for field in found.fields] == [f"{IMAGE}:{__version__}"]


class TestJobs:
    def run_of(self, line: str) -> dict[str, Any]:
        """The parameters of the one call of `imagebot run` in a line of a script."""
        program, subcommand, *arguments = line.split()
        assert (program, subcommand) == ("imagebot", "run")
        return command.make_context("run", arguments).params

    def test_github_s_does_one_pass_of_its_own_repository(self) -> None:
        (workflow,) = documents(JOBS["github-actions.yaml"])
        assert workflow["permissions"] == {"contents": "write", "pull-requests": "write"}
        assert workflow["concurrency"]["cancel-in-progress"] is False
        (job,) = workflow["jobs"].values()
        assert job["timeout-minutes"] <= 60
        checkout, install, run = job["steps"]
        assert checkout["uses"].startswith("actions/checkout@")
        assert checkout["with"] == {"persist-credentials": False}
        assert f"/imagebot@v{__version__}" in install["run"]
        parameters = self.run_of(run["run"])
        assert (parameters["bot_file"], parameters["every"]) == (None, None)
        # Given to this step alone.
        assert list(run["env"]) == [TOKEN_VARIABLE]
        assert "env" not in job
        assert "env" not in workflow

    def test_gitlab_s_does_one_pass_of_a_schedule(self) -> None:
        (pipeline,) = documents(JOBS["gitlab-ci.yaml"])
        ((name, job),) = pipeline.items()
        assert name == job["resource_group"] == "imagebot"
        assert [rule["if"] for rule in job["rules"]] == ['$CI_PIPELINE_SOURCE == "schedule"']
        (line,) = job["script"]
        parameters = self.run_of(line)
        assert parameters["bot_file"] == "bot.yaml"
        assert job["artifacts"] == {"when": "always", "paths": [parameters["report"]]}

    def test_imagebot_finds_its_own_image(self) -> None:
        found = scan(".gitlab-ci.yml", JOBS["gitlab-ci.yaml"].encode())
        assert [str(field.reference) for field in found.fields] == [f"{IMAGE}:{__version__}"]

    def test_every_exit_code_of_a_pass_is_explained(self) -> None:
        rows = set(re.findall(r"(?m)^\| (\d+) \|", GUIDE))
        assert rows == {str(int(code)) for code in Exit} - {
            str(int(Exit.PENDING)),
            str(int(Exit.NOTHING_CHOSEN)),
        }


class TestImage:
    def test_runs_as_the_user_of_the_workloads(self) -> None:
        assert instructions("USER") == [f"{USER}:{USER}"]
        assert f"--uid {USER}" in DOCKERFILE
        assert instructions("ENTRYPOINT") == ['["imagebot"]']
        assert instructions("HEALTHCHECK") == ["NONE"]

    def test_the_cache_is_where_the_workloads_mount_it(self) -> None:
        assert instructions("VOLUME") == ['["/var/cache/imagebot"]']
        (environment,) = instructions("ENV")
        # platformdirs appends the application's name.
        assert "XDG_CACHE_HOME=/var/cache " in environment
        for name in WORKLOADS:
            mounts = {m["name"]: m["mountPath"] for m in container(name)["volumeMounts"]}
            assert (mounts["cache"], mounts["tmp"]) == ("/var/cache/imagebot", "/tmp")

    def test_the_daemon_is_included(self) -> None:
        assert '"$(echo /build/wheel/*.whl)[serve]"' in DOCKERFILE

    def test_takes_nothing_of_the_checkout_but_the_package(self) -> None:
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        rules = [line for line in lines if line and not line.startswith("#")]
        assert rules[0] == "*"
        allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
        package = {"imagebot", "policies", "pyproject.toml", "README.md", "LICENSE"}
        assert allowed == {*package, "constraints.txt"}
        assert all((ROOT / name).exists() for name in allowed)

    def test_build_settings_are_secrets_not_arguments(self) -> None:
        arguments = {line.partition("=")[0] for line in instructions("ARG")}
        assert arguments == {"BASE", "VERSION", "REVISION"}
        (environment,) = instructions("ENV")
        assert not re.search(r"(?i)pip|proxy|cert|token|index", environment)

    def test_the_default_base_is_public_and_pinned_to_a_version(self) -> None:
        base = next(line for line in instructions("ARG") if line.startswith("BASE="))
        assert re.fullmatch(r"BASE=docker\.io/library/python:3\.\d+-slim-[a-z]+", base)


class TestBuildScript:
    """What tools/image.sh says where it cannot build; nothing is built or installed here."""

    def run(self, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / "tools" / "image.sh")],
            env={"PATH": str(path), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    @pytest.fixture
    def bare(self, tmp_path: Path) -> Path:
        """A PATH with nothing but what the script starts with; `id` says root."""
        for program in ["bash", "dirname", "env"]:
            found = shutil.which(program)
            assert found
            (tmp_path / program).symlink_to(found)
        self.pretend_user(tmp_path, 0)
        return tmp_path

    def pretend_user(self, path: Path, user: int) -> None:
        (path / "id").write_text(f"#!/bin/sh\necho {user}\n")
        (path / "id").chmod(0o755)

    @pytest.mark.parametrize(("ci", "status"), [({}, 3), ({"CI": "true"}, 1)])
    def test_not_root(self, bare: Path, ci: dict[str, str], status: int) -> None:
        self.pretend_user(bare, 1000)
        done = self.run(bare, **ci)
        assert (done.returncode, done.stdout) == (status, "")
        (line,) = done.stderr.splitlines()
        assert "needs root" in line

    @pytest.mark.parametrize(("ci", "status"), [({}, 3), ({"CI": "true"}, 1)])
    def test_programs_missing(self, bare: Path, ci: dict[str, str], status: int) -> None:
        done = self.run(bare, **ci)
        assert (done.returncode, done.stdout) == (status, "")
        (line,) = done.stderr.splitlines()
        assert "missing: buildah debootstrap" in line

    def test_arguments(self) -> None:
        done = subprocess.run(
            [str(ROOT / "tools" / "image.sh"), "--nonsense"],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 2
        assert done.stderr.startswith("usage:")


class TestGuide:
    def test_its_yaml_is_right(self) -> None:
        seen = []
        for text in blocks("yaml"):
            name = text.partition("\n")[0].removeprefix("# ")
            seen.append(name)
            if name == "bot.yaml":
                bot = load_bot_configuration(text, name)
                assert bot.targets or bot.serve
            elif text in JOBS.values():
                assert documents(text)
            else:
                (kustomization,) = documents(text)
                assert kustomization["kind"] == "Kustomization"
                (image,) = kustomization["images"]
                assert (image["name"], image["newTag"]) == (IMAGE, __version__)
        others = [name for name in seen if not name.endswith("bot.yaml")]
        assert others[:1] == ["kustomization.yaml"]
        assert seen.count("bot.yaml") == 4
        # The same as in the folder, whole.
        assert set(JOBS.values()) <= set(blocks("yaml"))

    def test_its_daemon_is_that_of_the_folder(self) -> None:
        texts = [text for text in blocks("yaml") if text.startswith("# bot.yaml")]
        (shown,) = (bot.serve for text in texts if (bot := load_bot_configuration(text, "")).serve)
        _, configuration = load("configuration.yaml")
        assert shown == load_bot_configuration(configuration["data"]["bot.yaml"], "").serve

    def test_its_files_are_there(self) -> None:
        links = re.findall(r"\]\((\.\./[^)#]+)\)", GUIDE)
        assert len(links) >= 3
        assert all((ROOT / "docs" / link).exists() for link in links)

    def test_what_it_mounts_is_what_the_workloads_mount(self) -> None:
        paths = set(re.findall(r"/run/secrets/imagebot|/etc/imagebot|/var/cache/imagebot", GUIDE))
        assert paths == {"/run/secrets/imagebot", "/etc/imagebot", "/var/cache/imagebot"}

    def test_its_commands_create_every_secret_that_its_files_read(self) -> None:
        created = set(re.findall(r"--from-file=([\w-]+)", "".join(blocks("console"))))
        read = set(re.findall(r"/run/secrets/imagebot/([\w-]+)", "".join(blocks("yaml"))))
        assert read
        assert read <= created

    def test_its_secrets_are_the_dockerfile_s(self) -> None:
        mounted = set(re.findall(r"--mount=type=secret,id=([a-z.]+)", DOCKERFILE))
        assert mounted == {"pip.conf", "ca.pem", "apt.conf", "apt.sources.list"}
        assert all(f"`{name}`" in GUIDE for name in mounted)
