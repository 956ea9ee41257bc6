#!/usr/bin/env python3
"""Stores that are none, of another version, or damaged: each call ends with the right exit code and a line that says what, never with
a signal. What is damaged is what a disk, a copy or a hand damages: files cut short, bytes turned, folders gone."""
import glob
import os
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from program import done, run  # noqa: E402  pylint: disable=wrong-import-position

RECORDS, PARTS = 2000, 4
META_WATERMARK_AT, META_SETTLED_AT = 80, 384  # struct sp_checkpoint_meta
DONE, WRONG, USAGE, BOOK, ENVIRONMENT = range(5)
READERS = (("verify",), ("audit",), ("dump", "rated"), ("segment",))


def call(*arguments):
    ended = run(*arguments, timeout=300)
    return ended.returncode, ended.stderr


def turn_byte(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 0xFF]))


def cut_to(path, size):
    os.truncate(path, size)


def blocks_of(path):
    """Offsets of the blocks of a journal segment: each begins with its magic."""
    with open(path, "rb") as file:
        content = file.read()
    found, at = [], content.find(b"SPBLOCK4")
    while at >= 0:
        found.append(at)
        at = content.find(b"SPBLOCK4", at + 1)
    return found, len(content)


class Stores:
    def __init__(self, folder):
        self.folder = folder
        self.world = f"{folder}/world"
        self.problems = []
        self.cases = 0
        done("gen", self.world, "--seed", 1, "--subscribers", 100, "--groups", 4, "--days", 10, "--records", RECORDS)
        with open(f"{folder}/suanpan.yaml", "w", encoding="utf-8") as file:
            file.write("cut_ms: 60000\ncheckpoint_ms: 600000\n")
        self.init(f"{folder}/good")
        self.split()
        for part in sorted(os.listdir(f"{folder}/usage")):  # each run closes at least one block of each shard
            done("run", f"{folder}/good", "--files", f"{folder}/usage/{part}", "--until-end")
        self.init(f"{folder}/tail")
        self.fill_tail()

    def init(self, store):
        done("init", f"{store}/", "--book", f"{self.world}/book", "--customers", f"{self.world}/customers", "--shards", 2,
             "--config", f"{self.folder}/suanpan.yaml")

    def usage(self):
        return ["--files", f"{self.folder}/usage", "--until-end"]

    def split(self):
        with open(glob.glob(f"{self.world}/usage/*.csv")[0], encoding="utf-8") as file:
            header, *lines = file.readlines()
        os.makedirs(f"{self.folder}/usage")
        for part in range(PARTS):
            with open(f"{self.folder}/usage/part{part}.csv", "w", encoding="utf-8") as file:
                file.writelines([header, *lines[part::PARTS]])

    def fill_tail(self):
        """A store whose journal stands behind an empty checkpoint, as after a kill -9 before the first one."""
        for shard in range(2):
            shutil.rmtree(f"{self.folder}/tail/shards/{shard}/journal")
            shutil.copytree(f"{self.folder}/good/shards/{shard}/journal", f"{self.folder}/tail/shards/{shard}/journal")

    def copy(self, name):
        store = f"{self.folder}/case"
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(f"{self.folder}/{name}", store)
        return store

    def expect(self, what, arguments, codes, words=""):
        self.cases += 1
        code, errors = call(*arguments)
        said = "suanpan: " in errors if code != DONE else True
        if code not in codes or not said or words not in errors or "Success" in errors:
            self.problems.append(f"{what}: {arguments[0]}: exit {code}, expected {codes} and {words!r}: {errors[-400:]!r}")
        return errors

    def every(self, what, store, codes, words=""):
        """Readers and the writer alike; the writer last, for it may change something."""
        for reader in READERS:
            self.expect(what, [reader[0], store, *reader[1:]], codes, words)
        self.expect(what, ["run", store, *self.usage()], codes, words)


def no_stores(stores):
    folder = f"{stores.folder}/none"
    os.makedirs(folder)
    stores.every("a folder that is no store", folder, (ENVIRONMENT,), "no store here")
    stores.every("nothing there", f"{folder}/nothing", (ENVIRONMENT,), "no store here")
    stores.every("a file", f"{stores.folder}/suanpan.yaml", (ENVIRONMENT,))
    for text, words in (("suanpan store 999\nshards=2\n", "version 999"), ("suanpan store 3\nshards=2\n", "version 3"),
                        ("", "expected"), ("shards=2", "expected"),
                        ("suanpan store 4\nshards=0\n", "expected"), ("suanpan store 4\nshards=65\n", "expected")):
        store = stores.copy("good")
        with open(f"{store}/store.txt", "w", encoding="utf-8") as file:
            file.write(text)
        stores.every(f"store.txt {text!r}", store, (ENVIRONMENT,), words)


