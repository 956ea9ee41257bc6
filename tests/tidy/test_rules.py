#!/usr/bin/env python3
"""The tidy scripts find what they are there for: a small tree with one fault of each kind, and the lines they must print."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = "\n".join(f"  a += {number};" for number in range(70))
NEST = "  if (a) {\n    for (;;) {\n      while (a) {\n        switch (a) {\n        default: {\n" \
       "          do {\n            a--;\n          } while (a);\n        }\n        }\n      }\n    }\n  }\n"
TREE = {
    "rating/one.h": "#include <stdint.h>\n#include \"store/two.h\"\nint sp_one(void);\n#define WRONG 1\n",
    "rating/one.c": "#include \"rating/one.h\"\n#include <stdio.h>\n/* a float in a comment */\nstatic double half;\n"
                    "int sp_one(void)\n{\n  return (int)half;\n}\n",
    "store/two.h": "typedef struct two two;\nint sp_two(int a, int b, int c, int d, int e, int f, int g);\n",
    "store/two.c": "#include \"store/two.h\"\n#include <lmdb.h>\n#include <sys/stat.h>\n/* [CDR 1/2] in */\n"
                   "int sp_two(int a, int b, int c, int d, int e, int f, int g)\n{\n" + LONG + "\n  return a;\n}\n"
                   "static int sp_three(int a)\n{\n" + NEST + "  return a;\n}\nint four(void)\n{\n"
                   "  struct p q[] = {{1, 2}, {3, 4}};\n  sprintf(0, \"strcpy(\");\n  return 0; /* " + "x" * 99 + " */\n}\n"
                   "/* rule zero: function: it is one table */\nint sp_long(int a)\n{\n" + LONG + "\n  return a;\n}\n",
    "store/helpers.c": "/* TO" "DO: /home/" "me/x */\nint sp__x(void);\n",
    "tools/one.c": "/* [CDR 1/2] again */\nint sp__x(void);\n",
    "tests/tidy/third_party.txt": "# none\n",
    "other.txt": "",
}
EXPECTED = {
    "test_layering.py": ["rating/one.h:2: rating/ may not include store/two.h",
                         "rating/one.c:2: rating/ may not include <stdio.h>",
                         "store/two.c: <lmdb.h> has no line in tests/tidy/third_party.txt: one .c per use of a library"],
    "test_lengths.py": ["store/two.c:5: sp_two: 74 lines, expected at most 70",
                        "store/two.c:5: sp_two: 7 parameters, expected at most 6",
                        "store/two.c:86: sp_three: nesting 5, expected at most 4",
                        "store/two.c:100: 117 columns, expected at most 100"],
    "test_bans.py": ["rating/one.c:4: double: no floating point here", "store/two.h:1: typedef struct: no typedef of structs",
                     "store/two.c:99: sprintf(: unbounded or surprising call",
                     "store/helpers.c:1: TO" "DO: unfinished work", "store/helpers.c:1: /home/" "me: a path of one machine",
                     "store/helpers.c: helpers.c says nothing; a function lives with the noun it is about",
                     "tools/one.c: file name taken by rating/one.c"],
    "test_names.py": ["rating/one.h:4: WRONG: a header's macros begin with SP_",
                      "store/two.c:79: sp_three: a static function has no prefix",
                      "store/two.c:96: four: seen outside its file, so it begins with sp_ (or it should be static)",
                      "sp__x is inside one folder only, but stands in store/helpers.c, tools/one.c"],
    "test_waypoints.py": ["waypoint 1 appears 2 times: store/two.c:4 tools/one.c:1", "waypoint 2 appears 0 times: "],
    "test_dead.py": ["store/two.c:103: sp_long: nobody calls it"],
    "test_folders.py": ["other.txt: the root holds only", "store/: no README.md", "LICENSE: missing in the root"],
}


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as root:
        for path, text in TREE.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        for script, lines in EXPECTED.items():
            done = subprocess.run([sys.executable, os.path.join(HERE, script)], stdin=subprocess.DEVNULL, text=True,
                                  capture_output=True, env={**os.environ, "SUANPAN_SOURCE": root}, check=False)
            if done.returncode != 1:
                failures += 1
                print(f"{script}: exit {done.returncode}, expected 1; {done.stderr}")
            for line in lines:
                if line not in done.stdout:
                    failures += 1
                    print(f"{script}: not reported: {line}\n{done.stdout}")
    print(f"{len(EXPECTED)} scripts, {failures} failures")
    sys.exit(1 if failures else 0)


main()
