#!/usr/bin/env python3
"""count.py REPORT...: adds up the tests of ctest's JUnit reports; prints the skipped and failed ones and the sum."""

import sys
import xml.etree.ElementTree as ElementTree


def main():
    passed = failed = skipped = 0
    for path in sys.argv[1:]:
        try:
            cases = ElementTree.parse(path).getroot().findall("testcase")
        except (OSError, ElementTree.ParseError) as error:
            print(f"failed: no report {path}: {error}")
            failed += 1
            continue
        for case in cases:
            status, name = case.get("status"), case.get("name")
            if status == "run":
                passed += 1
            elif status in ("notrun", "disabled") and case.find("failure") is None:
                skipped += 1
                print(f"skipped: {name}")
            else:
                failed += 1
                print(f"failed: {name}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


main()
