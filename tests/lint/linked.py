"""Rules that the linker's view of the objects proves. Each rule yields (key, message)."""

import re

# What a pure room may ask of the C library: memory, text, sorting. Nothing that calls the kernel,
# reads a clock or prints. Where text depends on the locale: it is "C" and stays so (no_locale).
PURE = set("""
    malloc calloc realloc reallocarray free
    memcpy memmove memset memcmp memchr memrchr mempcpy memmem
    strlen strnlen strcmp strncmp strchr strchrnul strrchr strspn strcspn strpbrk strstr strcpy strncpy stpcpy
    strdup strndup strcasecmp strncasecmp __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc strtod
    __libc_current_sigrtmin __libc_current_sigrtmax
    strtol strtoll strtoul strtoull __isoc23_strtol __isoc23_strtoll __isoc23_strtoul __isoc23_strtoull
    snprintf vsnprintf qsort qsort_r bsearch timegm gmtime_r
    strerrorname_np strerrordesc_np sigabbrev_np __errno_location
    __memcpy_chk __memmove_chk __memset_chk __mempcpy_chk __strcpy_chk __strncpy_chk __stpcpy_chk
    __snprintf_chk __vsnprintf_chk __stack_chk_fail _GLOBAL_OFFSET_TABLE_
""".split())

ENDS_PROCESS = {"exit", "_exit", "_Exit", "quick_exit", "abort", "err", "errx", "verr", "verrx", "error",
                "__assert_fail", "__assert_perror_fail", "raise", "pthread_exit"}

# Objects that may leave with _exit although they define no main: there a child could not become its program.
CHILD_PATHS = {name: {"_exit"} for name in ("supervisor/sys/spawn.o", "supervisor/sys/helper.o", "supervisor/keeper_birth.o",
                                             "cli/stack/launch.o", "cli/stack/upgrading.o")}

RESIDENT = ("bulkheadd", "bulkhead-keeper", "bulkhead-recorder")

WRITABLE = re.compile(r"\.(data|bss|tdata|tbss|sdata|sbss)(?!\.rel\.ro)\b|\*COM\*")


def symbols(tree, path):
    """(defined, undefined) names of an object."""
    defined, undefined = set(), set()
    for line in tree.run(["nm", "-P", str(path)]).stdout.splitlines():
        fields = line.split()
        if len(fields) >= 2:
            (undefined if fields[1] in "Uwv" else defined).add(fields[0])
    return defined, undefined


def room_symbols(tree, room):
    """All names the room defines, and {object: names it does not define itself}."""
    defined, wanted = set(), {}
    for name, path in tree.objects(room):
        ours, theirs = symbols(tree, path)
        defined |= ours
        wanted[name] = theirs
    return defined, wanted


def purity(tree):
    """core, simulation and stackfile ask the C library for memory, text and sorting, and for nothing else."""
    in_core, core = room_symbols(tree, "core")
    in_stackfile, stackfile = room_symbols(tree, "stackfile")
    if not core:
        yield "core", f"no objects of core in {tree.build}: build first"
    in_simulation, simulation = room_symbols(tree, "simulation")
    for wanted, known in ((core, in_core), (stackfile, in_core | in_stackfile), (simulation, in_core | in_simulation | {"log"})):
        for name, symbols_wanted in wanted.items():
            foreign = symbols_wanted - known - PURE
            if name == "stackfile/yaml.o":
                foreign = {symbol for symbol in foreign if not symbol.startswith("yaml_")}
            for symbol in sorted(foreign):
                yield f"{name}:{symbol}", f"{name}: asks for {symbol}"


def no_state(tree):
    """core, simulation and stackfile keep nothing between calls: no variable of a file that can be written."""
    for name, path in tree.objects("core", "simulation", "stackfile"):
        for line in tree.run(["objdump", "-t", str(path)]).stdout.splitlines():
            # value, 7 flag characters, section, size, name
            match = re.match(r"[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$", line)
            if match and "d" not in match.group(1) and WRITABLE.match(match.group(2)):
                yield f"{name}:{match.group(4)}", f"{name}: {match.group(4)} is a writable variable"


def only_main_exits(tree):
    """Nothing but a main and the child's path to its program ends a process."""
    for name, path in tree.objects("core", "history", "simulation", "stackfile", "supervisor", "recorder", "cli"):
        defined, undefined = symbols(tree, path)
        if "main" in defined:
            continue
        for symbol in sorted(undefined & ENDS_PROCESS - CHILD_PATHS.get(name, set())):
            yield f"{name}:{symbol}", f"{name}: calls {symbol}"


def no_locale(tree):
    """No program leaves the C locale: a number reads the same everywhere."""
    for name, path in tree.objects("core", "history", "simulation", "stackfile", "supervisor", "recorder", "cli"):
        for symbol in sorted(symbols(tree, path)[1] & {"setlocale", "newlocale", "uselocale"}):
            yield f"{name}:{symbol}", f"{name}: calls {symbol}"


def resident_static(tree):
    """The programs that stay need no shared library."""
    for program in RESIDENT:
        path = tree.build / program
        if not path.is_file():
            yield program, f"{program}: not built in {tree.build}"
            continue
        for line in tree.run(["readelf", "-d", str(path)]).stdout.splitlines():
            needed = re.search(r"\(NEEDED\).*\[(.*)\]", line)
            if needed:
                yield program, f"{program}: needs {needed.group(1)}"


RULES = [purity, no_state, only_main_exits, no_locale, resident_static]
