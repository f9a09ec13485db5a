#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_imports.py NAMES [lacking.txt] - which imports have no prototype in the DDK.

NAMES is a file with one imported name per line, or a CSV with the columns name,
module and used_by_ndis (then: modules ndis, ntoskrnl and hal, two users and more).
With a second file the result must equal it; without, it is printed.
"""
import csv
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def declared():
    text = "".join('#include <%s>\n' % h for h in ("ndis.h", "ntifs.h", "ntstrsafe.h"))
    cc = os.environ.get("DRIVERCC", "x86_64-w64-mingw32-gcc").split()
    out = subprocess.run(cc + ["-E", "-P", "-ffreestanding", "-DNDIS689=1", "-DNDIS_LEGACY_DRIVER=1", "-I",
                               os.path.join(ROOT, "include", "ddk"), "-x", "c", "-"],
                         input=text.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()
    return (set(re.findall(r"\b([A-Za-z_]\w*)\s*\(", out)) | set(re.findall(r"\b(\w+);", out))
            | set(re.findall(r"\b(\w+)\s+__asm__", out)))


def wanted(path):
    with open(path) as f:
        if not path.endswith(".csv"):
            return [line.strip() for line in f if line.strip() and not line.startswith("#")]
        return [r["name"] for r in csv.DictReader(f)
                if r["module"] in ("ndis", "ntoskrnl", "hal") and int(r["used_by_ndis"] or 0) >= 2]


def main():
    have = declared()
    lacking = sorted(n for n in wanted(sys.argv[1]) if n not in have)
    if len(sys.argv) < 3:
        print("\n".join(lacking))
        return 0
    with open(sys.argv[2]) as f:
        known = sorted(line.strip() for line in f if line.strip() and not line.startswith("#"))
    for n in sorted(set(lacking) ^ set(known)):
        print(("no prototype: " if n in lacking else "has a prototype now: ") + n)
    return 0 if lacking == known else 1


if __name__ == "__main__":
    sys.exit(main())
