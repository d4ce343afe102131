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
        if key == "resources":
            for inner, deeper in value["properties"].items():
                for leaf in deeper["properties"]:
                    yield (f"deploy.{key}.{inner}.{leaf}",
                           f"services: {{web: {{deploy: {{{key}: {{{inner}: {{{leaf}: }}}}}}}}}}\n")


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
