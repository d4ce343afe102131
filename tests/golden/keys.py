"""No key of Compose's schema is unknown to the loader: keys.py SHOW SCHEMA..."""
import json
import os
import subprocess
import sys
import tempfile


def is_known(show, folder, text):
    name = os.path.join(folder, "key.yaml")
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run([show, name], capture_output=True, text=True, check=False)
    return done.returncode in (0, 1) and "unknown key" not in done.stderr


def keys_of(schema):
    """Each key with a stack file that has it."""
    parts = schema.get("definitions") or schema["$defs"]
    for key in schema["properties"]:
        yield key, f"{key}: {{}}\n"
    for key in [*parts["service"]["properties"], "pre_start"]:
        yield f"services.{key}", f"services: {{web: {{{key}: }}}}\n"
    for key, value in parts["deployment"]["properties"].items():
        yield f"deploy.{key}", f"services: {{web: {{deploy: {{{key}: }}}}}}\n"
        if key in ("resources", "restart_policy", "placement"):
            for inner, deeper in value["properties"].items():
                yield (f"deploy.{key}.{inner}",
                       f"services: {{web: {{deploy: {{{key}: {{{inner}: }}}}}}}}\n")
                for leaf in deeper.get("properties", ()):
                    yield (f"deploy.{key}.{inner}.{leaf}",
                           f"services: {{web: {{deploy: {{{key}: {{{inner}: {{{leaf}: }}}}}}}}}}\n")
    yield from keys_of_parts(parts)


def keys_of_parts(parts):
    """The keys of what is not deploy, inside a service."""
    hook = parts["service_hook"]["properties"]
    hooks = {"pre_start": parts.get("pre_start_hook", {}).get("properties", hook),
             "post_start": hook, "pre_stop": hook}
    for key in parts["healthcheck"]["properties"]:
        yield f"healthcheck.{key}", f"services: {{web: {{healthcheck: {{{key}: }}}}}}\n"
    for kind, keys in hooks.items():
        for key in keys:
            yield f"{kind}.{key}", f"services: {{web: {{{kind}: [{{{key}: }}]}}}}\n"
    for key in parts["service"]["properties"]["logging"]["properties"]:
        yield f"logging.{key}", f"services: {{web: {{logging: {{{key}: }}}}}}\n"
    for form in parts["service"]["properties"]["depends_on"]["oneOf"]:
        for pattern in form.get("patternProperties", {}).values():
            for key in pattern["properties"]:
                yield f"depends_on.{key}", f"services: {{web: {{depends_on: {{a: {{{key}: }}}}}}}}\n"


def main():
    show, *schemas = sys.argv[1:]
    unknown = []
    with tempfile.TemporaryDirectory() as folder:
        for name in schemas:
            with open(name, encoding="utf-8") as file:
                schema = json.load(file)
            unknown += [key for key, text in keys_of(schema) if not is_known(show, folder, text)]
    for key in unknown:
        print(f"unknown: {key}")
    return bool(unknown)


sys.exit(main())
