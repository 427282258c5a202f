#!/usr/bin/python3
"""Records in readings.jsonl how Ansible reads each file of this folder, or that it refuses it.

Run it where Ansible is installed, after a file was added or changed: test/inventory/corpus/record.py
"""
import datetime
import json
import pathlib

from ansible.parsing.yaml.loader import AnsibleLoader

FOLDER = pathlib.Path(__file__).parent


def plain(value):
    """What `ansible-inventory --list` would print of a value."""
    if isinstance(value, dict):
        return {str(plain(key)): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(part) for part in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, (bool, int, type(None))):
        return value
    if isinstance(value, float) and value not in (float("inf"), float("-inf")):
        return value
    return str(value)


def reading(path):
    try:
        return {"name": path.name, "value": plain(AnsibleLoader(path.read_bytes()).get_single_data())}
    except Exception as error:  # Whatever it is, the file is refused.
        return {"name": path.name, "refused": str(error).splitlines()[-1].strip()}


readings = [json.dumps(reading(path), ensure_ascii=False) for path in sorted(FOLDER.glob("*.yml"))]
(FOLDER / "readings.jsonl").write_text("".join(f"{line}\n" for line in readings))
