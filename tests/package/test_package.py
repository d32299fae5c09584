# SPDX-License-Identifier: Apache-2.0
"""What is in the Debian packages. That they can be installed, upgraded and purged: tests/lab/test_package.py."""

import re
import subprocess
from pathlib import PurePosixPath

import pytest
from package_fixture import BOARD, OUT, ROOT, RUNS, packages_with, run

GATEWAY = [
    "/usr/sbin/wardgated", "/usr/sbin/wardgate-uplink", "/usr/bin/wardctl", "/usr/libexec/wardgate/wardgate-https",
    "/usr/libexec/wardgate/radio-off",
    "/usr/share/dbus-1/system.d/org.wardgate.conf", "/lib/udev/rules.d/70-wardgate.rules",
    "/usr/lib/sysusers.d/wardgate.conf", "/usr/lib/tmpfiles.d/wardgate.conf",
    "/lib/systemd/system/bluetooth.service.d/wardgate.conf", "/usr/share/wardgate/sbom/wardgate.cdx.json",
    "/usr/share/doc/wardgate/README.Debian", "/usr/share/doc/wardgate/copyright",
    "/usr/share/doc/wardgate/examples/mosquitto/mosquitto.conf", "/usr/share/doc/wardgate/examples/mosquitto/acl",
    "/usr/share/wardgate/dbus/org.bluez.conf", "/usr/lib/systemd/catalog/wardgate.catalog", "/usr/share/bash-completion/completions/wardctl",
]  # fmt: skip
# Where a file of ours may lie.
PLACES = ("/etc/wardgate/", "/lib/systemd/system/", "/lib/udev/rules.d/", "/usr/bin/", "/usr/sbin/", "/usr/libexec/wardgate/",
          "/usr/lib/sysusers.d/", "/usr/lib/tmpfiles.d/", "/usr/lib/systemd/catalog/", "/usr/share/bash-completion/",
          "/usr/share/zsh/vendor-completions/", "/usr/share/fish/vendor_completions.d/", "/usr/share/dbus-1/system.d/", "/usr/share/doc/wardgate", "/usr/share/man/",
          "/usr/share/wardgate/")  # fmt: skip


def tree(directory, pattern="*"):
    """The files of the tree, by their path below DIRECTORY."""
    return {str(path.relative_to(ROOT / directory)) for path in (ROOT / directory).rglob(pattern) if path.is_file()}


def test_there_are_two(debs):
    assert set(debs) == {"wardgate", "wardgate-wearable"}


def test_the_version_is_the_programs(debs):
    version = re.search(r"^project\(wardgate VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
    assert {deb.fields["Version"] for deb in debs.values()} == {version}


def test_they_are_for_the_machine_that_was_asked_for(debs):
    assert {deb.fields["Architecture"] for deb in debs.values()} == {BOARD or run("dpkg", "--print-architecture").strip()}


def test_the_programs_run(debs):
    for deb in debs.values():
        for program in deb.programs():
            told = run(*RUNS, deb.unpacked / program.lstrip("/"), "--version")
            assert told.split() == [PurePosixPath(program).name, deb.fields["Version"]]


def test_it_can_be_built_where_only_what_it_names_is_installed():
    """./check installs the libraries; a build for a distribution installs what debian/control names."""
    field = re.search(r"^Build-Depends:\n((?: .*\n)+)", (ROOT / "debian/control").read_text(), re.MULTILINE)[1]
    listed = re.findall(r"^lib\S+-dev$", (ROOT / "tests/lib/packages").read_text(), re.MULTILINE)
    assert len(listed) > 8
    assert set(listed) - {"libcmocka-dev"} == set(re.findall(r"lib\S+-dev", field))


def test_lintian_has_nothing_to_say(debs):
    (changes,) = OUT.glob("*.changes")
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "warning", changes], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_gateway_is_whole(debs):
    files = debs["wardgate"].files
    assert set(GATEWAY) <= files
    units = {f"/lib/systemd/system/{name}" for name in tree("systemd") if name.endswith((".service", ".path"))}
    assert units and units <= files


def test_the_wearable_is_apart(debs):
    files = debs["wardgate-wearable"].files
    scripts = {f"/usr/share/wardgate/wearable/{name}" for name in tree("firmware/wearable/scripts")}
    assert scripts and {"/usr/bin/wardgate-wearable", *scripts} <= files
    assert not [name for name in debs["wardgate"].files if "wearable" in name]
    assert not files & debs["wardgate"].files


def test_nothing_lies_where_it_should_not(debs):
    for deb in debs.values():
        assert [name for name in sorted(deb.files) if not name.startswith(PLACES)] == []


