"""Random usage records for a random book: calls, messages, data, chains, late and broken ones."""

import csv
import datetime
import io
import zoneinfo

from model_usage import FIELDS

WRONG_STARTS = (
    "2026-02-30T10:00:00+08:00",
    "2026-03-03T10:00:00",
    "20260303250000",
    "yesterday",
    "",
    "2026-03-03T24:00:01Z",
    "2026-13-03T10:00:00Z",
)
WRONG_FIELDS = (
    {"duration_s": "-60"},
    {"duration_s": "1.5"},
    {"items": "x"},
    {"cause": "-1"},
    {"seq": "1e3"},
    {"lac": "abc"},
    {"charge": "1.2345678"},
    {"charge": "-1"},
    {"direction": "up"},
    {"partial": "some"},
    {"partial": "first", "session": ""},
    {"up_bytes": "1234567890123456789"},
)


class UsageMaker:
    def __init__(self, maker):
        self.maker, self.rng = maker, maker.rng
        self.often, self.pick = maker.often, maker.pick
        self.zone = zoneinfo.ZoneInfo(maker.zone)
        begin = datetime.datetime.combine(maker.first_day, datetime.time(), tzinfo=self.zone)
        self.begin = int(begin.timestamp())
        self.serial = 0

    def make(self):
        """The lines of usage.csv, header first, in the order of arrival."""
        records = []
        while len(records) < self.maker.records:
            if self.often(0.12):
                records += self.chain()
            else:
                records.append(self.record())
            if self.often(0.05):
                records.append(self.again(self.pick(records)[1]))
        if self.often(0.15):
            records += [self.huge(), self.huge()]
        records.sort(key=lambda entry: entry[0])
        columns = [field for field in FIELDS]
        self.rng.shuffle(columns)
        lines = [self.line(columns)]
        for _, record in records:
            cells = [record.get(column, "") for column in columns]
            if self.often(0.004):
                cells = cells[:-1] if self.often(0.5) else cells + ["", "more"]
            lines.append(self.line(cells))
            if self.often(0.003):
                lines.append("# a comment")
        return lines

    def line(self, cells):
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(cells)
        return text.getvalue()

    def moment(self):
        """An instant of the period, often near a cycle's edge, a band's edge or a new offset."""
        at = self.begin + self.rng.randint(-86400, self.maker.days * 86400)
        if self.often(0.3):
            local = datetime.datetime.fromtimestamp(at, self.zone)
            hour, minute, second = self.pick(
                (
                    (0, 0, 0),
                    (7, 0, 0),
                    (6, 30, 10),
                    (22, 0, 30),
                    (8, 0, 0),
                    (18, 0, 0),
                    (12, 0, 0),
                    (2, 0, 0),
                    (1, 59, 59),
                )
            )
            edge = local.replace(hour=hour, minute=minute, second=second, fold=self.pick((0, 1)))
            at = int(edge.timestamp()) + self.rng.randint(-400, 60)
        if self.often(0.1):
            day = self.maker.first_day + datetime.timedelta(
                days=self.rng.randint(0, self.maker.days)
            )
            day = day.replace(day=self.maker.settings["cycle_day"])
            edge = datetime.datetime.combine(day, datetime.time(), tzinfo=self.zone)
            at = int(edge.timestamp()) + self.rng.randint(-3, 3)
        return at

    def arrival(self, start):
        """Most come at once, some hours, some days late."""
        return start + self.pick(
            (0, 0, 0, 0, 0, 0, self.rng.randint(0, 7200), self.rng.randint(0, 20 * 86400))
        )

    def writing(self, start):
        """One of the writings of an instant (§4.1)."""
        local = datetime.datetime.fromtimestamp(start, self.zone)
        utc = datetime.datetime.fromtimestamp(start, datetime.timezone.utc)
        compact = local.strftime("%Y%m%d%H%M%S")
        writings = [
            local.isoformat(),
            local.isoformat(),
            utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
            utc.strftime("%Y-%m-%dT%H:%M:%S.7Z"),
            compact,
        ]
        if self.often(0.02):
            writings = [
                local.strftime("%Y%m%d") + self.pick(("023000", "000000", "001500", "013000"))
            ]
        return self.pick(writings)

    def record(self):
        """One record and its time of arrival."""
        self.serial += 1
        service = self.pick(
            ("voice", "voice", "voice", "voice", "sms", "sms", "data", "data", "mms", "vas", "fee")
        )
        start = self.moment()
        record = {
            "id": f"r{self.serial}",
            "service": service,
            "start": self.writing(start),
            "served": self.written(self.served()),
            "node": self.pick(("N1", "N1", "N2", "")),
        }
        self.fill_usage(record, service)
        self.fill_parties(record, service)
        self.fill_places(record)
        self.fill_rest(record)
        if self.often(0.02):
            record["charge"] = self.pick(("0", "0.123456", "12.5", "9223372036854.775808", "1"))
        if self.often(0.02):
            self.spoil(record)
        return self.arrival(start), record

    def huge(self):
        """A usage of very many increments, over days and bands."""
        at, record = self.record()
        service = self.pick(("voice", "data"))
        record.update(service=service, duration_s=str(self.rng.randint(10000, 200000)), items="")
        if service == "data":
            record["up_bytes"] = str(self.rng.randint(2**20, 100 * 2**20))
        return at, record

    def served(self):
        if self.often(0.015):
            return self.maker.country + "13899999999"
        return self.pick(self.maker.numbers[:12] if self.often(0.95) else self.maker.numbers)

    def duration(self):
        return self.pick(
            (
                0,
                1,
                59,
                60,
                61,
                125,
                600,
                self.rng.randint(1, 400),
                self.rng.randint(1, 400),
                self.rng.randint(1, 4000),
                self.rng.randint(1, 12000),
            )
        )

    def volume(self):
        most = 2 * 2**20 if self.maker.small else 40 * 2**20
        return self.pick(
            (0, 1, 1024, 1025, 2**20, self.rng.randint(1, most // 10), self.rng.randint(1, most))
        )

    def fill_usage(self, record, service):
        if service in ("voice", "data"):
            record["duration_s"] = str(self.duration())
        if service == "data":
            record["up_bytes"], record["down_bytes"] = str(self.volume()), str(self.volume())
            record["rating_group"] = self.pick(("", "10", "20", "30", "40"))
            record["session"] = self.pick((f"d{self.serial}", ""))
        if service not in ("voice", "data"):
            record["items"] = self.pick(("", "", "1", "2", "0", str(self.rng.randint(1, 30))))
        if self.often(0.05):
            record["cause"] = self.pick(("0", "16"))
        if self.often(0.1):
            record["seq"] = str(self.rng.randint(0, 5))

    def fill_parties(self, record, service):
        if service != "data" or self.often(0.2):
            record["direction"] = self.pick(("mo", "mo", "mo", "mt", "cf", ""))
        if service in ("voice", "sms", "mms") or self.often(0.2):
            record["other"] = self.other()
        if self.often(0.05):
            record["third"] = self.pick(("661", "13000000001"))

    def other(self):
        cc = self.maker.country
        kind = self.rng.randint(0, 9)
        if kind <= 3:
            return self.written(self.pick(self.maker.numbers))
        if kind == 4:
            return self.pick((str(self.rng.randint(601, 620)), "661", "100", "669"))
        if kind <= 6:
            return self.written(
                cc
                + self.pick(
                    (
                        "13000000001",
                        "13001234567",
                        "13002000000",
                        "75588888888",
                        "1088888888",
                        "2012345678",
                        "13999999999",
                    )
                )
            )
        if kind == 7:
            return self.pick(
                ("10086", "110", "12590", "125901", "95566", "99123", "1795110086", "17951")
            )
        return self.pick(
            (
                "0085261234567",
                "+8526123",
                "+85291",
                "0012125551212",
                "+14155550100",
                "+81312345678",
                "00886912345678",
                "+447700900123",
                "1795100853666666",
                "+" + cc + "13001999999",
            )
        )

    def written(self, number):
        """One of the writings of a home number (§6.1)."""
        cc, rest = self.maker.country, number[len(self.maker.country) :]
        mobile = len(rest) == 11 and rest.startswith("1")
        writings = [
            number if len(number) != 11 or not number.startswith("1") else "+" + number,
            "+" + number,
            "00" + number,
            "0" + rest,
        ]
        if mobile:
            writings += [rest, rest, rest[:3] + "-" + rest[3:7] + " " + rest[7:]]
        if self.often(0.1):
            return self.pick(("17951", "17911", "12593")) + self.pick(writings)
        return self.pick(writings)

    def fill_places(self, record):
        if self.often(0.25):
            record["plmn"] = self.pick(("46000", "46000", "46001", "45400", "46692", "44010"))
            record["lac"] = self.pick(("", "5", "100", "101", "250", "300", "0"))
            record["cell"] = self.pick(("", "77"))
        areas = ("755", "10", "20", "571", "898", "899", "777")
        for field, share in (("home_area", 0.05), ("visited_area", 0.15), ("other_area", 0.1)):
            if self.often(share):
                record[field] = self.pick(areas)

    def fill_rest(self, record):
        """Fields that no price looks at, in texts that a reader of CSV can stumble over."""
        if self.often(0.05):
            text = self.pick(
                ('say "hi", you', "two\nlines", "a\n# no comment", "网络", "x;y", " b ")
            )
            record[self.pick(("apn", "service_id", "cell", "third"))] = text
        if self.often(0.05):
            record[self.pick(("up_bytes", "duration_s", "items", "seq"))] = self.pick(
                ("7", "007", "0")
            )

    def spoil(self, record):
        if self.often(0.3):
            record["start"] = self.pick(WRONG_STARTS)
        elif self.often(0.2):
            record["service"] = self.pick(("fax", "", "VOICE"))
        else:
            record.update(self.pick(WRONG_FIELDS))

    def again(self, first):
        """A second record of the same key: the same, written otherwise, or with other contents."""
        record = dict(first)
        if self.often(0.4):
            record["id"] = (
                record["id"] + "x" if record["service"] in ("voice", "data") else record["id"]
            )
        if self.often(0.4):
            record.update(
                self.pick(
                    (
                        {"duration_s": "77"},
                        {"items": "9"},
                        {"cell": "1", "cause": "3"},
                        {"plmn": "46001"},
                        {"third": "13000000009"},
                        {"apn": "net"},
                        {"seq": "0" + first.get("seq", "0")},
                        {"partial": "whole"} if not first.get("partial") else {"cause": "0"},
                    )
                )
            )
        return self.begin + self.rng.randint(0, self.maker.days * 86400), record

    def chain(self):
        """The partials of one usage, in any order of arrival; sometimes they cross an edge."""
        _, whole = self.record()
        while (
            whole["service"] not in ("voice", "data")
            or whole.get("charge")
            or (whole["start"] in WRONG_STARTS)
        ):
            _, whole = self.record()
        start, parts = self.moment(), []
        whole.update(session=f"c{self.serial}", node=whole["node"] or "N1")
        count, late = self.rng.randint(2, 5), self.often(0.2)
        for number in range(count):
            part = dict(
                whole,
                id=f"{whole['id']}.{number}",
                seq=str(number),
                start=self.writing(start),
                partial="first" if number == 0 else "last" if number == count - 1 else "middle",
            )
            self.fill_usage(part, part["service"])
            part.update(
                session=whole["session"],
                seq=str(number),
                rating_group=whole.get("rating_group", ""),
            )
            if self.often(0.1):
                self.fill_places(part)
            if self.often(0.05):
                part["other"] = self.other()
            delay = self.rng.randint(0, 9000) if self.often(0.6) else number
            parts.append((start + delay + (self.rng.randint(0, 12 * 86400) if late else 0), part))
            start += self.pick(
                (int(part["duration_s"] or 0), 3600, 0, 86400 if self.often(0.2) else 60)
            )
        return parts
