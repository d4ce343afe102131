"""Validates stack files against a JSON schema: validate.py [--refuse] [--core] SCHEMA FILE...

--refuse: none of them may be valid. --core: true and false alone are booleans, as the loader and
editors read YAML; without it yes, no, on and off are booleans, too, as to the most cautious reader."""
import argparse
import json
import re
import sys

import jsonschema
import yaml

BOOL = "tag:yaml.org,2002:bool"


class CoreLoader(yaml.SafeLoader):
    """Scalars as in YAML 1.2."""


CoreLoader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != BOOL]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
CoreLoader.add_implicit_resolver(BOOL, re.compile("^(?:[Tt]rue|TRUE|[Ff]alse|FALSE)$"), list("tTfF"))


def load_schema(name):
    with open(name, encoding="utf-8") as file:
        schema = json.load(file)
    if "definitions" in schema:
        # The specification's prose has pre_start, this schema not yet.
        service = schema["definitions"]["service"]["properties"]
        service.setdefault("pre_start", service["post_start"])
    return schema


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--refuse", action="store_true")
    parser.add_argument("--core", action="store_true")
    parser.add_argument("schema")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    validator = jsonschema.Draft7Validator(load_schema(options.schema))
    failed = False
    for name in options.files:
        with open(name, encoding="utf-8") as file:
            document = yaml.load(file, CoreLoader if options.core else yaml.SafeLoader)
        errors = [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(document)]
        if options.refuse:
            errors = [] if errors else ["is valid"]
        for error in errors:
            print(f"{name}: {error}")
            failed = True
    return failed


sys.exit(main())
