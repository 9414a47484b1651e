#!/bin/sh
# Installs the project: install.sh PYTHON VENV auto|default|cpu, or install.sh PYTHON VENV tests for what checks and
# tests need besides. `auto` takes PyTorch's CPU builds where no NVIDIA GPU is found and their index can be reached.
# What pip prints is in VENV/install.log; the build that was installed is noted in VENV/installed.
set -eu
cd "$(dirname "$0")"
python=$1
venv=$2
wanted=$3
log=$venv/install.log

explain_end() {
    echo "The installation failed. The end of $log:" >&2
    tail -n 15 "$log" >&2
    exit 1
}

has_gpu() {
    nvidia-smi -L >/dev/null 2>&1 || [ -e /dev/nvidia0 ]
}

reaches_cpu_builds() {
    index=${TORCH_CPU_INDEX:-$(sed -n 's/.*TORCH_CPU_INDEX:-\([^}]*\)}.*/\1/p' backbones/kit/install-lock)}
    "$python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1] + "/torch/", timeout=10)' "$index" 2>/dev/null
}

choose_torch() {
    case $wanted in
    default | cpu) torch=$wanted why="as TORCH=$wanted says" ;;
    auto)
        if [ "$(uname)" != Linux ]; then
            torch=default why="they have no CUDA here"
        elif has_gpu; then
            torch=default why="this machine has an NVIDIA GPU"
        elif reaches_cpu_builds; then
            torch=cpu why="this machine has no NVIDIA GPU"
        else
            torch=default why="this machine has no NVIDIA GPU, but the index of the CPU builds cannot be reached"
        fi
        ;;
    *)
        echo "TORCH is '$wanted'; allowed are: auto, default, cpu" >&2
        exit 2
        ;;
    esac
}

if [ "$wanted" = tests ]; then
    echo "Installing what checks and tests need besides into $venv: about 0.2 GB, a minute, once."
    "$venv/bin/python" -m pip install --require-hashes --no-deps -r requirements-dev.lock >"$log" 2>&1 || explain_end
    exit 0
fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; $python is $("$python" --version). Name another: make setup PYTHON=python3.12" >&2
    exit 2
}
choose_torch
case $torch in
cpu) builds="CPU builds" size="about 2 GB" ;;
*) builds="default builds" size="about 7 GB on Linux, where they bring CUDA" ;;
esac
echo "Installing into $venv with PyTorch's $builds ($why): $size, some minutes, once."
"$python" -m venv "$venv"
{
    backbones/kit/install-lock "$venv/bin/python" requirements.lock "$torch" &&
        "$venv/bin/python" -m pip install --no-deps --no-build-isolation --editable .
} >"$log" 2>&1 || explain_end
echo "$torch" >"$venv/installed"
