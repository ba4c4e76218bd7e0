#!/bin/sh
# Installs torch and torchvision as TORCH and TORCH_INDEX_URL of Dockerfile.prod say, and takes away what only compilers read.
set -eu
packages=/opt/venv/lib/python3.11/site-packages

kind=$TORCH
[ "$TORCH" != cpu ] || [ "$(uname -m)" = x86_64 ] || kind=cuda # without_cuda.py knows no other
[ -z "$TORCH_INDEX_URL" ] || kind=index

case "$kind" in
index)
    grep -E '^torch(vision)?==' requirements.txt >torch.txt
    pip install --no-deps --index-url "$TORCH_INDEX_URL" -r torch.txt
    ;;
cpu)
    awk '/^[a-z]/ {kept = /^(torch|torchvision|nvidia-cuda-runtime|nvidia-cuda-cupti)==/} kept' \
        requirements-torch.lock >requirements-torch-cpu.lock
    pip install --no-deps --require-hashes -r requirements-torch-cpu.lock
    python without_cuda.py "$packages"
    strip --strip-unneeded "$packages"/torch/lib/libtorch_cpu.so "$packages"/torch/lib/libtorch_python.so
    rm "$packages"/torch/bin/ptxas
    find "$packages/nvidia" -name '*.so*' ! -name 'libcudart.*' ! -name 'libcupti.*' -delete
    ;;
cuda) pip install --no-deps --require-hashes -r requirements-torch.lock ;;
*)
    echo "TORCH is '$TORCH', neither cpu nor cuda" >&2
    exit 1
    ;;
esac

rm -rf "$packages"/torch/include "$packages"/torch/bin/protoc*
find "$packages" \( -path '*/nvidia/*/include' -o -name '*.a' \) -prune -exec rm -rf {} +