def test_what_an_engineer_may_change_is_kept_when_it_is_upgraded(debs):
    expected = {f"/etc/wardgate/care-plans/{name}" for name in tree("config/care-plans", "*.json")}
    expected |= {"/etc/wardgate/wardgate.conf", "/etc/wardgate/bluetooth/main.conf"}
    assert set(debs["wardgate"].control("conffiles")) == expected
    assert {name for name in debs["wardgate"].files if name.startswith("/etc/")} == expected
    assert debs["wardgate-wearable"].control("conffiles") == []


def test_files_are_roots_and_only_programs_run(debs):
    for deb in debs.values():
        for name, member in deb.members.items():
            runs = member.isdir() or name.startswith(("/usr/bin/", "/usr/sbin/", "/usr/libexec/"))
            assert (member.uid, member.gid, oct(member.mode)) == (0, 0, oct(0o755 if runs else 0o644)), name


def test_the_units_programs_are_in_it_or_in_what_it_depends_on(debs):
    deb, named = debs["wardgate"], {}
    for unit in (name for name in deb.files if name.endswith((".service", "wardgate.conf")) and "/systemd/" in name):
        text = (deb.unpacked / unit.lstrip("/")).read_text()
        for program in re.findall(r"^Exec\w+=[-+!@]*(/\S+)", text, re.MULTILINE):
            named[program] = unit
    assert "/usr/sbin/wardgated" in named and "/usr/libexec/wardgate/usb-reset" in named
    essential = {"coreutils"}
    for program in named.keys() - deb.files:
        owner = run("dpkg-query", "--search", program).partition(":")[0]
        assert owner in {*deb.depends(), *essential}, f"{program} of {named[program]} is {owner}'s"


def test_it_depends_on_what_it_needs(debs):
    assert {"bluez", "dbus", "systemd", "udev", "tzdata", "alsa-utils"} <= set(debs["wardgate"].depends())
    assert "bluez" in debs["wardgate-wearable"].depends()


def test_it_depends_on_its_libraries(debs):
    for deb in debs.values():
        for program in deb.programs():
            text = run("readelf", "--dynamic", "--wide", deb.unpacked / program.lstrip("/"))
            libraries = {name for name in re.findall(r"Shared library: \[(.*)\]", text) if not name.startswith("ld-linux")}
            owners = {library: set() for library in libraries}
            for path, packages in packages_with(*(f"*/{library}" for library in libraries)).items():
                owners[PurePosixPath(path).name] |= {package.partition(":")[0] for package in packages}
            for library, packages in owners.items():
                assert packages & set(deb.depends()), f"{program} needs {library}"


@pytest.mark.parametrize("mark", ["Type:DYN", "GNU_RELRO", "BIND_NOW", "__stack_chk_fail", "_chk@"])
def test_the_programs_are_hardened(debs, mark):
    for deb in debs.values():
        assert deb.programs()
        for program in deb.programs():
            path = deb.unpacked / program.lstrip("/")
            text = run("readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-syms", path)
            assert mark in text.replace(" ", ""), f"{PurePosixPath(program).name}: {mark}"


def test_a_purge_deletes_what_the_daemons_and_the_ward_left(debs, tmp_path):
    """The script itself, on directories of its own; that it is run when it should be is the lab's to see."""
    text = "\n".join(debs["wardgate"].control("postrm"))
    assert text.count(" /var/lib/wardgate-uplink ") == 1
    (script := tmp_path / "postrm").write_text(re.sub(r"(?<=[ \"'])/(?=(var/lib|etc)/)", f"{tmp_path}/", text)
                                               .replace("/run/systemd/system", "/nonexistent"))
    ours = [tmp_path / name for name in ("var/lib/wardgate", "var/lib/wardgate-uplink/hub", "etc/wardgate/wardgate.conf.d")]
    others = tmp_path / "var/lib/wardgate-other"
    for directory in [*ours, others]:
        directory.mkdir(parents=True)
        (directory / "file").write_text("x")
    # deb-systemd-helper, and what stops where the helpers would go to work on this machine.
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "DPKG_MAINTSCRIPT_PACKAGE": "wardgate", "DPKG_ROOT": str(tmp_path)}
    (tmp_path / "bin").mkdir()
    (tmp_path / "etc/dbus-1").mkdir()
    (link := tmp_path / "etc/dbus-1/system-local.conf").symlink_to("/usr/share/wardgate/dbus/org.bluez.conf")
    for helper in ("deb-systemd-helper", "deb-systemd-invoke", "systemctl"):
        (tmp_path / "bin" / helper).symlink_to("/bin/true")
    for verb in ("remove", "purge"):
        for directory in ours:
            assert (directory / "file").exists()
        subprocess.run(["/bin/sh", script, verb], check=True, env=environment)
    assert sorted(path.name for path in (tmp_path / "var/lib").iterdir()) == ["wardgate-other"]
    assert sorted(path.name for path in (tmp_path / "etc").iterdir()) == ["dbus-1"]
    assert not link.is_symlink()
