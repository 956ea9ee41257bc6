"""What the scripts of tests compare with."""


class Checks:
    """Counts what was compared and what differed."""

    def __init__(self):
        self.made, self.failed = 0, 0

    def equal(self, what, found, expected):
        self.made += 1
        if found != expected:
            self.failed += 1
            if self.failed <= 20:
                print("%s: found %r, expected %r" % (what, found, expected))

    def true(self, what, holds):
        self.equal(what, bool(holds), True)

    def finish(self):
        print("%d checks, %d failed" % (self.made, self.failed))
        raise SystemExit(1 if self.failed or not self.made else 0)
