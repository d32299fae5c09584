# SPDX-License-Identifier: Apache-2.0
"""tests/time-boundary: what hands a time_t to a library is found, however it is wrapped."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "time-boundary"
LOADER = importlib.machinery.SourceFileLoader("time_boundary", str(SCRIPT))
boundary = importlib.util.module_from_spec(importlib.util.spec_from_loader("time_boundary", LOADER))
LOADER.exec_module(boundary)

HEADERS = """
typedef long __off_t; typedef __off_t off_t;
typedef long __time_t; typedef __time_t time_t;
struct timeval { __time_t tv_sec; long tv_usec; };
struct _IO_FILE { __off_t at; }; typedef struct _IO_FILE FILE;
struct inside { int count; union { struct timeval when; char *text; } one; };
typedef struct inside *handle;
typedef void (*told)(void *userdata, time_t when);
typedef struct methods { int version; told tell; } methods __attribute__((aligned(8)));
static inline int body(int a) { time_t b = a; return (int)b; }
"""


@pytest.mark.parametrize("prototype", [
    "extern int f(time_t when);", "time_t f(void);", "int f(int a, const struct timeval *b) __attribute__((nonnull(2)));",
    "__attribute__((x)) extern int f (off_t);", "void f(const struct inside *a);", "handle f(int a);", "void f(told a);",
    "int f(const methods *a);", "int f(int a, void (*tell)(time_t));", "void (*f(int a))(struct timeval *b);"])  # fmt: skip
def test_a_time_is_seen_in(prototype):
    functions = boundary.crossing(HEADERS + prototype)
    assert "f" in functions
    assert list(boundary.wrong(functions, [("f", "LIBRARY_1.0")])) and list(boundary.wrong(functions, [("f", "")]))


@pytest.mark.parametrize("prototype", ["int f(int time);", "int f(FILE *a);", "void f(const char *timeval_, long long at);",
                                       "struct other { int a; }; int f(struct other *a);"])  # fmt: skip
def test_no_time_is_seen_in(prototype):
    assert not list(boundary.wrong(boundary.crossing(HEADERS + prototype), [("f", "")]))


def test_of_the_c_library_the_form_of_32_bits_is_refused():
    functions = boundary.crossing(HEADERS + 'extern int f (struct timeval *a) __asm__ ("" "__f64"); int g(time_t);')
    assert functions["f"] == "__f64"
    assert [text.split()[0] for text in boundary.wrong(functions, [("f", "GLIBC_2.4"), ("__f64", "GLIBC_2.34"), ("g", "GLIBC_2.4")])] == ["f"]


@pytest.mark.parametrize("call, said", [("X509_cmp_time(0, 0)", "X509_cmp_time"), ("X509_cmp_current_time(0)", None)])
def test_a_program_that_does_it_is_found(tmp_path, call, said):
    program = tmp_path / "program"
    subprocess.run(["cc", "-x", "c", "-", "-o", program, "-lcrypto"], check=True, text=True,
                   input=f"#include <openssl/x509.h>\n#include <time.h>\nint main(void) {{ return {call} + (int)time(0); }}")
    result = subprocess.run([SCRIPT, program], text=True, capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (1 if said else 0, "")
    assert (f"{said} is a library's" in result.stdout) if said else result.stdout == ""
