"""LZMA chunks written symbol by symbol, for streams that no encoder would write.

Only what the corpus needs: one chunk of at most a few symbols at lc=3 lp=0 pb=2, starting from a reset state.
"""


class Chunk:
    """The compressed bytes of one LZMA2 chunk."""

    PROPERTIES = 93  # lc=3 lp=0 pb=2: (pb * 5 + lp) * 9 + lc

    def __init__(self, position=0, previous=0):
        self.low, self.range, self.cache, self.pending, self.out = 0, 0xFFFFFFFF, 0, 1, bytearray()
        self.probabilities, self.state, self.position, self.previous = {}, 0, position, previous

    # The range coder.

    def _shift(self):
        if self.low < 0xFF000000 or self.low >= 1 << 32:
            carry = self.low >> 32
            byte = self.cache
            while self.pending:
                self.out.append((byte + carry) & 0xFF)
                byte = 0xFF
                self.pending -= 1
            self.cache = self.low >> 24 & 0xFF
        self.pending += 1
        self.low = (self.low & 0x00FFFFFF) << 8

    def _bit(self, name, bit):
        probability = self.probabilities.get(name, 1024)
        bound = (self.range >> 11) * probability
        if bit:
            self.low += bound
            self.range -= bound
            probability -= probability >> 5
        else:
            self.range = bound
            probability += (2048 - probability) >> 5
        self.probabilities[name] = probability
        while self.range < 1 << 24:
            self.range = self.range << 8 & 0xFFFFFFFF
            self._shift()

    def _direct(self, value, bits):
        for i in reversed(range(bits)):
            self.range >>= 1
            if value >> i & 1:
                self.low += self.range
            while self.range < 1 << 24:
                self.range = self.range << 8 & 0xFFFFFFFF
                self._shift()

    def _tree(self, name, value, bits):
        node = 1
        for i in reversed(range(bits)):
            bit = value >> i & 1
            self._bit((name, node), bit)
            node = node << 1 | bit

    def _reverse_tree(self, name, value, bits):
        node = 1
        for i in range(bits):
            bit = value >> i & 1
            self._bit((name, node), bit)
            node = node << 1 | bit

    def _length(self, name, length, pos_state):
        length -= 2
        assert length < 8
        self._bit((name, "choice"), 0)
        self._tree((name, "low", pos_state), length, 3)

    # The symbols. Each returns the chunk, so that they can be written in a row.

    def literal(self, byte):
        """A plain literal; not to be used right after a match (that would be a matched literal)."""
        assert self.state < 7
        self._bit(("is_match", self.state, self.position & 3), 0)
        self._tree(("literal", self.previous >> 5), byte, 8)
        self.state = 0 if self.state < 4 else self.state - 3
        self.position, self.previous = self.position + 1, byte
        return self

    def match(self, distance, length):
        """A match: distance 1 is the byte just written. Length 2...9, distance 1...4 or 128 and up."""
        pos_state, distance = self.position & 3, distance - 1
        self._bit(("is_match", self.state, pos_state), 1)
        self._bit(("is_rep", self.state), 0)
        self._length("match", length, pos_state)
        slot, context = distance, min(length - 2, 3)
        if distance >= 4:
            bits = distance.bit_length()
            slot = (bits - 1) * 2 + (distance >> (bits - 2) & 1)
        self._tree(("slot", context), slot, 6)
        if slot >= 4:
            assert slot >= 14
            footer = (slot >> 1) - 1
            rest = distance - ((2 | slot & 1) << footer)
            self._direct(rest >> 4, footer - 4)
            self._reverse_tree("align", rest & 15, 4)
        self.state = 7 if self.state < 7 else 10
        self.position += length
        return self

    def short_rep(self):
        """One byte from the last distance; as the first symbol it points before the data."""
        pos_state = self.position & 3
        self._bit(("is_match", self.state, pos_state), 1)
        self._bit(("is_rep", self.state), 1)
        self._bit(("is_rep0", self.state), 0)
        self._bit(("is_rep0_long", self.state, pos_state), 0)
        self.state = 9 if self.state < 7 else 11
        self.position += 1
        return self

    def end_marker(self):
        """LZMA's own end marker: distance 2^32, which LZMA2 does not allow."""
        return self.match(1 << 32, 2)

    def bytes(self):
        for _ in range(5):
            self._shift()
        return bytes(self.out)


def stored(data, reset=True):
    """An uncompressed LZMA2 chunk."""
    return bytes([1 if reset else 2]) + (len(data) - 1).to_bytes(2, "big") + data


def lzma_chunk(control, uncompressed, compressed, properties=None):
    """An LZMA chunk: `control` is 0x80 none, 0xA0 state, 0xC0 state and properties, 0xE0 all reset."""
    size = uncompressed - 1
    header = bytes([control | size >> 16]) + (size & 0xFFFF).to_bytes(2, "big") + (len(compressed) - 1).to_bytes(2, "big")
    return header + (bytes([properties]) if properties is not None else b"") + compressed
