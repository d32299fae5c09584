# SPDX-License-Identifier: Apache-2.0
"""The manual pages (docs/man) say what the programs do, no less and no more: each is held against what its program, its
table or its schema says of itself."""

import functools
import json
import os
import pathlib
import re
import shlex
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WARD_BUILD", ROOT / "build" / "dev"))
MAN = ROOT / "docs/man"
PAGES = sorted(path.stem for path in MAN.glob("*.scd"))
PROGRAMS = {"wardctl.1": "gateway/ctl/wardctl", "wardgated.8": "gateway/app/wardgated",
            "wardgate-uplink.8": "gateway/uplink/wardgate-uplink",
            "wardgate-wearable.1": "firmware/wearable/wardgate-wearable"}
DEADLINE_S = 60


@functools.cache
def said(program, *words):
    done = subprocess.run([BUILD / PROGRAMS[program], *words], capture_output=True, text=True, timeout=DEADLINE_S)
    assert done.returncode == 0 and done.stdout, done.stderr
    return done.stdout


def plain(text):
    """Without scdoc's marks: '*' for bold, '_' around a word for underlined, a backslash before either as it stands."""
    text = re.sub(r"\\(.)", lambda match: {"*": "\1", "_": "\2"}.get(match[1], match[1]), text)
    text = re.sub(r"\*|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", "", text)
    return text.replace("\1", "*").replace("\2", "_")


