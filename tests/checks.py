"""What the scripts of tests compare with."""


class Checks:
    """Counts what was compared and what differed; the first twenty are told."""

    def __init__(self):
        self.made, self.failed = 0, 0

    def holds(self, it_does, *words):
        self.made += 1
        if not it_does:
            self.failed += 1
            if self.failed <= 20:
                print("FAILED", *words)

    def true(self, what, holds):
        self.holds(holds, what)

    def equal(self, what, found, expected):
        self.holds(found == expected, f"{what}: found {found!r}, expected {expected!r}")

    def inside(self, what, part, text):
        self.holds(part in text, f"{what}: no {part!r} in {text!r}")

    def finish(self):
        print(f"{self.made} checks, {self.failed} failed")
        raise SystemExit(1 if self.failed or not self.made else 0)
