"""`bulkhead config`: its lists, and that no option is passed over in silence."""

import json

from harness import Stack, contains, equal, service, test

STACK = """\
name: NAME
services:
  web:
    command: [/bin/echo, "${GREETING:-hello}", "${WHO:?who}", "${LOUD:+!}", "$GREETING"]
    depends_on: [db]
    profiles: [front, all]
  db:
    command: /bin/true
    profiles: [all]
"""


@test("config lists services, profiles and variables, also as JSON")
def _():
    with Stack(STACK) as stack:
        (stack.file.parent / ".env").write_text("WHO=you\n")
        equal(stack.run("config", "--services").out, "db\nweb\n")
        equal(stack.run("config", "--profiles").out, "all\nfront\n")
        equal([line.split() for line in stack.run("config", "--variables").out.splitlines()],
              [["NAME", "REQUIRED", "DEFAULT", "ALTERNATIVE"], ["GREETING", "false", "hello"],
               ["LOUD", "false", "!"], ["WHO", "true"]])
        objects = [json.loads(line) for line in stack.run("config", "--variables", "--format", "json").out.splitlines()]
        equal(objects, [{"Name": "GREETING", "Required": False, "DefaultValue": "hello", "PresenceValue": None},
                        {"Name": "LOUD", "Required": False, "DefaultValue": None, "PresenceValue": "!"},
                        {"Name": "WHO", "Required": True, "DefaultValue": None, "PresenceValue": None}])
        contains(stack.run("config", "--environment").out, "\nWHO=you\n")


@test("config names the variables of a stack that cannot be loaded for one of them")
def _():
    with Stack(STACK) as stack:
        result = stack.run("config", "--variables", status=2)
        contains(result.out, "WHO ")
        contains(result.err, "required variable WHO is missing a value: who")


@test("what config prints goes to the file that --output names, whatever it is")
def _():
    with Stack({"a": service("steady")}) as stack:
        path = stack.file.parent / "out"
        for words in [], ["--services"], ["--variables"], ["--environment"], ["--format", "json"]:
            printed = stack.run("config", *words).out
            equal(stack.run("config", *words, "-o", path).out, "")
            equal(path.read_text(), printed)
        stack.file.write_text("services:\n")
        stack.run("config", "--variables", "-o", path, status=2)
        equal(path.read_text(), printed)


@test("options of config that exclude each other are refused")
def _():
    with Stack({"a": service("steady")}) as stack:
        contains(stack.run("config", "--services", "--profiles", status=2).err, "--services and --profiles: one of them")
        contains(stack.run("config", "-q", "--hash", "a", status=2).err, "--hash and --quiet: one of them")
        contains(stack.run("config", "--services", "--format", "json", status=2).err, "--format: is not for --services")
        contains(stack.run("config", "--variables", "--format", "yaml", status=2).err, "json")