def sections(page):
    """Heading to what is below it, without the literal blocks."""
    text = re.sub(r"^\t*```\n.*?^\t*```$", "", (MAN / f"{page}.scd").read_text(), flags=re.MULTILINE | re.DOTALL)
    parts = re.split(r"^##? (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def definitions(body):
    """What is defined in a section (a line with an indented paragraph below it), to the definition."""
    found = re.findall(r"^(\S[^\n]*)\n((?:\t[^\n]*\n|\n(?=\t))+)", body, flags=re.MULTILINE)
    assert len({term for term, _ in found}) == len(found), "one thing twice"
    return {plain(term): plain(text) for term, text in found}


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_built_without_a_warning(page):
    built = BUILD / "docs/man" / page
    done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", built], capture_output=True, text=True, timeout=DEADLINE_S)
    assert (done.returncode, done.stdout) == (0, "")
    assert f'.TH "{page.rsplit(".", 1)[0]}" "{page[-1]}"' in built.read_text()
    shown = sections(page)
    assert list(shown)[0] == "NAME" and list(shown)[-1] == "SEE ALSO"
    assert {"DESCRIPTION", "EXAMPLES", "FILES"} <= set(shown), "what everybody looks for in a page"


def test_pages_name_pages_that_there_are():
    """Ours by their names; those of other packages are not looked for."""
    for page in PAGES:
        named = set(re.findall(r"\*((?:wardctl|wardgate[a-z.-]*|org\.wardgate))\*\((\d)\)", (MAN / f"{page}.scd").read_text()))
        assert {f"{name}.{section}" for name, section in named} <= set(PAGES), page
        assert tuple(page.rsplit(".", 1)) not in named, f"{page} sends its reader to itself"


# --- wardctl(1) -------------------------------------------------------------------------------------------------------


def summaries():
    """Verb to its line in the list of verbs."""
    return dict(re.findall(r"^  ([a-z]+) +(\S.*)$", said("wardctl.1", "--help"), re.MULTILINE))


VERBS = summaries()


def usage_of(verb):
    return [match[1] for match in re.finditer(r"^(?:Usage:|      ) (wardctl .*)$", said("wardctl.1", verb, "--help"), re.MULTILINE)]


def verb_section(verb):
    """The synopsis of the page, line by line, and what it defines."""
    head, rest = re.fullmatch(r"\n+((?:\*wardctl [^\n]*\n)+)\n(.*)", sections("wardctl.1")[verb], re.DOTALL).groups()
    return [re.sub(r"\+\+$", "", plain(line)) for line in head.splitlines()], definitions(rest)


def test_each_verb_is_in_the_page():
    page = sections("wardctl.1")
    names = list(page)
    assert names[names.index("VERBS") + 1:names.index("EXIT STATUS")] == list(VERBS)
    assert len(VERBS) > 10


@pytest.mark.parametrize("verb", VERBS)
def test_the_page_has_what_the_verb_takes(verb):
    """The same lines of usage; and of each action, option and named value in them or in the help what it is for."""
    usage = usage_of(verb)
    synopsis, defined = verb_section(verb)
    assert synopsis == usage
    words = {word for line in usage for word in re.findall(r"--[a-z-]+", line)}
    assert words
    assert {term.split(" ")[0] for term in defined if term.startswith("-")} == words
    actions = {word for line in usage
               for group in re.findall(r"^wardctl [a-z]+ \[?([a-z|]+)\]?(?= |$)", line) for word in group.split("|")}
    text = said("wardctl.1", verb, "--help")
    if verb == "sign":  # what it signs, of which there may be two in a line
        commands = text[text.index("Commands ("):text.index("Prints a")]
        actions = set(re.findall(r"(?:^    |   )([a-z-]+)(?= |$)", commands, re.MULTILINE))
        assert len(actions) > 10
    if verb == "entry":
        actions = set(re.findall(r"^  ([a-z_0-9]+)=", text, re.MULTILINE))
    assert {re.split("[ =]", term)[0] for term in defined if not term.startswith("-")} == actions


def test_the_page_has_each_exit_status():
    listed = re.search(r"Exit status: (.*)\.", said("wardctl.1", "--help"))[1]
    assert [part.split(" ")[0] for part in listed.split(", ")] == list(definitions(sections("wardctl.1")["EXIT STATUS"]))


def test_the_page_has_each_variable_of_the_environment_that_is_looked_at():
    read = {name for path in (ROOT / "gateway/ctl").glob("*.c")
            for name in re.findall(r"(?:getenv|size_of)\(\"([A-Z_]+)\"", path.read_text())}
    assert read and read <= set(re.findall(r"[A-Z_]{4,}", sections("wardctl.1")["ENVIRONMENT"]))


@pytest.mark.parametrize("page", PAGES)
def test_each_command_of_an_example_is_one(page, tmp_path):
    """None is refused for its form, though there is neither a daemon nor a file."""
    blocks = re.findall(r"^```\n(.*?)^```$", (MAN / f"{page}.scd").read_text(), flags=re.MULTILINE | re.DOTALL)
    commands = {re.sub(r" [>|&].*", "", line) for block in blocks for line in block.splitlines() if line.startswith("wardctl ")}
    assert len(commands) > 20 or page != "wardctl.1"
    for command in map(shlex.split, sorted(commands)):
        done = subprocess.run([BUILD / PROGRAMS["wardctl.1"], *command[1:]], cwd=tmp_path, capture_output=True, text=True,
                              timeout=DEADLINE_S, stdin=subprocess.DEVNULL,
                              env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
        assert done.returncode in (0, 1, 3) and "Try `" not in done.stderr, (command, done.stderr)


def test_each_visit_has_its_walk_through():
    """Of the same name as its page in docs/visits, which says more; each ends with what is typed last in a home."""
    text = (MAN / "wardctl.1.scd").read_text()
    part = re.search(r"^# VISITS\n(.*?)^# ", text, re.MULTILINE | re.DOTALL)[1]
    walks = dict(re.findall(r"^## (?:A |The )?(.+)\n((?:(?!^## ).*\n)*)", part, re.MULTILINE))
    pages = [path for path in (ROOT / "docs/visits").glob("*.md") if path.name != "README.md"]
    titles = {re.match(r"# (?:A |The )?(.+)", path.read_text())[1] for path in pages}
    assert {title.lower() for title in walks} == {title.lower() for title in titles} and len(titles) == 7
    for title, walk in walks.items():
        typed = "".join(re.findall(r"^```\n(.*?)^```$", walk, re.MULTILINE | re.DOTALL))
        assert "wardctl visit report" in typed or "discharge" in title, title
    assert "wardctl hub retire" in walks["Everything is collected at discharge"]


# --- wardgate.conf(5) --------------------------------------------------------------------------------------------------


def shipped_options():
    """Section to key to default, from the shipped file, which the unit test of the option table holds against that."""
    options, section = {}, None
    for line in (ROOT / "config/wardgate.conf").read_text().splitlines():
        if line.startswith("["):
            section = options.setdefault(line, {})
        elif match := re.fullmatch(r"#(\w+) = ?(.*)", line):
            section[match[1]] = match[2]
    return options


def test_each_key_is_in_the_page_with_its_default():
    shown = {heading: body for heading, body in sections("wardgate.conf.5").items() if heading.startswith("[")}
    options = shipped_options()
    models = options.pop("[firmware]")
    assert len(options) > 5 and all(options.values())
    assert set(models) == {"oximeter"} and "oximeter" in shown.pop("[firmware]"), "its keys are models, not options"
    assert set(shown) == set(options)
    for section, keys in options.items():
        found = {}
        for term, text in definitions(shown[section]).items():
            assert (match := re.match(r"\tDefault: (.*)\n", text)), f"{section} {term} has no default"
            found[re.match(r"(\w+) = .", term)[1]] = "" if match[1] == "empty" else match[1]
        assert found == keys, section


# --- wardgate-care-plan(5) ---------------------------------------------------------------------------------------------


def objects_of(schema, path=""):
    """Each object of the schema by its path: its members, and those that it must have."""
    members = dict(schema.get("properties", {}))
    for choice in schema.get("oneOf", []):
        members.update(choice.get("properties", {}))
    if members:
        yield path or "plan", members, set(schema.get("required", []))
    for name, member in members.items():
        inner = f"{path}.{name}" if path else name
        yield from objects_of(member, inner)
        yield from objects_of(member.get("items", {}), f"{inner}[]")


PLAN_OBJECTS = {path: (members, required) for path, members, required in
                objects_of(json.loads((ROOT / "docs/care-plan.schema.json").read_text()))}


def test_each_object_of_a_plan_has_its_section():
    shown = [heading for heading, body in sections("wardgate-care-plan.5").items()
             if heading == heading.lower() and definitions(body)]
    assert sorted(shown) == sorted(PLAN_OBJECTS) and len(shown) > 10


@pytest.mark.parametrize("path", PLAN_OBJECTS)
def test_each_member_of_a_plan_is_in_the_page(path):
    members, required = PLAN_OBJECTS[path]
    found = definitions(sections("wardgate-care-plan.5")[path])
    assert {term.split(" ")[0] for term in found} == set(members)
    assert {term.split(" ")[0] for term in found if term.endswith(" (required)")} == required
    for term, text in found.items():
        member = members[term.split(" ")[0]]
        # What a whole number, a list or a choice may be stands there as a word of its own.
        said_there = set(re.findall(r"[\w-]+", text))
        limits = [member[key] for key in ("minimum", "maximum", "minItems", "default") if key in member]
        if member.get("maxItems", 0) > 1:
            limits.append(member["maxItems"])
        for limit in [*limits, *member.get("enum", [])]:
            assert json.dumps(limit).strip('"') in said_there, f"{path}: {term} does not say {limit}"


def test_a_plan_knows_the_quantities_of_the_page():
    known = json.loads((ROOT / "docs/care-plan.schema.json").read_text())["$defs"]["quantity"]["enum"]
    text = sections("wardgate-care-plan.5")["What holds for all"]
    named = re.search(r"A quantity is one of (.*?), in the unit", plain(text).replace("\n", " "))[1]
    assert re.split(r", | and ", named) == known


def test_the_plan_of_the_page_is_valid(tmp_path):
    example = re.findall(r"^```\n(\{.*?)^```$", (MAN / "wardgate-care-plan.5.scd").read_text(), re.MULTILINE | re.DOTALL)
    assert len(example) == 1
    (tmp_path / "plan.json").write_text(example[0])
    assert "is valid" in said("wardctl.1", "plan", "check", str(tmp_path / "plan.json"))


# --- the programs' options ---------------------------------------------------------------------------------------------


def options_of_help(text):
    """Each option at the beginning of a line of --help, with its short form and value."""
    found = re.findall(r"^ +(?:(-\w), )?(--[a-z-]+)((?: [A-Zh][A-Za-z]+)?)(?=  |\n|$)", text, flags=re.MULTILINE)
    return {", ".join(filter(None, (short, long))) + value for short, long, value in found}


@pytest.mark.parametrize("page", [page for page in PROGRAMS if page != "wardctl.1"])
def test_the_options_are_those_of_the_program(page):
    options = options_of_help(said(page, "--help"))
    assert {"--help", "--version"} <= {re.findall(r"--[a-z-]+", option)[0] for option in options}
    assert set(definitions(sections(page)["OPTIONS"])) == options
    for option in re.findall(r"--[a-z-]+", plain(sections(page)["SYNOPSIS"])):
        assert option in " ".join(options)


def wearable_help():
    """Profiles with the words of their fields, and steps, both as --help has them."""
    text = said("wardgate-wearable.1", "--help")
    profiles, rest = re.search(r"measurements:\n(.*?)\n\n(.*)", text, re.DOTALL).groups()
    steps = re.findall(r"^  ([a-z].*?)(?:  +\S.*)?$", rest, re.MULTILINE)
    return dict(re.findall(r"^  ([a-z]\S*) +(.*(?:\n {5,}.*)*)", profiles, re.MULTILINE)), set(steps)


def test_the_profiles_are_those_of_the_wearable():
    profiles, _ = wearable_help()
    found = definitions(sections("wardgate-wearable.1")["PROFILES"])
    assert list(found) == list(profiles) and len(found) > 10
    for name, fields in profiles.items():
        words = set(re.findall(r"\b[a-z][a-z0-9]+(?:-[a-z0-9]+)*\b", re.sub(r"\(.*?\)|as a cuff.*", "", fields, flags=re.DOTALL)))
        marked = set(re.findall(r"\*([a-z0-9-]+)\*", re.search(rf"^\*{name}\*\n((?:\t.*\n)+)", (MAN / "wardgate-wearable.1.scd")
                                                               .read_text(), re.MULTILINE)[1]))
        words -= {"measure", "stream", "its", "records", "can", "be", "asked", "for"}
        assert marked - {"measure", "stream", "cuff"} == words - {"cuff"}, name


def test_the_steps_are_those_of_the_wearable():
    _, steps = wearable_help()
    assert len(steps) > 20
    assert {re.sub(r"\s+", " ", term) for term in definitions(sections("wardgate-wearable.1")["SCRIPTS"])} == steps


def test_the_script_of_the_page_is_right(tmp_path):
    script = re.findall(r"^```\n(battery .*?)^```$", (MAN / "wardgate-wearable.1.scd").read_text(), re.MULTILINE | re.DOTALL)
    assert len(script) == 1
    (tmp_path / "my.script").write_text(script[0])
    said("wardgate-wearable.1", "--profile", "oximeter", "--script", str(tmp_path / "my.script"), "--show")
