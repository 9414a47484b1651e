"""Images of strangers' folders, built by a real engine: what a build sees, reaches and may take."""

import json
import time
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import docker
import pytest

from benchmark.errors import InputError, RunError
from harness.contestants.registry import BackboneFacts
from harness.execution.runners import docker_images
from harness.execution.runners.base import JobFolder, Limits
from harness.execution.runners.docker import DockerRunner, connect, image_overrides
from harness.execution.runners.image_builds import CONTENT, BuildLimits
from harness.workspace import Workspace
from support.misbehaviour import ignore

NAME = f"guest{uuid.uuid4().hex[:8]}"
LONGEST_REMOVAL = 30.0
"""Seconds until everything that a test built is gone."""

FACTS = BackboneFacts(name=NAME, title="Guest", paper="none", licence="none", capabilities=(), input={})
on_engine = pytest.mark.docker
SHOW = """
import json, os, sys
found = {}
for name, path in (("env", "/proc/self/environ"), ("limits", "/proc/self/limits"), ("quota", "/sys/fs/cgroup/cpu.max")):
    found[name] = open(path).read() if os.path.exists(path) else ""
found["data"] = sorted(os.listdir("/job/data"))
found["mounts"] = open("/proc/mounts").read()
def writes(path):
    try:
        open(path + "/probe", "w").close()
        return True
    except OSError:
        return False
found["volume"] = writes("/precious")
print(json.dumps(found))
"""


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    engine = connect()
    yield engine
    left = [str(image.id) for image in engine.images.list(all=True, filters={"label": f"owner={NAME}"})]
    until = time.monotonic() + LONGEST_REMOVAL
    while left:  # an image can be removed once those built on it and the container of a stopped build are
        left = [image_id for image_id in left if not remove_image(engine, image_id)]
        assert time.monotonic() < until, f"images of this test are left: {left}"
    engine.close()


def remove_image(engine: docker.DockerClient, image_id: str) -> bool:
    """Whether the image is gone now; an image that others are built on stays."""
    try:
        engine.images.remove(image_id, force=True)
    except docker.errors.ImageNotFound:
        return True
    except docker.errors.APIError as error:
        if error.status_code != HTTPStatus.CONFLICT:
            raise
        return False
    return True


def workspace(root: Path, *steps: str, entry: str = "import sys") -> Workspace:
    for name in ("kit", NAME):
        (root / "backbones" / name).mkdir(parents=True)
    (root / "backbones" / "__init__.py").touch()
    kit = f"ARG PYTHON_IMAGE\nFROM ${{PYTHON_IMAGE}}\nLABEL owner={NAME}\n"
    (root / "backbones" / "kit" / "Dockerfile").write_text(kit)
    (root / "backbones" / NAME / "main.py").write_text(entry)
    recipe = ["ARG KIT", "FROM ${KIT}", *steps, f"COPY {NAME}/main.py /main.py", 'ENTRYPOINT ["python3", "/main.py"]']
    (root / "backbones" / NAME / "Dockerfile").write_text("\n".join(recipe))
    return Workspace(root)


