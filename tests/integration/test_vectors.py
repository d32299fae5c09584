# SPDX-License-Identifier: Apache-2.0
"""The byte vectors cover what the decoders know: tests/vectors/coverage, on the vectors as they are and with some gone."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def coverage(root):
    return subprocess.run([root / "tests" / "vectors" / "coverage"], capture_output=True, text=True, timeout=60, check=False)


def test_every_flag_special_and_name_is_in_a_vector():
    result = coverage(ROOT)
    assert result.returncode == 0, [line for line in result.stdout.splitlines() if line.endswith("MISSING")]
    assert len(result.stdout.splitlines()) > 300


def test_every_frame_is_in_the_corpus_of_its_fuzz_target():
    result = subprocess.run([ROOT / "tests" / "fuzz" / "seed", "--check"], capture_output=True, text=True, timeout=60,
                            check=False)
    assert result.returncode == 0, result.stderr + "run tests/fuzz/seed"


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(ROOT / "tests" / "vectors", tmp_path / "tests" / "vectors")
    shutil.copytree(ROOT / "gateway" / "core", tmp_path / "gateway" / "core")
    return tmp_path


@pytest.mark.parametrize("gone, what", [
    ("2a37/heart-rate.vec", "2A37 FLAG_RR"), ("2bed/battery-level-status.vec", "name constant-current"),
    ("2a1c/temperature-measurement.vec", "2A1C +inf"), ("vendor-nonin/nonin.vec", "vendor:nonin STATUS_SMARTPOINT")])
def test_what_is_in_no_vector_is_named(copy, gone, what):
    (copy / "tests" / "vectors" / gone).unlink()
    result = coverage(copy)
    assert result.returncode == 1
    assert any(line.startswith(what + " ") and line.endswith("MISSING") for line in result.stdout.splitlines())


def test_a_flag_that_is_new_in_the_code_is_asked_for(copy):
    decoder = copy / "gateway" / "core" / "decode_heart_rate.c"
    decoder.write_text(decoder.read_text().replace("FLAG_RR = 1 << 4,", "FLAG_RR = 1 << 4,\n    FLAG_NEW = 1 << 7,\n    FLAG_NEWER = 1 << 8,"))
    result = coverage(copy)
    assert result.returncode == 1
    assert "2A37 FLAG_NEWER" in result.stdout
