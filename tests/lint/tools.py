"""Rules that other programs check. Each rule yields (key, message)."""

import concurrent.futures
import hashlib
import os
import pathlib
import re

from tree import includes

JOBS = 2
C_FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-I.", '-DBULKHEAD_VERSION="0"', '-DBULKHEAD_LIBEXEC="/usr"', "-Wall", "-Wextra"]

# SC2317, "unreachable": functions that a trap calls.
SHELLCHECK = ["shellcheck", "--external-sources", "--source-path=SCRIPTDIR", "--exclude=SC2317", "--format=gcc"]


def complaints(name, done, pattern):
    """The lines of a checker's output that match, else all of it, if it failed."""
    lines = [line for line in done.stdout.splitlines() if re.search(pattern, line)]
    if not lines and done.returncode:
        lines = done.stdout.splitlines()[:20] or [f"exit status {done.returncode}"]
    for line in lines:
        yield name, line.replace(f"{os.getcwd()}/", "")


def clang_format(tree):
    """C is formatted as .clang-format says."""
    for name in tree.c_files():
        yield from complaints(name, tree.run(["clang-format", "--dry-run", "-Werror", name]), r"error:")


def shellcheck(tree):
    """Shell scripts pass shellcheck."""
    for name in tree.scripts():
        yield from complaints(name, tree.run([*SHELLCHECK, name]), r": (error|warning|note):")


def mandoc(tree):
    """Manual pages pass mandoc."""
    for name in tree.files():
        if re.fullmatch(r"man/.*\.[1-8]", name):
            done = tree.run(["mandoc", "-T", "lint", "-W", "warning", name])
            yield from complaints(name, done, r"(WARNING|ERROR|UNSUPP|SYSERR)")


def python_compiles(tree):
    """Python files compile, and import nothing that they do not use."""
    for name in tree.python_files():
        text = tree.text(name)
        try:
            compile(text, name, "exec")
        except SyntaxError as error:
            yield name, f"{name}:{error.lineno}: {error.msg}"
            continue
        for match in re.finditer(r"^(?:import|from \S+ import) ([\w, ]+?)(?:\s+#.*)?$", text, re.MULTILINE):
            for word in re.findall(r"\w+", match.group(1)):
                if len(re.findall(rf"\b{word}\b", text)) < 2:
                    yield name, f"{name}: imports {word} and does not use it"


def c_closure(tree, name):
    """The file and all files of the tree that it includes, directly or not."""
    seen, todo = set(), [name]
    while todo:
        current = todo.pop()
        if current not in seen and (tree.top / current).is_file():
            seen.add(current)
            todo += [target for _, quoted, target in includes(tree.text(current)) if quoted]
    return sorted(seen)


RECENT_COMMITS = 20  # make check looks at what they touched, make tidy at all: it takes minutes


def tidy_stamp(tree, name):
    """A file of this name exists when this very text was found clean."""
    settings = [tree.text(path) for path in tree.files(".clang-tidy")]
    digest = hashlib.sha256(repr((settings, C_FLAGS)).encode())
    for part in c_closure(tree, name):
        digest.update(tree.text(part).encode("utf-8", "replace"))
    return pathlib.Path(tree.top, "build", "tidy", f"{name.replace('/', '-')}.{digest.hexdigest()[:24]}")


def tidy_one(tree, name):
    stamp = tidy_stamp(tree, name)
    if stamp.exists():
        return []
    done = tree.run(["clang-tidy", "--quiet", name, "--", *C_FLAGS, f"-I{tree.build}"])
    found = list(complaints(name, done, r"(error|warning):"))
    if not found:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        for old in stamp.parent.glob(f"{name.replace('/', '-')}.*"):
            old.unlink(missing_ok=True)
        stamp.touch()
    return found


def touched_lately(tree):
    """What the last commits have changed, and what is changed now; None where git does not know."""
    done = tree.run(["git", "diff", "--name-only", f"HEAD~{RECENT_COMMITS}"])
    return set(done.stdout.splitlines()) if done.returncode == 0 else None


def tidy(tree):
    """C passes clang-tidy with the checks of .clang-tidy."""
    recent = touched_lately(tree) if os.environ.get("TIDY") == "recent" else None
    names = [name for name in tree.files(".c") if recent is None or name in recent]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for found in pool.map(lambda name: tidy_one(tree, name), names):
            yield from found


def help_verbs(tree):
    """Every verb of `bulkhead --help` is in its manual, and the other way round."""
    program, manual = tree.build / "bulkhead", tree.top / "man" / "bulkhead.1"
    if not program.is_file() or not manual.is_file():
        yield "bulkhead", f"{program} or man/bulkhead.1 is missing"
        return
    told = verbs_of_help(tree.run([str(program), "--help"]).stdout)
    written = set(re.findall(r"^\.Ss ([a-z]+)", manual.read_text(encoding="utf-8"), re.MULTILINE))
    if not told:
        yield "bulkhead", "bulkhead --help lists no verb"
    for verb in sorted(told - written):
        yield verb, f"man/bulkhead.1: nothing on the verb {verb}"
    for verb in sorted(written - told):
        yield verb, f"man/bulkhead.1: {verb} is not in bulkhead --help"


def verbs_of_help(text):
    """The first words of the indented lines of the section on verbs."""
    section = re.search(r"^(?:Verbs|Commands)\b[^\n]*\n(.*?)(?:^\S|\Z)", text, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    return set(re.findall(r"^ {1,4}([a-z]+)\b", section.group(1), re.MULTILINE)) if section else set()


RULES = [clang_format, shellcheck, mandoc, python_compiles, help_verbs, tidy]
