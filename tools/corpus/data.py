"""The bytes inside the corpus: made from a seed, the same on every machine.

SHAKE-256 is the generator, because it is in every Python and never changes.
"""

import hashlib

WORDS = (
    "block stream index footer header check filter offset window chunk literal match distance length "
    "sector cluster grain extent partition table entry label volume mount kernel reader writer cache "
    "zero hole data byte word page frame span point state probability range coder dictionary"
).split()


def noise(count, seed):
    """Bytes that no compressor makes smaller."""
    return hashlib.shake_256(seed.encode()).digest(count)


def text(count, seed):
    """Numbered lines of words: compresses to about a third, like logs and sources do."""
    picks = noise(count, "text " + seed)
    lines, size, at, number = [], 0, 0, 0
    while size < count:
        words = [WORDS[picks[(at + i) % count] % len(WORDS)] for i in range(4 + picks[at % count] % 5)]
        at += len(words)
        line = f"{number:06d} {' '.join(words)}.\n".encode()
        number += 1
        lines.append(line)
        size += len(line)
    return b"".join(lines)[:count]


def mix(count, seed):
    """Text, zero stretches and a little noise in turns, as in a file system image."""
    sizes = noise(count // 512 + 64, "mix " + seed)
    parts, size, turn = [], 0, 0
    while size < count:
        length = 512 * (1 + sizes[turn])
        if turn % 3 == 0:
            part = text(min(length // 8, 6144), f"{seed} {turn}")
        elif turn % 3 == 1:
            part = bytes(length)
        else:
            part = noise(min(length // 128, 768), f"{seed} {turn}")
        turn += 1
        parts.append(part)
        size += len(part)
    return b"".join(parts)[:count]


# Machine code as far as the branch filters look at it: a call to one of a few targets every few
# instructions. A filter makes the same target the same bytes, so each one really changes the data.

def _code(count, seed, step, call, other):
    picks = noise(count + 64, "code " + seed)
    parts, at, i = [], 0, 0
    while at < count:
        pick = picks[i % len(picks)]
        i += 1
        if pick % 3 == 0:
            part = call(at, (pick // 3 % 8) * 4096 + 65536)
        else:
            part = other(pick)
        parts.append(part)
        at += len(part)
    return b"".join(parts)[:count - count % step]


def x86(count, seed):
    """CALL and JMP rel32, with the short instructions between them that compilers write."""
    between = [b"\x55\x48\x89\xe5", b"\x48\x83\xec\x20", b"\x89\xc7", b"\x31\xc0", b"\x5d\xc3", b"\x48\x8b\x45\xf8",
               b"\x85\xc0", b"\x74\x0e", b"\x0f\x84\x10\x02\x00\x00", b"\x90"]

    def call(at, target):
        relative = (target - (at + 5)) & 0xFFFFFFFF
        return (b"\xe8" if target & 4096 else b"\xe9") + relative.to_bytes(4, "little")

    return _code(count, seed, 1, call, lambda pick: between[pick % len(between)])


def powerpc(count, seed):
    """BL, big-endian."""
    return _code(count, seed, 4,
                 lambda at, target: (0x48000001 | (target - at) & 0x03FFFFFC).to_bytes(4, "big"),
                 lambda pick: bytes([0x38, 0x60 + pick % 4 * 8, 0, pick % 16]))


def ia64(count, seed):
    """Bundles of 16 bytes; every third has a branch in slot 2 (template 0x10, opcode 5)."""
    def bundle(at, target):
        relative = ((target - at) >> 4) & 0x1FFFFF
        slot = 5 << 37 | (relative >> 20 & 1) << 36 | (relative & 0xFFFFF) << 13
        return (0x10 | slot << 87).to_bytes(16, "little")

    return _code(count, seed, 16, bundle, lambda pick: (0x08 | (pick % 8) << 20 | 1 << 60).to_bytes(16, "little"))


def arm(count, seed):
    """BL, condition "always"."""
    return _code(count, seed, 4,
                 lambda at, target: ((target - at - 8) >> 2 & 0xFFFFFF).to_bytes(3, "little") + b"\xeb",
                 lambda pick: bytes([pick % 16, 0, 0xA0 + pick % 2, 0xE1]))


def armthumb(count, seed):
    """BL as a pair of 16-bit halves."""
    def call(at, target):
        relative = (target - at - 4) >> 1
        high, low = 0xF000 | relative >> 11 & 0x7FF, 0xF800 | relative & 0x7FF
        return high.to_bytes(2, "little") + low.to_bytes(2, "little")

    return _code(count, seed, 2, call, lambda pick: bytes([pick % 32, 0x46]))


def sparc(count, seed):
    """CALL, big-endian."""
    def call(at, target):
        relative = (target - at) >> 2
        return ((0x40000000 | relative & 0x3FFFFF) if relative >= 0 else (0x7FC00000 | relative & 0x3FFFFF)).to_bytes(4, "big")

    return _code(count, seed, 4, call, lambda pick: bytes([0x90, 0x10, 0x20, pick % 16]))


def arm64(count, seed):
    """BL and ADRP."""
    def call(at, target):
        if target & 4096:
            return (0x94000000 | (target - at) >> 2 & 0x3FFFFFF).to_bytes(4, "little")
        pages = (target >> 12) - (at >> 12)
        return (0x90000000 | (pages & 3) << 29 | (pages >> 2 & 0x7FFFF) << 5 | 1).to_bytes(4, "little")

    return _code(count, seed, 4, call, lambda pick: bytes([0xFD, 0x7B, 0xBF - pick % 4, 0xA9]))


def samples(count, seed):
    """16-bit stereo: a slow wave with a little noise, what the delta filter is for."""
    jitter = noise(count, "samples " + seed)
    out = bytearray()
    for i in range(count // 4):
        ramp = abs(i % 400 - 200) * 90
        out += (ramp + jitter[i] % 8).to_bytes(2, "little") + (20000 - ramp + jitter[-1 - i] % 8).to_bytes(2, "little")
    return bytes(out)
