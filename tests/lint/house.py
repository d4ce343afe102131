"""Rules of the house, read from the text of the sources. Each rule yields (key, message)."""

import ast
import pathlib
import re

from tree import code_of, functions, includes, line_of

# Who may include whom; a room always sees itself. Tests see everything.
ARROWS = {
    "core": (),
    "history": ("core",),
    "simulation": ("core",),
    "stackfile": ("core",),
    "supervisor": ("core",),
    "recorder": ("core", "history"),
    "cli": ("core", "history", "simulation", "stackfile"),
}

# Rooms within a room, in the same way: what is above sees what is below. The verbs, which lie in cli/ itself, see all.
INNER_ARROWS = {
    "cli/show": (),
    "cli/host": ("cli/show",),
    "cli/history": ("cli/host", "cli/show"),
    "cli/plan": ("cli/host", "cli/show"),
    "cli/stack": ("cli/history", "cli/host", "cli/plan", "cli/show"),
}

# One .c for each library: whoever wants to replace it reads one file.
DOORS = {
    "libcgroup.h": "cli/host/skeleton.c",
    "seccomp.h": "cli/plan/seccomp.c",
    "yaml.h": "stackfile/yaml.c",
    "jansson.h": "cli/show/json.c",
    "sqlite3.h": "history/sqlite.c",
    "curses.h": "cli/show/screen.c",
}

# What decides; a file that only touches the kernel has no use for it.
POLICY_HEADERS = ("core/fleet.h", "core/lifecycle.h", "core/restart.h")
POLICY_WORDS = re.compile(r"(?<!EVENT_GRACE_)policy|restart_|back_?off|retr(y|ies)|jitter|budget|attempts?\b", re.IGNORECASE)
POLICY_FREE = ("supervisor/act.c", "supervisor/act.h", "supervisor/supervisor.c", "supervisor/supervisor.h")

FUNCTION_LINES = 60
FILE_LINES = 500
HEADER_LINES = 120

# Written in two halves, so that this file does not trip over itself.
UNFINISHED = r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b"
THIS_MACHINE = r"/wo" r"rk/|/ro" r"ot/\.|/ho" r"me/\w|/tm" r"p/bash|/tm" r"p/brief"
FORBIDDEN = re.compile(f"{UNFINISHED}|{THIS_MACHINE}")


def arrows(tree):
    """Rooms include only what their arrow allows; sys/ files see neither each other nor a policy."""
    for name in tree.room_files():
        room = name.split("/")[0]
        for line, quoted, target in includes(tree.text(name)):
            if not quoted:
                continue
            their_room = target.split("/")[0]
            if their_room != room and their_room not in ARROWS[room]:
                yield name, f"{name}:{line}: {room} does not see {their_room} ({target})"
            elif not inner_may_include(name, target):
                yield name, f"{name}:{line}: {inner_room(name)} does not see {target}"
            elif name.startswith("supervisor/sys/") and not sys_may_include(name, target):
                yield name, f"{name}:{line}: a file of sys/ sees core without its policies, not {target}"


def inner_room(name):
    return name.rpartition("/")[0]


def inner_may_include(name, target):
    allowed = INNER_ARROWS.get(inner_room(name))
    return allowed is None or not target.startswith("cli/") or inner_room(target) in (inner_room(name), *allowed)


def sys_may_include(name, target):
    own = re.sub(r"(_\w+)?\.[ch]$", "", name) + ".h"  # cgroup_end.c is the second half of cgroup.c
    return target in (own, pathlib.PurePath(name).with_suffix(".h").as_posix()) or (target.startswith("core/") and target not in POLICY_HEADERS)


def include_form(tree):
    """Quoted includes are written from the top and exist; a .c includes its own header first."""
    for name in tree.c_files():
        found = includes(tree.text(name))
        for line, quoted, target in found:
            if quoted and not (tree.top / target).is_file():
                yield name, f"{name}:{line}: no {target} at the top of the tree"
        own = pathlib.PurePath(name).with_suffix(".h").as_posix()
        if name.endswith(".c") and (tree.top / own).is_file() and (not found or found[0][2] != own):
            yield name, f"{name}:1: includes {own} not first"


