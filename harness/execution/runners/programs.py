"""Programs of a contestant that do no job: they tell of its weights, fetch or convert them, or run one network."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
"""Variables, in either case, without which some users reach no network."""

CACHES = ("HF_HOME", "HF_HUB_CACHE", "TORCH_HOME", "XDG_CACHE_HOME")
"""Variables that say where weights are that were fetched before."""

PYTHON, OUTPUT = "{python}", "{output}"


@dataclass(frozen=True)
class Program:
    """One program of a contestant, as it is called.

    Attributes:
        command: the program and its arguments; with `is_verb`, the arguments of the contestant's entry point. In them
            `{python}`, `{output}` and the keys of `values` and `inputs` are placeholders.
        seconds: limit of wall time.
        values: texts by placeholder.
        inputs: files that it reads, by placeholder.
        output: the file that it writes; None = it only prints.
        is_verb: whether the contestant's entry point is called.
        network: whether it needs the network.
    """

    command: Sequence[str]
    seconds: float
    values: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Path] = field(default_factory=dict)
    output: Path | None = None
    is_verb: bool = False
    network: bool = False

    def filled(self, python: str, inputs: Mapping[str, str], output: str) -> list[str]:
        """The command without placeholders.

        Args:
            python: name of Python where it runs.
            inputs: paths of the inputs there, by placeholder.
            output: path of the output there.
        """
        return fill(self.command, {**self.values, **inputs, OUTPUT: output, PYTHON: python})


def fill(command: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """A command with its placeholders replaced in one pass, since a value may look like a placeholder.

    >>> fill(["get", "{variant}", "--to={output}"], {"{variant}": "{output}", "{output}": "a.pt"})
    ['get', '{output}', '--to=a.pt']
    """
    placeholder = re.compile("|".join(map(re.escape, values)))
    return [placeholder.sub(lambda match: values[match[0]], part) for part in command]


def network_settings() -> dict[str, str]:
    """The user's variables that a program on this machine needs to reach the network; no token is among them."""
    return {name: value for name, value in os.environ.items() if name.upper() in {*NETWORK, *CACHES}}
