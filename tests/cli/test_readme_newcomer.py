#!/usr/bin/env python3
"""What README tells a newcomer to type, typed: the ```sh blocks of one section are run one after the other in one folder,
and what each prints is what the block behind it shows. SUANPAN_BLESS=1 writes these anew."""

import os
import re
import subprocess
import sys
import tempfile

README = os.path.join(os.environ["SUANPAN_SOURCE"], "README.md")
SUANPAN = os.path.abspath(os.environ["SUANPAN"])
HEADING = "## Write a plan, break it, mend it\n"
# A block of commands, and what they print if that is more than nothing.
BLOCK = re.compile(r"```sh\n(?P<commands>.*?)```\n(?:\n```\n(?P<printed>.*?)```\n)?", re.DOTALL)


def printed_by(commands, place):
    """stdout and stderr together, as a terminal shows them."""
    script = f"exec 2>&1\nsuanpan() {{ '{SUANPAN}' \"$@\"; }}\n{commands}"
    return subprocess.run(["bash"], input=script, capture_output=True, text=True, cwd=place, check=False).stdout


def main():
    with open(README, encoding="utf-8") as file:
        text = file.read()
    start = text.index(HEADING)
    end = text.index("\n## ", start)
    section, wrong, count = "", 0, 0
    with tempfile.TemporaryDirectory() as place:
        at = start
        for block in BLOCK.finditer(text, start, end):
            now = printed_by(block["commands"], place)
            count += 1
            section += text[at:block.start()] + f"```sh\n{block['commands']}```\n"
            section += f"\n```\n{now}```\n" if now else ""
            at = block.end()
            if now != (block["printed"] or ""):
                wrong += 1
                print(block["commands"], "--- README shows", block["printed"], "--- it prints", now, sep="\n")
        section += text[at:end]
    if os.environ.get("SUANPAN_BLESS") == "1":
        with open(README, "w", encoding="utf-8") as file:
            file.write(text[:start] + section + text[end:])
        return 0
    print(f"{count} blocks, {wrong} print something else; SUANPAN_BLESS=1 renews README")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