def doors(tree):
    """Each external library is included by exactly its own door."""
    users = {header: [] for header in DOORS}
    for name in tree.room_files():
        for line, quoted, target in includes(tree.text(name)):
            if not quoted and target in DOORS:
                users[target].append(name)
                if name != DOORS[target]:
                    yield name, f"{name}:{line}: <{target}> is included by {DOORS[target]} only"
    for header, door in DOORS.items():
        if (tree.top / door).is_file() and door not in users[header]:
            yield door, f"{door}:1: is the door of <{header}> and does not include it"


def policy_words(tree):
    """What acts does not decide: no policy word in act and supervisor."""
    for name in POLICY_FREE:
        if (tree.top / name).is_file():
            code = code_of(tree.text(name))
            for match in POLICY_WORDS.finditer(code):
                yield name, f"{name}:{line_of(code, match.start())}: policy word {match.group(0)!r}"


def sizes(tree):
    """Functions up to 60 lines, files up to 500, headers up to 120."""
    for name in tree.files(".c", ".h", ".py", ".sh") + tree.scripts():
        most = HEADER_LINES if name.endswith(".h") else FILE_LINES
        lines = tree.text(name).count("\n")
        if lines > most:
            yield name, f"{name}:{most + 1}: {lines} lines, at most {most}"
    for name in tree.c_files():
        yield from long_functions(name, functions(tree.text(name)))
    for name in tree.python_files():
        yield from long_functions(name, python_functions(tree.text(name)))


def long_functions(name, found):
    for function, line, lines in found:
        if lines > FUNCTION_LINES:
            yield f"{name}:{function}", f"{name}:{line}: {function}: {lines} lines, at most {FUNCTION_LINES}"


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def head_comments(tree):
    """Each C file says first what it is for."""
    for name in tree.room_files():
        if not tree.text(name).startswith("/* "):
            yield name, f"{name}:1: does not begin with a comment that says what it is for"


def words(tree):
    """Nothing unfinished, and no path of the machine it was written on."""
    for name in tree.files():
        text = tree.text(name)
        for match in FORBIDDEN.finditer(text):
            yield name, f"{name}:{line_of(text, match.start())}: {match.group(0)!r}"


TARGET = re.compile(r"^([a-z][a-z-]*):(?!=)(.*)$", re.MULTILINE)


def make_targets(tree):
    """{target: has a description} of the Makefile and its fragments."""
    found = {}
    for name in ["Makefile"] + tree.files(".mk"):
        for match in TARGET.finditer(tree.text(name)):
            found[match.group(1)] = found.get(match.group(1), False) or "## " in match.group(2)
    return found


INTERNAL_TARGETS = {"system-programs", "fuzz-build"}


def help_targets(tree):
    """Every target that a person may call is in `make help`."""
    for target, described in make_targets(tree).items():
        if not described and target not in INTERNAL_TARGETS:
            yield target, f"Makefile: target {target} has no description (## …) for make help"


CODE_BLOCK = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
MAKE_CALL = re.compile(r"(?:^|[\s`$])(?:sudo )?make((?: +[A-Za-z_-]+(?:=\S+)?)+)")


def readme_commands(tree):
    """`make demo` and `make check` are in the README, and each `make X` of the documents exists."""
    targets = make_targets(tree)
    for name in tree.files(".md"):
        text = tree.text(name)
        called = set()
        for block in CODE_BLOCK.finditer(text):
            for call in MAKE_CALL.finditer(block.group(0)):
                called.update(word for word in call.group(1).split() if "=" not in word)
        for word in sorted(called - set(targets)):
            yield name, f"{name}: calls `make {word}`, which is no target"
        for word in ("demo", "check"):
            if name == "README.md" and word not in called:
                yield name, f"{name}: does not show `make {word}`"
    if "README.md" not in tree.files(".md"):
        yield "README.md", "README.md: is missing"


RULES = [arrows, include_form, doors, policy_words, sizes, head_comments, words, help_targets, readme_commands]
