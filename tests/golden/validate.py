"""Validates stack files against Compose's JSON schema: validate.py SCHEMA FILE..."""
import json
import sys

import jsonschema
import yaml

schema = json.load(open(sys.argv[1], encoding="utf-8"))
service = schema["definitions"]["service"]["properties"]
# The specification's prose has pre_start, this schema not yet.
service.setdefault("pre_start", service["post_start"])
validator = jsonschema.Draft7Validator(schema)
failed = False
for name in sys.argv[2:]:
    with open(name, encoding="utf-8") as file:
        for error in validator.iter_errors(yaml.safe_load(file)):
            print(f"{name}: {list(error.path)}: {error.message}")
            failed = True
sys.exit(failed)
