"""A real broker for a test in Python: started in a folder of its own, ended when the test ends."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77


class Broker:
    def __init__(self, folder, name):
        self.folder = folder
        self.address = self._script("start", name)

    def _script(self, verb, name="the test"):
        done = subprocess.run([os.path.join(HERE, "broker"), verb, self.folder], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode == SKIPPED:
            print(f"skipped: {name} needs Java and the jars of Apache Kafka")
            sys.exit(SKIPPED)
        if done.returncode != 0:
            sys.exit(f"broker {verb}: exit {done.returncode}")
        return done.stdout.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._script("stop")

    def kill(self):
        self._script("kill")

    def restart(self):
        address = self._script("restart")
        if address != self.address:
            sys.exit(f"the broker came back as {address}, it was {self.address}")

    def producing(self, topic, path, *options):
        """The arguments of a producer of the lines of a file."""
        return [os.path.join(os.environ["SUANPAN_BUILD"], "tests", "produce"), self.address, topic, path,
                *map(str, options)]

    def produce(self, topic, path, *options):
        subprocess.run(self.producing(topic, path, *options), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=True)
