"""What happens while somebody is killed. A scene is a function of the stage and a random generator; it
says first whom it brings to an end, and of what."""

import signal
import time

from harness import MIB, kill
from stage import PLAYERS

SCENES = {}
OOM = {"verdict": "oom", "exitCode": 137}
KILLED = {"verdict": "killed", "exitCode": 137}
STOPPED = {"verdict": "stopped"}
FAULTS = {"segv": signal.SIGSEGV, "abrt": signal.SIGABRT, "fpe": signal.SIGFPE}


def scene(function):
    SCENES[function.__name__] = function
    return function


def crashed(number):
    return {"verdict": "crashed", "exitCode": 128 + number}


def die_somehow(stage, rng, service):
    """A death that bulkhead has no part in."""
    way = rng.choice(("fault", "exit", "done", "killed"))
    if way == "fault":
        name = rng.choice(sorted(FAULTS))
        stage.charge(service, name, crashed(FAULTS[name])).order("fault", name)
    elif way == "exit":
        code = rng.randint(1, 255)
        stage.charge(service, f"exit {code}", {"verdict": "failed", "exitCode": code}).order("exit", code)
    elif way == "done":
        stage.charge(service, "exit 0", {"verdict": "done", "exitCode": 0}).order("exit", 0)
    else:
        kill(stage.charge(service, "SIGKILL", KILLED).pid)
    stage.charges[service, stage.before[service]["Generation"]].is_certain = True  # whoever is killed, this one dies


def anybody(stage, rng):
    return rng.choice([*PLAYERS, "probed", "hooked"])


@scene
def nothing(stage, rng):
    time.sleep(rng.uniform(0, 0.2))


@scene
def death(stage, rng):
    die_somehow(stage, rng, anybody(stage, rng))


@scene
def deaths(stage, rng):
    for service in rng.sample([*PLAYERS, "probed", "hooked"], 3):
        die_somehow(stage, rng, service)


@scene
def restart(stage, rng):
    service = anybody(stage, rng)
    stage.charge(service, "restart", STOPPED)
    stage.ask("restart", service)


@scene
def stop(stage, rng):
    service = anybody(stage, rng)
    stage.charge(service, "stop", STOPPED)
    stage.ask("stop", "-t", "5", service)
    stage.ask("start", service)


@scene
def kill_and_start(stage, rng):
    service = anybody(stage, rng)
    stage.charge(service, "kill", STOPPED)
    stage.ask("kill", service)
    stage.ask("start", service)


@scene
def reload(stage, rng):
    old = stage.services().keys()
    stage.edition += 1
    stage.write_edition()
    stage.charge("two", "another edition", STOPPED)
    if "extra" in old - stage.services().keys():
        stage.charge("extra", "it is an orphan", STOPPED)
    stage.ask("up", "-d", "--remove-orphans")


@scene
def flood(stage, rng):
    for scribe in stage.scribes:
        scribe.allow(rng.randint(500, 3000))


@scene
def flood_and_death(stage, rng):
    flood(stage, rng)
    scribe = rng.choice(stage.scribes)
    stage.charge(scribe.name, "SIGKILL", KILLED)
    stage.charges[scribe.name, stage.before[scribe.name]["Generation"]].is_certain = True
    time.sleep(rng.uniform(0, 0.02))
    kill(scribe.pid())


@scene
def leak(stage, rng):
    stage.charge("leaky", "its limit", OOM).order("leak", MIB, rng.choice((0, 500, 2000)))
    stage.charges["leaky", stage.before["leaky"]["Generation"]].is_certain = True


def playable(has_memory):
    return [name for name in SCENES if has_memory or name != "leak"]
