"""Reads what callgrind wrote: instructions by function, and what each function spent in other objects.

The format is the one of valgrind's manual, "Callgrind Format Specification", with name compression and relative lines.
"""
import os
import re

NAMED = re.compile(r"^(c?ob|c?fl|c?fi|fe|c?fn)=\((\d+)\)(?: (.*))?$")
COST = re.compile(r"^[+\-*\d]\S*(?: (\d+))?$")
SPACES = {"ob": "ob", "cob": "ob", "fl": "fl", "fi": "fl", "fe": "fl", "cfi": "fl", "cfl": "fl", "fn": "fn", "cfn": "fn"}


class Profile:
    """own: {(file, function): instructions} of one object; outside: {(file, function, other object): instructions}."""

    def __init__(self):
        self.own, self.outside, self.total = {}, {}, 0


def read(path, program):
    """The profile of `program` (the base name of an object) in the file that callgrind wrote."""
    profile, names, at = Profile(), {"ob": {}, "fl": {}, "fn": {}}, {"ob": "", "fl": "", "fn": "", "cob": None}
    called = False
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            line = line.rstrip("\n")
            match = NAMED.match(line)
            if match:
                word, number, name = match.groups()
                space = names[SPACES[word]]
                if name is not None:
                    space[number] = os.path.basename(name) if SPACES[word] == "ob" else name
                if word in at:
                    at[word] = space[number]
                continue
            if line.startswith("calls="):
                called = True
                continue
            match = COST.match(line)
            if not match:
                continue
            add(profile, at, int(match.group(1) or 0), called, program)
            if called:
                called, at["cob"] = False, None
    return profile


def add(profile, at, cost, called, program):
    if not called:
        profile.total += cost
    if at["ob"] != program:
        return
    key = (at["fl"], at["fn"])
    if not called:
        profile.own[key] = profile.own.get(key, 0) + cost
    elif at["cob"] not in (None, program):
        key += (at["cob"],)
        profile.outside[key] = profile.outside.get(key, 0) + cost
