"""Facts about this machine."""

import re

import cpuinfo
import psutil
import pytest

from benchmark.errors import RunError
from harness import machine


def test_hardware_has_the_keys_of_a_record() -> None:
    hardware = machine.hardware()
    assert list(hardware) == ["processor", "cores", "memory_gib", "gpu", "system"]
    assert all(hardware.values())
    assert int(hardware["cores"]) == psutil.cpu_count()
    assert float(hardware["memory_gib"]) == pytest.approx(psutil.virtual_memory().total / 2**30, abs=0.5)


@pytest.mark.parametrize(
    ("info", "expected"), [({"brand_raw": "Cray-1"}, "Cray-1"), ({"brand_raw": ""}, "vector"), ({}, "vector")]
)
def test_an_unknown_processor_is_named_by_its_architecture(
    info: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpuinfo, "get_cpu_info", lambda: info)
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "vector")
    assert machine.processor.__wrapped__() == expected


def test_the_clock_is_utc_to_the_second() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", machine.now())


def test_without_a_driver_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert machine.gpus() == []


def test_too_little_memory_is_one_message_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    machine.check_memory()
    monkeypatch.setattr(machine, "LEAST_MEMORY", 2**60)
    with pytest.raises(RunError, match="MiB of memory are free, and the smallest run needs"):
        machine.check_memory()
    monkeypatch.setattr("resource.getrlimit", lambda _: (2**30, 2**30))
    with pytest.raises(RunError, match="ulimit -v unlimited"):
        machine.check_memory()