def books(stores):
    size = os.path.getsize(f"{stores.folder}/good/books/0001.book")
    for what, damage in (("empty", lambda path: cut_to(path, 0)), ("cut in its header", lambda path: cut_to(path, 40)),
                         ("cut in half", lambda path: cut_to(path, size // 2)), ("one byte short", lambda path: cut_to(path, size - 1)),
                         ("a byte of its magic", lambda path: turn_byte(path, 0)),
                         ("a byte in the middle", lambda path: turn_byte(path, size // 2)),
                         ("its last byte", lambda path: turn_byte(path, size - 1)), ("gone", os.unlink)):
        store = stores.copy("good")
        damage(f"{store}/books/0001.book")
        for verb in (["verify", store], ["segment", store], ["run", store, *stores.usage()]):
            stores.expect(f"book image: {what}", verb, (BOOK,))


def journals(stores):
    path = max(glob.glob(f"{stores.folder}/tail/shards/0/journal/*.spj"))
    name, (blocks, size) = path[len(f"{stores.folder}/tail/"):], blocks_of(path)
    assert len(blocks) == PARTS, blocks
    for what, at in (("the first block's magic", blocks[0]), ("the first block's header", blocks[0] + 100),
                     ("the second block's body", (blocks[1] + 512 + blocks[2]) // 2)):
        store = stores.copy("tail")
        turn_byte(f"{store}/{name}", at)
        stores.expect(f"journal: {what}", ["verify", store], (WRONG,), "shard 0: journal")
        stores.expect(f"journal: {what}", ["run", store, *stores.usage()], (ENVIRONMENT,), "shard 0: journal")
    store = stores.copy("tail")
    for shard in range(2):
        turn_byte(max(glob.glob(f"{store}/shards/{shard}/journal/*.spj")), 100)
    stores.expect("journal: of two shards", ["replay", store, "--book", f"{stores.world}/book"], (ENVIRONMENT,), "shard 0: journal")
    store = stores.copy("tail")
    with open(f"{store}/{name}", "r+b") as file:
        file.write(b"SPBLOCK3")
    stores.expect("journal: a former version's", ["verify", store], (WRONG,), "another version")
    stores.expect("journal: a former version's", ["run", store, *stores.usage()], (ENVIRONMENT,), "another version")
    for what, damage in (("the last block's header", lambda path: turn_byte(path, blocks[-1] + 100)),
                         ("the last block's last byte", lambda path: turn_byte(path, size - 1)),
                         ("the last block cut", lambda path: cut_to(path, (blocks[-1] + size) // 2)),
                         ("rest of a block", lambda path: cut_to(path, blocks[-1] + 7))):
        store = stores.copy("tail")
        damage(f"{store}/{name}")
        stores.expect(f"journal: {what}", ["verify", store], (DONE,))
        stores.expect(f"journal: {what}", ["run", store, *stores.usage()], (DONE,))
        stores.expect(f"journal: {what}, afterwards", ["verify", store], (DONE,))
    store = stores.copy("good")  # here the checkpoint knows of what is lost
    cut_to(f"{store}/{name}", blocks[-1])
    stores.expect("journal: shorter than its checkpoint", ["verify", store], (WRONG,))
    stores.expect("journal: shorter than its checkpoint", ["run", store, *stores.usage()], (ENVIRONMENT,), "shard 0")


def firsts(stores):
    """Blocks that lie before the checkpoint are read again for a conflict only: what is damaged there is said, by that conflict."""
    with open(f"{stores.folder}/usage/part0.csv", encoding="utf-8") as file:
        header, *lines = file.readlines()
    at = header.split(",").index("plmn")
    with open(f"{stores.folder}/conflicts.csv", "w", encoding="utf-8") as file:
        file.write(header)
        file.writelines(",".join([*cells[:at], "46001", *cells[at + 1:]]) for cells in (line.split(",") for line in lines))
    stores.init(f"{stores.folder}/single")  # has one block a shard, so that none stands behind what is damaged
    done("run", f"{stores.folder}/single", *stores.usage())
    for of, what, at in ((of, what, at) for of in ("good", "single") for what, at in (("magic", 0), ("header", 100), ("body", 600))):
        store = stores.copy(of)
        turn_byte(max(glob.glob(f"{store}/shards/1/journal/*.spj")), at)
        for workers in (1, 2):
            stores.expect(f"first record of a conflict: {of}, {what}", ["run", store, "--files", f"{stores.folder}/conflicts.csv", "--until-end",
                                                                        "--workers", workers], (ENVIRONMENT,), "shard 1: journal")


def checkpoints(stores):
    for pages in (1, 2, 3):  # the first two are LMDB's meta pages
        what = f"cut to {pages} pages"
        store = stores.copy("good")
        cut_to(f"{store}/shards/1/state/data.mdb", pages * 4096)
        stores.expect(f"data.mdb {what}", ["verify", store], (WRONG, ENVIRONMENT))
        stores.expect(f"data.mdb {what}", ["run", store, *stores.usage()], (ENVIRONMENT,))
    store = stores.copy("good")
    for page in (0, 4096):
        turn_byte(f"{store}/shards/1/state/data.mdb", page + 16)  # both meta pages' magic
    stores.expect("data.mdb without meta", ["verify", store], (WRONG,), "shard 1: state")
    stores.expect("data.mdb without meta", ["run", store, *stores.usage()], (ENVIRONMENT,), "shard 1: state")
    meta_damaged(stores)
    pages_damaged(stores)
    store = stores.copy("good")
    cut_to(f"{store}/directory/data.mdb", 3 * 4096)
    stores.expect("directory cut", ["verify", store], (ENVIRONMENT,))
    stores.expect("directory cut", ["run", store, *stores.usage()], (ENVIRONMENT,))


def pages_damaged(stores):
    """What holds LMDB's pages together: number and kind of a page, its bounds, where its first value lies; sizes and roots in the meta pages."""
    places, codes = {"a meta page": (41, 64, 136, 144), "a page": (0, 10, 12, 13, 14, 16, 17)}, (DONE, WRONG, ENVIRONMENT)
    for name in ("shards/1/state/data.mdb", "directory/data.mdb"):
        said = 0
        for page in range(os.path.getsize(f"{stores.folder}/good/{name}") // 4096):
            what = "a meta page" if page < 2 else "a page"
            for at in (places[what][page % 3::3] if what == "a page" else places[what]):
                store = stores.copy("good")
                turn_byte(f"{store}/{name}", page * 4096 + at)
                said += "data.mdb is damaged: page" in stores.expect(f"{name}, page {page}, byte {at}", ["verify", store], codes)
                if name.startswith("shards"):
                    stores.expect(f"{name}, page {page}, byte {at}", ["run", store, *stores.usage()], codes)
        if said < 6:
            stores.problems.append(f"{name}: only {said} turned bytes were said to be damage")
    store = stores.copy("good")
    hashed = done("verify", store).stdout.split()[-1]
    for file in ("data.mdb", "lock.mdb"):
        os.unlink(f"{store}/shards/1/state/{file}")
    done("run", store, *stores.usage())
    stores.cases += 1
    if done("verify", store).stdout.split()[-1] != hashed:
        stores.problems.append("a state that was made again from the journal is another one")


def meta_damaged(stores):
    """In all copies of a checkpoint's meta, old ones included: times that are none."""
    for what, at in (("watermark", META_WATERMARK_AT), ("settled watermark", META_SETTLED_AT)):
        store = stores.copy("good")
        with open(f"{store}/shards/1/state/data.mdb", "r+b") as file:
            content = bytearray(file.read())
            begin = struct.pack("<IIII", 5, 1, 2, 1)  # version, shard, shard count, books
            found = content.find(begin)
            assert found >= 0
            while found >= 0:
                content[found + at:found + at + 8] = struct.pack("<q", -(1 << 63))
                found = content.find(begin, found + 1)
            file.seek(0)
            file.write(content)
        stores.expect(f"checkpoint's {what}", ["verify", store], (WRONG,), "shard 1: state")
        stores.expect(f"checkpoint's {what}", ["run", store, *stores.usage()], (ENVIRONMENT,), "shard 1: state")


def reviews(stores):
    """What `segment` keeps of a month and of a review: any numbers are numbers, and what is cut is made anew."""
    store = stores.copy("good")
    done("segment", store)
    kept = {path: os.path.getsize(path) for path in [f"{store}/levels", *glob.glob(f"{store}/cuts-*")]}
    assert len(kept) == 2, kept
    for content in (b"", b"\xff", b"\x00", b"\x00\x00\x00\x00\x00\x00\x00\x80", b"\xff\xff\xff\xff\xff\xff\xff\x7f"):
        for verb in (["churn", "list", store], ["dump", store, "customers"], ["segment", store]):
            for path, size in kept.items():
                with open(path, "wb") as file:
                    file.write((content * size)[:size])
            stores.expect(f"reviews of {content!r}", verb, (DONE, WRONG))


def folders(stores):
    for gone in ("shards/1", "shards/1/journal", "shards/1/state", "shards"):
        store = stores.copy("good")
        shutil.rmtree(f"{store}/{gone}")
        stores.expect(f"{gone} gone", ["verify", store], (WRONG, ENVIRONMENT), "No such file")
        stores.expect(f"{gone} gone", ["run", store, *stores.usage()], (ENVIRONMENT,), "No such file")
    store = stores.copy("good")
    shutil.rmtree(f"{store}/directory")
    stores.expect("directory gone", ["verify", store], (ENVIRONMENT,), "directory")


def main():
    base = os.path.join(os.environ["SUANPAN_BUILD"], "tests")
    os.makedirs(base, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="bad-stores-", dir=base)
    stores = Stores(folder)
    for part in (no_stores, books, journals, firsts, checkpoints, reviews, folders):
        part(stores)
    if stores.problems:
        print("\n".join(stores.problems))
        sys.exit(f"{len(stores.problems)} of {stores.cases} calls; kept: {folder}")
    print(f"{stores.cases} calls on stores that cannot be used: each its exit code and its line")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
