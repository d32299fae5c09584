# SPDX-License-Identifier: Apache-2.0
"""A mutant: a copy of the sources with one patch, built beside the others. It has to be caught."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ("wardgated", "wardgate-uplink", "wardctl", "fake_bluez", "wall_clock", "crash_load", "crash_look")


def read(name):
    """(path of the patch, the assertion that must catch it): its first line is "caught by: NAME"."""
    path = ROOT / "tests" / "mutants" / f"{name}.patch"
    if not path.exists():
        sys.exit(f"tests/campaigns/run: {path} is not there; there are: "
                 + ", ".join(sorted(other.stem for other in path.parent.glob("*.patch"))))
    first = path.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"caught by: ([a-z-]+)", first)
    if not found:
        sys.exit(f"tests/campaigns/run: {path}: the first line is not 'caught by: ASSERTION' but {first!r}")
    return path, found[1]


def build(name, patch):
    """Returns the directory of the build. Only what changed is copied, so that a second build is quick."""
    directory = ROOT / "build" / "mutants" / name
    source = directory / "source"
    shutil.rmtree(source, ignore_errors=True)
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True,
                           text=True, check=True).stdout
    for file in filter(None, files.split("\0")):
        if file.startswith(("CMake", "include/", "gateway/", "firmware/", "config/", "systemd/", "docs/man/", "tests/")) and \
                (ROOT / file).is_file():
            (source / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, source / file)
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    # Paths as seen from the build, so that mutants share what they have in common.
    environment = {**os.environ, "CCACHE_BASEDIR": str(directory), "CCACHE_NOHASHDIR": "1"}
    for command in (["patch", "-p1", "--quiet", "-i", patch],
                    ["cmake", "-S", ".", "-B", directory / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *launcher],
                    ["cmake", "--build", directory / "build", "--target", *TARGETS]):
        done = subprocess.run(command, cwd=source, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            sys.exit(f"tests/campaigns/run: mutant {name}: {done.stdout[-3000:]}")
    return directory / "build"


def campaign(options, where):
    """Runs the campaign in a process of its own. Returns (exit status, names of what was found, directories
    that were kept)."""
    words = [sys.executable, ROOT / "tests" / "campaigns" / "run", options.name, "--count", str(options.count), "--seed",
             str(options.seed), *(["--only", options.only] if options.only else [])]
    environment = {**os.environ, "WARD_BUILD": str(where), "WARD_UNPATCHED": os.environ["WARD_BUILD"]}
    done = subprocess.run(words, env=environment, text=True, stdout=subprocess.PIPE)
    print("".join(f"  | {line}\n" for line in done.stdout.splitlines()), end="", flush=True)
    return (done.returncode, set(re.findall(r"^  ([a-z-]+): ", done.stdout, re.M)),
            re.findall(r"^  what is left of it: (.+)$", done.stdout, re.M))


def perform(options):
    patch, assertion = read(options.mutant)
    where = build(options.mutant, patch)
    print(f"{options.name}: the mutant {options.mutant}, to be caught by {assertion}", flush=True)
    status, found, leftovers = campaign(options, where)
    caught = status == 1 and assertion in found
    for left in leftovers:
        shutil.rmtree(left, ignore_errors=True)
    print(f"{options.name}: {'caught' if caught else 'NOT CAUGHT'}; the same run with the programs as they are", flush=True)
    status, _, _ = campaign(options, os.environ["WARD_BUILD"])
    print(f"{options.name}: mutant {options.mutant} {'caught by ' + assertion if caught else 'NOT CAUGHT'}, "
          f"unpatched {'passed' if status == 0 else 'FAILED'}")
    return 0 if caught and status == 0 else 1
