"""The tree that the rules look at: its files, its C text, its objects."""

import os
import pathlib
import re
import subprocess

SKIPPED_FOLDERS = {".git", "build", "__pycache__"}
ROOMS = ("core", "history", "simulation", "stackfile", "supervisor", "recorder", "cli")


class Tree:
    def __init__(self, top, build):
        self.top = pathlib.Path(top)
        self.build = pathlib.Path(build)
        self._files = None

    def files(self, *suffixes):
        """Paths relative to the top, sorted; all of them, or those with one of the suffixes."""
        if self._files is None:
            self._files = sorted(self._walk())
        return [name for name in self._files if not suffixes or name.endswith(suffixes)]

    def _walk(self):
        for folder, folders, names in os.walk(self.top):
            folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
            for name in names:
                path = pathlib.Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    yield str(path.relative_to(self.top))

    def text(self, name):
        return (self.top / name).read_text(encoding="utf-8", errors="replace")

    def c_files(self):
        return self.files(".c", ".h")

    def room_files(self):
        return [name for name in self.c_files() if name.split("/")[0] in ROOMS]

    def scripts(self):
        """Shell scripts: by their first line."""
        shebang = re.compile(r"#!\s*/\S*(/env\s+)?\b(ba|da)?sh\b")
        return [name for name in self.files() if shebang.match(self._first_line(name))]

    def python_files(self):
        return [name for name in self.files()
                if name.endswith(".py") or re.match(r"#!.*python", self._first_line(name))]

    def _first_line(self, name):
        with open(self.top / name, "rb") as file:
            return file.readline(200).decode("utf-8", "replace")

    def objects(self, *rooms):
        """Object files of rooms in the build folder, but only those whose source is still there."""
        for room in rooms:
            for path in sorted((self.build / room).rglob("*.o")):
                name = str(path.relative_to(self.build))
                if (self.top / name).with_suffix(".c").exists():
                    yield name, path

    def run(self, argv, **options):
        return subprocess.run(argv, cwd=self.top, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False, **options)


COMMENT_OR_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.DOTALL)


def code_of(text):
    """C text without comments; strings stay; lines keep their numbers."""
    def replace(match):
        found = match.group(0)
        return "\n" * found.count("\n") if found.startswith("/") else found
    return COMMENT_OR_STRING.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def includes(text):
    """(line, is_quoted, name) of each #include."""
    code = code_of(text)
    return [(line_of(code, m.start()), m.group(1) == '"', m.group(2)) for m in INCLUDE.finditer(code)]


def functions(text):
    """(name, first line, count of lines) of each function; relies on Linux braces in column 1."""
    lines = code_of(text).split("\n")
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
            while start > 0 and lines[start - 1].strip() and not re.search(r"[;}]\s*$|^\s*#", lines[start - 1]):
                start -= 1
        elif line == "}" and start is not None:
            head = " ".join(lines[start:number])
            name = re.search(r"(\w+)\s*\(", head)
            yield (name.group(1) if name else "?"), start + 1, number - start + 1
            start = None
