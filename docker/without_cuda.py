"""Takes CUDA out of an installed PyTorch: ``python without_cuda.py /opt/venv/lib/python3.11/site-packages``.

PyPI has one torch for Linux on x86_64, linked with CUDA. What of its gigabytes works without a GPU is libtorch_cpu.so,
and that asks nothing of libtorch_cuda.so: only the bindings for Python want it to be loaded. So a library takes its
place that has the names they want and nothing behind them: who calls one ends the process. Nobody does where no GPU is
found, and libcudart.so, which stays, still looks for one. Needs gcc and nm.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

BINDINGS = ("torch/lib/libtorch_python.so", "torchvision/_C.so")
REMOVED = ("libtorch_cuda.so", "libtorch_cuda_linalg.so", "libtorch_nvshmem.so", "libcaffe2_nvrtc.so")
OF_NVIDIA = {"libcudnn.so.9": "cudnn", "libcufile.so.0": "cuFile"}  # what the bindings want of it, by how names begin
# the one function that the bindings call when they are loaded: it tells where they may leave a pointer
SLOT = "_ZN4c10d15get_gil_checkerEv"
REFUSE = """
#include <stdio.h>
#include <stdlib.h>
__attribute__((visibility("hidden"))) void *slot;
__attribute__((visibility("hidden"))) void refuse(const char *name)
{
    fprintf(stderr, "this PyTorch has no CUDA: %s\\n", name);
    abort();
}
"""


def names(library: Path, which: str) -> set[str]:
    """What ``library`` defines, or leaves to others to define."""
    told = subprocess.run(["nm", "--dynamic", which, library], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].partition("@")[0] for line in told.splitlines()}


def definition(name: str) -> str:
    """Assembler for x86_64. Of a type (_ZTI) the bindings ask what it is called; all else refuses."""
    if name.startswith("_ZTI"):
        called = name.removeprefix("_ZTI")
        kind = "_ZTVN10__cxxabiv117__class_type_infoE+16"
        return f'.data\n.balign 8\n.globl {name}\n{name}: .quad {kind}, 0f\n0: .asciz "{called}"\n.text\n'
    does = "leaq slot(%rip), %rax\nret" if name == SLOT else f'leaq 0f(%rip), %rdi\njmp refuse\n0: .asciz "{name}"'
    return f".globl {name}\n.type {name}, @function\n{name}: {does}\n"


def build(library: Path, wanted: set[str], versioned: bool = False) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, refuse, versions = (Path(folder, name) for name in ("names.s", "refuse.c", "versions"))
        source.write_text(".text\n" + "".join(map(definition, sorted(wanted))) + '.section .note.GNU-stack,""\n')
        refuse.write_text(REFUSE)
        versions.write_text(f"{library.name} {{ *; }};\n")
        options = ["-shared", "-fPIC", f"-Wl,-soname,{library.name}"]
        options += [f"-Wl,--version-script={versions}"] if versioned else []
        subprocess.run(["gcc", *options, source, refuse, "-o", library], check=True)


def main(packages: Path) -> None:
    torch = packages / "torch" / "lib"
    wanted = set().union(*(names(packages / each, "--undefined-only") for each in BINDINGS))
    defined = set().union(*(names(torch / each, "--defined-only") for each in REMOVED))
    elsewhere = names(torch / "libtorch_cpu.so", "--defined-only") | names(torch / "libc10_cuda.so", "--defined-only")
    for each in REMOVED:
        (torch / each).unlink()
    build(torch / REMOVED[0], (wanted & defined) - elsewhere)
    for library, beginning in OF_NVIDIA.items():
        build(torch / library, {name for name in wanted if name.startswith(beginning)}, versioned=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
