"""A visitor: reads random files of the current build, as fast as it can.

``python readers.py ROOT`` reads until its standard input ends, then prints how many reads
there were, and which were bad.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import threading


def main(root):
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    known, names, bad, reads, builds = {}, {}, [], 0, set()
    while not reads or not over.is_set():
        with open(os.path.join(root, "current")) as file:
            version = file.read()
        if version not in known:
            with open(os.path.join(root, version, ".cdn-index.json")) as file:
                index = json.load(file)
            known[version], hashed = index["files"], index.get("hashed_folders", {})
            # Pages name a file under the hash of its folder, scripts under the build.
            names[version] = [(version, name) for name in index["files"]] + [
                (hashed[folder], name)
                for name in index["files"]
                if (folder := name.partition("/")[0]) in hashed
            ]
        builds.add(version)
        for folder, name in random.choices(names[version], k=20):
            reads += 1
            why = complaint(os.path.join(root, folder, name), known[version][name])
            if why:
                bad.append(f"{folder}/{name}: {why}")
    print(json.dumps({"reads": reads, "bad": bad, "builds": len(builds)}))


def complaint(path, expected):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        return f"missing ({error.strerror})"
    if len(data) != expected["size"]:
        return f"{len(data)} of {expected['size']} bytes"
    if hashlib.sha256(data).hexdigest() != expected["sha256"]:
        return "other bytes"
    return None


if __name__ == "__main__":
    main(sys.argv[1])
