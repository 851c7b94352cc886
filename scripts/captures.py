"""Captures of HTTP made byte by byte, for scripts/bench-replay: a clean one of any size, and one with what networks and
captures do to traffic, of which is known what is whole in it."""

import os
import random
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = 0, 1
SEPARATOR = "\n🐵🙈🙉\n".encode()
GLOBAL_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
BEGIN = 1_700_000_000_000_000


def frame(source, target, sequence, acknowledged, flags, data=b"", vlans=0, trailer=b""):
    """A frame of Ethernet with a segment of TCP."""
    (source_ip, source_port), (target_ip, target_port) = source, target
    tcp = struct.pack(">HHIIBBHHH", source_port, target_port, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF,
                      0x50, flags, 0xFFFF, 0, 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0, source_ip, target_ip)
    return b"\2" * 12 + b"\x81\0\0\7" * vlans + b"\x08\0" + ip + tcp + data + trailer


def write(out, stamp, frame, snaplen=262144):
    """A frame as pcap has it, with no more of it than `snaplen`."""
    captured = frame[:snaplen]
    out.write(struct.pack("<IIII", stamp // 1_000_000, stamp % 1_000_000, len(captured), len(frame)))
    out.write(captured)


def clean(path, megabytes):
    """Connections with twenty exchanges each: requests of 400 bytes, answers of 2,000 in two segments."""
    server = (b"\x0a\0\0\1", 80)
    stamp, number = BEGIN, 0
    with open(path, "wb", buffering=1 << 20) as out:
        out.write(GLOBAL_HEADER)
        while out.tell() < megabytes * 1_000_000:
            number += 1
            client = (struct.pack(">I", 0x0A010000 + number % 60000), 1024 + number % 60000)
            mine, theirs = 1000 + number, 5000 + number
            write(out, stamp, frame(client, server, mine - 1, 0, SYN))
            write(out, stamp, frame(server, client, theirs - 1, mine, SYN | ACK))
            for turn in range(20):
                stamp += 50
                head = f"GET /api/v1/items/{number}/{turn} HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\nX: "
                request = head.encode() + b"x" * (400 - len(head) - 4) + b"\r\n\r\n"
                write(out, stamp, frame(client, server, mine, theirs, PSH | ACK, request))
                mine += len(request)
                answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1900\r\n\r\n" + b"y" * 1900
                write(out, stamp + 10, frame(server, client, theirs, mine, ACK, answer[:1400]))
                write(out, stamp + 11, frame(server, client, theirs + 1400, mine, PSH | ACK, answer[1400:]))
                theirs += len(answer)
                write(out, stamp + 20, frame(client, server, mine, theirs, ACK))
            write(out, stamp, frame(client, server, mine, theirs, FIN | ACK))
            write(out, stamp, frame(server, client, theirs, mine + 1, FIN | ACK))
    return os.path.getsize(path)


def records(path, count, spacing_us=1, method="GET", body=b""):
    """A .gor file of small requests of 64 connections, or of such with a body."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    with open(path, "wb", buffering=1 << 20) as out:
        for number in range(count):
            client = number % 64
            stamp = 1_700_000_000_000_000_000 + number * spacing_us * 1000
            out.write(f"1 {client:08x}{number:016x} {stamp} 0 c=10.0.0.1:{1000 + client} s=10.0.0.2:80\n"
                      f"{method} /items/{number} HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n{length}\r\n".encode()
                      + body + SEPARATOR)


class Connection:
    """One connection, as its segments, and what of it is missing."""

    def __init__(self, number, first=(1000, 5000), mss=1400, vlans=0, is_padded=False, has_begun=False):
        self.ends = ((struct.pack(">I", 0x0A020000 + number % 60000), 1024 + number % 60000), (b"\x0a\0\0\1", 80))
        self.next, self.mss, self.vlans, self.is_padded = list(first), mss, vlans, is_padded
        self.stamp = BEGIN + number * 3000
        # [stamp, side, sequence, acknowledged, flags, data]
        self.segments = []
        # (side, first, end) of messages and of what is missing
        self.messages, self.missing = [], []
        self.snaplen = 262144
        if not has_begun:
            self.put(CLIENT, SYN)
            self.next[CLIENT] += 1
            self.put(SERVER, SYN | ACK)
            self.next[SERVER] += 1
            self.put(CLIENT, ACK)

    def put(self, side, flags, data=b"", sequence=None):
        self.stamp += 100
        sequence = self.next[side] if sequence is None else sequence
        self.segments.append([self.stamp, side, sequence, self.next[1 - side], flags, data])

    def say(self, side, data, cuts=(), is_message=True):
        """A message, cut into segments at some places and where they would be too long; the other side acknowledges it."""
        if is_message:
            self.messages.append((side, self.next[side], self.next[side] + len(data)))
        at = 0
        for end in [*cuts, len(data)]:
            while at < end:
                part = data[at:min(end, at + self.mss)]
                self.put(side, ACK | PSH, part)
                self.next[side] += len(part)
                at += len(part)
        self.put(1 - side, ACK)

    def ask(self, data, cuts=()):
        self.say(CLIENT, data, cuts)

    def answer(self, data, cuts=()):
        self.say(SERVER, data, cuts)

    def end(self, side=CLIENT, flags=FIN | ACK):
        self.put(side, flags)
        self.next[side] += 1
        if flags & FIN:
            self.put(1 - side, FIN | ACK)

    def with_data(self):
        return [place for place, segment in enumerate(self.segments) if segment[5]]

    def lose(self, chance):
        """One segment with data is not captured."""
        place = chance.choice(self.with_data())
        _, side, sequence, _, _, data = self.segments.pop(place)
        self.missing.append((side, sequence, sequence + len(data)))

    def repeat(self, chance):
        """Segments come again: as they were, and two as one."""
        for place in sorted(chance.sample(self.with_data(), k=min(3, len(self.with_data()))), reverse=True):
            stamp, side, sequence, acknowledged, flags, data = self.segments[place]
            following = self.segments[place + 1] if place + 1 < len(self.segments) else None
            if following and following[1] == side and following[2] == sequence + len(data) and chance.random() < 0.5:
                data, place, stamp = data + following[5], place + 1, following[0]
            self.segments.insert(place + 1, [stamp + 1, side, sequence, acknowledged, flags, data])

    def shuffle(self, chance):
        """Neighbours of one direction change places."""
        for _ in range(len(self.segments) // 3):
            place = chance.randrange(len(self.segments) - 1)
            one, other = self.segments[place:place + 2]
            if one[1] == other[1] and one[5] and other[5]:
                one[0], other[0] = other[0], one[0]
                self.segments[place:place + 2] = [other, one]

    def cut(self, snaplen):
        """No more than so many bytes of a frame are captured."""
        self.snaplen = snaplen
        room = snaplen - 14 - 4 * self.vlans - 40
        for _, side, sequence, _, _, data in self.segments:
            if len(data) > room:
                self.missing.append((side, sequence + room, sequence + len(data)))

    def whole(self, side):
        """How many messages of a side are there from the first byte to the last."""
        def touched(first, end):
            return any(of == side and start < end and stop > first for of, start, stop in self.missing)
        return sum(of == side and not touched(first, end) for of, first, end in self.messages)

    def frames(self):
        for stamp, side, sequence, acknowledged, flags, data in self.segments:
            # A card pads what is too short; with what, nobody says.
            trailer = b"\x55" * 6 if self.is_padded and not data else b""
            source, target = self.ends[side], self.ends[1 - side]
            yield stamp, frame(source, target, sequence, acknowledged, flags, data, self.vlans, trailer), self.snaplen


def get(path, method="GET", more=""):
    return f"{method} {path} HTTP/1.1\r\nHost: shop.example\r\n{more}\r\n".encode()


def sized(body, status="200 OK", more=""):
    return f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def chunked(*parts):
    chunks = b"".join(b"%x;n=v\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nTrailer: yes\r\n\r\n"


def plain(one, number):
    for turn in range(4):
        one.ask(get(f"/plain/{number}/{turn}"))
        one.answer(sized(b"p" * (200 + 900 * turn)))
    one.end()


def split_heads(one, number):
    """Heads that end in other segments than they begin in, also within a line."""
    for turn in range(3):
        one.ask(get(f"/split/{number}/{turn}"), cuts=(6, 20))
        one.answer(sized(b"s" * 700), cuts=(4, 30))
    one.end(SERVER)


def pipelined(one, number):
    requests = [get(f"/pipe/{number}/{turn}") for turn in range(4)]
    first = one.next[CLIENT]
    for request in requests:
        one.messages.append((CLIENT, first, first + len(request)))
        first += len(request)
    one.say(CLIENT, b"".join(requests), is_message=False)
    for turn in range(4):
        one.answer(sized(b"i" * 500 * turn))
    one.end()


def continued(one, number):
    """A client that asks whether it may send its body."""
    body = b"b" * 3000
    head = f"POST /continue/{number} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    one.messages.append((CLIENT, one.next[CLIENT], one.next[CLIENT] + len(head) + len(body)))
    one.say(CLIENT, head.encode(), is_message=False)
    one.say(SERVER, b"HTTP/1.1 100 Go On Then\r\n\r\n", is_message=False)
    one.say(CLIENT, body, is_message=False)
    one.answer(sized(b"", "201 Created"))
    one.end()


def bodiless(one, number):
    for method, status in (("HEAD", "200 OK"), ("GET", "304 Not Modified"), ("DELETE", "204 No Content")):
        one.ask(get(f"/none/{number}", method))
        length = "" if status.startswith("204") else "Content-Length: 5000\r\n"
        one.answer(f"HTTP/1.1 {status}\r\n{length}\r\n".encode())
    one.end()


def unusual(one, number):
    one.ask(get(f"/dav/{number}", "PROPFIND", "Depth: 1\r\n"))
    one.answer(sized(b"<d/>", "207 Multi-Status"))
    one.ask(get(f"/odd/{number}"))
    one.answer(sized(b"gone", "499 Client Closed Request"))
    one.end(flags=RST)


def streamed(one, number):
    one.ask(get(f"/chunks/{number}"))
    one.answer(chunked(b"c" * 10, b"d" * 4000, b"e" * 300), cuts=(40, 60))
    # A probe whether the other side is still there: a byte that was sent before.
    one.put(CLIENT, ACK, b"\n", one.next[CLIENT] - 1)
    one.ask(get(f"/last/{number}"))
    one.answer(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + b"until the end " * 300)
    one.end(SERVER)


def large(one, number):
    one.ask(get(f"/large/{number}"))
    one.answer(sized(b"L" * 80_000))
    one.ask(f"POST /up/{number} HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n".encode() + b"u" * 50_000)
    one.answer(sized(b"ok"))
    one.end()


TALKS = (plain, split_heads, pipelined, continued, bodiless, unusual, streamed, large)
WRAP = 0xFFFFFFFF
SHAPES = ({}, {"vlans": 1}, {"vlans": 2}, {"is_padded": True}, {"has_begun": True}, {"mss": 536},
          {"first": (WRAP - 60, WRAP - 700)})


def damaged(path, connections, seed=1):
    """Connections of all kinds over each other, most with damage; gives how many requests and responses are whole."""
    chance = random.Random(seed)
    frames, whole = [], [0, 0]
    for number in range(connections):
        one = Connection(number, **SHAPES[number % len(SHAPES)])
        TALKS[number % len(TALKS)](one, number)
        kind = number // len(TALKS) % 40
        if kind % 10 in (1, 4, 7):
            one.repeat(chance)
        if kind % 10 in (2, 4, 8):
            one.shuffle(chance)
        if kind in (5, 25):
            one.lose(chance)
        if kind == 19:
            one.cut(600)
        frames.extend(one.frames())
        for side in (CLIENT, SERVER):
            whole[side] += one.whole(side)
    frames.sort(key=lambda frame: frame[0])
    with open(path, "wb", buffering=1 << 20) as out:
        out.write(GLOBAL_HEADER)
        for stamp, data, snaplen in frames:
            write(out, stamp, data, snaplen)
    return whole