@pytest.fixture
def proxies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whose Docker client has proxies with a password."""
    (tmp_path / "docker").mkdir()
    proxy = {"httpProxy": "http://user:PASSWORD@proxy:1", "httpsProxy": "http://user:PASSWORD@proxy:1"}
    (tmp_path / "docker" / "config.json").write_text(json.dumps({"proxies": {"default": proxy}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


@on_engine
@pytest.mark.usefixtures("proxies")
def test_a_build_has_no_network_no_proxy_and_the_image_s_declarations_do_not_hold(
    tmp_path: Path, client: docker.DockerClient
) -> None:
    """One image for all of it, because builds are slow."""
    home = workspace(
        tmp_path / "work",
        "RUN env >/build-env; ls /sys/class/net >/build-net; cat /sys/fs/cgroup/memory.max >/build-memory || true",
        "ENV LD_PRELOAD=/evil.so NVIDIA_VISIBLE_DEVICES=all LD_AUDIT=/evil.so MINE=kept",
        "VOLUME /precious /job/out",
        "HEALTHCHECK --interval=1s CMD touch /job/out/healthy",
        entry="import runpy\nprint(open('/build-env').read(), open('/build-net').read())\n"
        "runpy.run_path('/job/in/deed.py')\n",
    )
    lines: list[str] = []
    runner = DockerRunner(home, client)
    runner.prepare(FACTS, lines.append)
    assert len(lines) == 4
    log = next(home.store.glob(f"builds/{NAME}-*.log")).read_text()
    assert "COPY" in log
    job = tmp_path / "job"
    (job / "data").mkdir(parents=True)
    for name in ("job.json", "data/table.csv", "data/stage.json", "data/annotations.csv"):
        (job / name).write_text("{}")
    (tmp_path / "deed.py").write_text(SHOW)
    said: list[str] = []
    limits = Limits(60, 0.5, cpus=1, out_bytes=2**22)
    folder = JobFolder(job, job / "data", {"deed.py": tmp_path / "deed.py"})
    assert runner.run(FACTS, "train", folder, limits, said.append).status == "ok"
    build, found = "".join(said[:-1]), json.loads(said[-1])
    assert "PASSWORD" not in build
    assert "eth0" not in build
    assert "PASSWORD" not in found["env"]
    environment = dict(entry.split("=", 1) for entry in found["env"].strip("\0").split("\0"))
    assert {"LD_PRELOAD", "LD_AUDIT"} & set(environment) == set()
    assert (environment["NVIDIA_VISIBLE_DEVICES"], environment["MINE"]) == ("void", "kept")
    rows = {line[:26].strip(): line[26:].split() for line in found["limits"].splitlines()}
    assert rows["Max open files"][:2] == ["4096", "4096"]
    assert rows["Max file size"][:2] == [str(2**22)] * 2
    assert found["data"] == ["table.csv"]
    assert not found["volume"]
    assert not (job / "out" / "healthy").exists()
    assert found["quota"] in ("", "100000 100000\n")


@on_engine
@pytest.mark.parametrize(
    ("deed", "cause"),
    [
        ("[open(f'/job/out/f{i}', 'w').close() for i in range(300)]", "more than 100 files"),
        (
            "[open(f'/job/out/f{i}', 'wb').write(bytes(2**20)) for i in range(40)]",
            "takes more than 0.0156 GiB",
        ),
    ],
)
def test_a_job_that_fills_its_folder_is_stopped_while_it_runs(
    tmp_path: Path, client: docker.DockerClient, deed: str, cause: str
) -> None:
    home = workspace(tmp_path / "work", entry=f"import time\n{deed}\ntime.sleep(50)\n")
    runner = DockerRunner(home, client)
    runner.prepare(FACTS, ignore)
    job = tmp_path / "job"
    (job / "data").mkdir(parents=True)
    (job / "job.json").write_text("{}")
    limits = Limits(40, 0.5, out_bytes=2**24, out_files=100)
    outcome = runner.run(FACTS, "train", JobFolder(job, job / "data"), limits, ignore)
    assert (outcome.status, cause in outcome.cause) == ("bad_output", True)


@on_engine
def test_an_image_is_found_by_its_content_not_by_its_tag(tmp_path: Path, client: docker.DockerClient) -> None:
    home = workspace(tmp_path)
    image = docker_images.image_of(client, NAME, home, ignore)
    (tag,) = client.images.get(image).tags
    assert client.images.get("python:3.11-slim-bookworm").tag(tag)  # the tag is given to another image
    again = docker_images.image_of(client, NAME, home, ignore)
    assert client.images.get(again).labels[CONTENT].startswith(tag.partition(":")[2])
    assert again != client.images.get("python:3.11-slim-bookworm").id


@on_engine
def test_a_lock_is_installed_before_the_contestant_s_own_steps(tmp_path: Path, client: docker.DockerClient) -> None:
    """By the kit's recipe, which has the network; the contestant's steps see what it installed."""
    home = workspace(tmp_path, 'RUN cat /installed && test -z "$(ls /sys/class/net | grep -v lo)"')
    (home.backbones / NAME / "requirements.lock").write_text("tool==1.0 --hash=sha256:" + "0" * 64 + "\n")
    recipe = f"ARG KIT\nFROM ${{KIT}}\nARG NAME\nCOPY ${{NAME}}/requirements.lock /installed\nLABEL owner={NAME}\n"
    (home.backbones / "kit" / "lock.Dockerfile").write_text(recipe)
    assert docker_images.image_of(client, NAME, home, ignore).startswith("sha256:")
    assert "tool==1.0" in next(home.store.glob(f"builds/{NAME}-????????????????.log")).read_text()


@on_engine
@pytest.mark.parametrize(
    ("step", "limits", "cause"),
    [
        ("RUN sleep 300", BuildLimits(seconds=8), "stopped at its limit of 8 s"),
        (
            "RUN python3 -c 'x = bytearray(2**29); print(sum(x[::4096]))'",
            BuildLimits(memory_gib=0.125),
            "could not be built",
        ),
        ("RUN head -c 30000000 /dev/urandom >/big", BuildLimits(disk_gib=0.2), "at most 0.2 are taken"),
    ],
)
def test_a_build_is_limited(
    tmp_path: Path,
    client: docker.DockerClient,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    limits: BuildLimits,
    cause: str,
) -> None:
    home = workspace(tmp_path, step)
    docker_images._Images(client, NAME, home, ignore)._kit()
    monkeypatch.setattr(docker_images, "BuildLimits", lambda: limits)
    with pytest.raises(RunError, match=cause):
        docker_images.image_of(client, NAME, home, ignore)


@on_engine
def test_a_link_in_a_folder_is_refused_before_anything_is_built(tmp_path: Path, client: docker.DockerClient) -> None:
    home = workspace(tmp_path)
    (home.backbones / NAME / "notes.txt").symlink_to("/etc/hostname")
    lines: list[str] = []
    with pytest.raises(InputError, match=r"notes\.txt is a link"):
        docker_images.image_of(client, NAME, home, lines.append)
    assert lines == []


def test_an_image_s_variables_that_the_host_would_obey_are_removed_or_pinned() -> None:
    names = ("LD_PRELOAD", "LD_LIBRARY_PATH", "http_proxy", "HTTPS_PROXY", "NVIDIA_DISABLE_REQUIRE", "GLIBC_TUNABLES")
    config = {"Env": [*(f"{name}=1" for name in names), "PATH=/bin"], "Volumes": {"/": {}, "/job/out": {}, "/v": {}}}
    settings = image_overrides(config, {"/tmp": "size=1g"}, "0,1")  # noqa: S108 - the container's own
    assert [entry for entry in settings["environment"] if "=" not in entry] == sorted(names)
    assert "NVIDIA_VISIBLE_DEVICES=0,1" in settings["environment"]
    assert settings["tmpfs"] == {"/": "ro,size=4k", "/v": "ro,size=4k", "/tmp": "size=1g"}  # noqa: S108
