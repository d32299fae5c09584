# SPDX-License-Identifier: Apache-2.0
"""The bill of materials in the packages, held against what the dynamic loader says (ldd), which did not make it, and
against what a CycloneDX 1.5 document must have (https://cyclonedx.org/docs/1.5/json/)."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from package_fixture import BOARD, ROOT, RUNS, SYSTEM, packages_with, run

PACKAGES = ["wardgate", "wardgate-wearable"]
# Of bom-1.5.schema.json: what an object of each kind must have.
REQUIRED = {"document": {"bomFormat", "specVersion", "version"}, "component": {"type", "name"}, "dependency": {"ref"},
            "property": {"name", "value"}}  # fmt: skip
SERIAL = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TYPES = {"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver",
         "firmware", "file", "machine-learning-model", "data"}  # fmt: skip

LOADERS = {"arm64": "lib/ld-linux-aarch64.so.1", "armhf": "lib/ld-linux-armhf.so.3"}


@pytest.fixture(params=PACKAGES)
def deb(request, debs):
    return debs[request.param]


@pytest.fixture
def bom(deb):
    return json.loads((deb.unpacked / f"usr/share/wardgate/sbom/{deb.fields['Package']}.cdx.json").read_text())


def test_it_is_cyclonedx(bom):
    assert REQUIRED["document"] <= bom.keys()
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.5")
    assert isinstance(bom["version"], int) and bom["version"] >= 1
    assert re.fullmatch(SERIAL, bom["serialNumber"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bom["metadata"]["timestamp"])
    for component in [bom["metadata"]["component"], *bom["components"]]:
        assert REQUIRED["component"] <= component.keys() and component["type"] in TYPES
        for item in component.get("properties", []):
            assert REQUIRED["property"] <= item.keys()
        for entry in component.get("licenses", []):
            assert set(entry) == {"license"} and set(entry["license"]) == {"id"}


def test_its_references_lead_somewhere(bom):
    components = [bom["metadata"]["component"], *bom["components"]]
    references = [component["bom-ref"] for component in components]
    assert len(set(references)) == len(references)
    for dependency in bom["dependencies"]:
        assert REQUIRED["dependency"] <= dependency.keys()
        assert {dependency["ref"], *dependency["dependsOn"]} <= set(references)
        assert len(set(dependency["dependsOn"])) == len(dependency["dependsOn"])
    assert {dependency["ref"] for dependency in bom["dependencies"]} == set(references)


def test_it_is_of_this_package_and_its_programs(deb, bom):
    whole = bom["metadata"]["component"]
    assert (whole["name"], whole["version"]) == (deb.fields["Package"], deb.fields["Version"])
    programs = [Path(program).name for program in deb.programs()]
    assert sorted(one["name"] for one in bom["components"] if one["type"] == "application") == sorted(programs)
    (own,) = (one for one in bom["dependencies"] if one["ref"] == whole["bom-ref"])
    assert own["dependsOn"] == sorted(programs)


def inside(path):
    """The file that a name of the system of the libraries leads to, as that system names it."""
    return "/" + str((SYSTEM / path.removeprefix(str(SYSTEM)).lstrip("/")).resolve().relative_to(SYSTEM.resolve()))


def loaded(program):
    """(package, version, architecture) of all that the loader takes the program's libraries from."""
    text = run(*RUNS, SYSTEM / LOADERS[BOARD], "--list", program) if BOARD else run("ldd", program)
    names = [inside(path) for path in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", text, re.MULTILINE)]
    # dpkg knows a file by the name that it was unpacked under, which may lead through a link (/lib -> usr/lib).
    owners = {name.removeprefix("/usr"): packages[0]
              for name, packages in packages_with(*names, *(name.removeprefix("/usr") for name in names)).items()}  # fmt: skip
    assert {name.removeprefix("/usr") for name in names} == owners.keys()
    form = "${Package} ${Version} ${Architecture}\n"
    shown = run("dpkg-query", f"--admindir={SYSTEM}/var/lib/dpkg", "--show", "--showformat", form, *owners.values())
    return {tuple(line.split()) for line in shown.splitlines()}


def reached(bom, reference):
    """All that is behind a reference."""
    edges = {one["ref"]: one["dependsOn"] for one in bom["dependencies"]}
    found, waiting = set(), [reference]
    while waiting:
        for other in edges[waiting.pop()]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def test_it_names_what_the_loader_loads_and_nothing_else(deb, bom):
    known = {one["bom-ref"]: one for one in bom["components"]}
    for program in deb.programs():
        installed = loaded(deb.unpacked / program.lstrip("/"))
        assert len(installed) > 1
        told = set()
        for reference in reached(bom, Path(program).name):
            one = known[reference]
            told.add((one["name"], one["version"], reference.rpartition("?arch=")[2]))
        assert told == installed, program


def test_it_is_the_same_when_it_is_made_again(deb, bom):
    programs = [deb.unpacked / program.lstrip("/") for program in deb.programs()]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": run("dpkg-parsechangelog", "-l", ROOT / "debian/changelog", "-S", "Timestamp")}
    again = subprocess.run([ROOT / "debian/sbom", "--root", SYSTEM, deb.fields["Package"], *programs], check=True,
                           stdout=subprocess.PIPE, env=environment).stdout  # fmt: skip
    assert json.loads(again) == bom


def test_what_is_no_program_is_refused():
    done = subprocess.run([ROOT / "debian/sbom", "wardgate", ROOT / "check"], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and done.stdout == ""


def test_a_library_that_no_package_has_is_refused(deb, tmp_path):
    """An empty root: the first library is found nowhere, and that is said."""
    program = deb.unpacked / deb.programs()[0].lstrip("/")
    done = subprocess.run([ROOT / "debian/sbom", "--root", tmp_path, "wardgate", program], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and done.stdout == ""
    assert re.match(r"sbom: lib\S+ is nowhere in", done.stderr)
