"""Completion: the scripts parse, and bash completes with them."""

import os
import shutil
import subprocess

from harness import Stack, check, contains, equal, service, test

ASK = r"""
source <("$BULKHEAD" completion bash)
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_bulkhead "$BULKHEAD"
printf '%s\n' "${COMPREPLY[@]}"
"""


def complete(stack, *words):
    """What bash offers for the last word; "=" stands alone, as bash parts words."""
    done = subprocess.run(["bash", "--norc", "-c", ASK, "bash", "bulkhead", *words], cwd=stack.folder, text=True, check=False,
                          env={**stack.environment, "BULKHEAD": str(stack.programs / "bulkhead")}, capture_output=True)
    equal((done.returncode, done.stderr), (0, ""))
    return done.stdout.split()


@test("the completion script of every shell parses")
def _():
    with Stack({"a": service("steady")}) as stack:
        for shell in ("bash", "zsh", "fish"):
            script = stack.run("completion", shell).out
            contains(script, "__complete bulkhead")
            if shutil.which(shell):
                subprocess.run([shell, "-n"], input=script, text=True, check=True)
        stack.run("completion", "tcsh", status=2)


@test("bash completes verbs, options, values, files, services, stacks and profiles")
def _():
    services = {"web": service("steady"), "worker": service("steady", profiles=["night"])}
    with Stack(services) as stack:
        equal(complete(stack, "sta"), ["stats", "start"])
        check("__complete" not in complete(stack, ""), "the hidden verb is offered")
        contains(" ".join(complete(stack, "up", "--")), "--detach", "--wait", "--file")
        equal(complete(stack, "ps", "--format", "=", "j"), ["json"])
        equal(complete(stack, "ps", "--format", "="), ["table", "json"])
        equal(complete(stack, "kill", "-s", "HU"), ["HUP"])
        equal(complete(stack, "-f", "bulk"), ["bulkhead.yaml"])
        equal(complete(stack, "logs", "-f", "w"), ["web", "worker"])
        equal(complete(stack, "exec", "w"), ["web", "worker"])
        equal(complete(stack, "completion", ""), ["bash", "zsh", "fish"])
        equal(complete(stack, "-f", "no-such-file", "logs", ""), [])
        equal(complete(stack, "-p", ""), [])
        stack.up("web")
        equal(complete(stack, "-p", ""), [stack.name])
        os.rename(stack.file, stack.folder / "other.yaml")
        equal(complete(stack, "-p", stack.name, "logs", "we"), ["web"])  # out of the running stack
        os.rename(stack.folder / "other.yaml", stack.file)


@test("a line that is not one yet harms nobody")
def _():
    with Stack({"a": service("steady")}) as stack:
        for words in ([], ["bulkhead"], ["bulkhead", "-f"], ["bulkhead", "nonsense", ""], ["bulkhead", "--", "--"],
                      ["bulkhead", "-p", "/../", "logs", ""], ["bulkhead", "exec", "a", "", ""], ["bulkhead", "\n\x1b[2J"]):
            result = stack.run("__complete", *words, status=None)
            check(result.status in (0, 2), result)
            check("\x1b" not in result.out, repr(result.out))
