"""A text as a QR code in a PNG: version 5, error correction L, byte mode, mask 0.

One version is enough for what a Dynamic QR holds, and keeps the encoder short. Source: ISO/IEC
18004. Units: pixels.
"""

import struct
import zlib

TEXT_BYTES_MAX = 106
_MODULES = 37
_DATA_WORDS, _CHECK_WORDS = 108, 26
_QUIET_MODULES = 4
_FORMAT_BITS = "111011111000100"  # level L, mask 0
_ALIGNMENT = 30
Grid = list[list[int | None]]


def qr_png(text: str, size: int) -> bytes:
    """A square PNG of about `size` pixels. Errors: ValueError for more than 106 bytes."""
    payload = text.encode()
    if len(payload) > TEXT_BYTES_MAX:
        raise ValueError(f"a QR code of version 5 holds {TEXT_BYTES_MAX} bytes")
    words = _data_words(payload)
    bits = [int(bit) for word in words + _check_words(words) for bit in f"{word:08b}"]
    grid = _patterns()
    _place(grid, bits)
    scale = max(1, size // (_MODULES + 2 * _QUIET_MODULES))
    return _png(grid, scale)


def _data_words(payload: bytes) -> list[int]:
    bits = "0100" + f"{len(payload):08b}" + "".join(f"{each:08b}" for each in payload) + "0000"
    bits = bits[: _DATA_WORDS * 8]
    bits += "0" * (-len(bits) % 8)
    words = [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]
    fill = (0xEC, 0x11)
    return words + [fill[number % 2] for number in range(_DATA_WORDS - len(words))]


def _check_words(words: list[int]) -> list[int]:
    """The Reed-Solomon remainder over GF(256) with the polynomial 0x11D."""
    generator = [1]
    root = 1
    for _ in range(_CHECK_WORDS):
        shifted = [*generator, 0]
        for at, factor in enumerate(generator):
            shifted[at + 1] ^= _times(factor, root)
        generator = shifted
        root = _times(root, 2)
    rest = [*words, *([0] * _CHECK_WORDS)]
    for at in range(len(words)):
        factor = rest[at]
        for step, each in enumerate(generator):
            rest[at + step] ^= _times(each, factor)
    return rest[-_CHECK_WORDS:]


def _times(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left = (left << 1) ^ (0x11D if left & 0x80 else 0)
        right >>= 1
    return product


def _patterns() -> Grid:
    """The finders, timing, alignment, format bits and the dark module; None is free for data."""
    grid: Grid = [[None] * _MODULES for _ in range(_MODULES)]
    last = _MODULES - 7
    for top, left in ((0, 0), (0, last), (last, 0)):
        for row in range(top - 1, top + 8):
            for column in range(left - 1, left + 8):
                if 0 <= row < _MODULES and 0 <= column < _MODULES:
                    ring = max(abs(row - top - 3), abs(column - left - 3))
                    grid[row][column] = int(ring not in (2, 4))
    for at in range(8, _MODULES - 8):
        grid[6][at] = grid[at][6] = int(at % 2 == 0)
    for row in range(-2, 3):
        for column in range(-2, 3):
            is_dark = max(abs(row), abs(column)) != 1
            grid[_ALIGNMENT + row][_ALIGNMENT + column] = int(is_dark)
    _format(grid)
    return grid


def _format(grid: Grid) -> None:
    first = [(8, each) for each in (0, 1, 2, 3, 4, 5, 7, 8)]
    first += [(each, 8) for each in (7, 5, 4, 3, 2, 1, 0)]
    second = [(_MODULES - 1 - each, 8) for each in range(7)]
    second += [(8, _MODULES - 8 + each) for each in range(8)]
    for places in (first, second):
        for (row, column), bit in zip(places, _FORMAT_BITS, strict=True):
            grid[row][column] = int(bit)
    grid[_MODULES - 8][8] = 1


def _place(grid: Grid, bits: list[int]) -> None:
    """Data in pairs of columns from the right, up and down in turn, with mask 0."""
    waiting = iter(bits)
    is_up = True
    for right in (*range(_MODULES - 1, 6, -2), *range(5, 0, -2)):
        rows = range(_MODULES - 1, -1, -1) if is_up else range(_MODULES)
        for row in rows:
            for column in (right, right - 1):
                if grid[row][column] is None:
                    mask = (row + column) % 2 == 0
                    grid[row][column] = next(waiting, 0) ^ int(mask)
        is_up = not is_up


def _png(grid: Grid, scale: int) -> bytes:
    """Black on white, one bit a pixel, with the quiet zone around."""
    width = (_MODULES + 2 * _QUIET_MODULES) * scale
    blank: list[int | None] = [0] * _MODULES
    rows: Grid = [*[blank] * _QUIET_MODULES, *grid, *[blank] * _QUIET_MODULES]
    raw = b"".join(_line([each or 0 for each in row], scale) * scale for row in rows)
    header = struct.pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _line(row: list[int], scale: int) -> bytes:
    quiet = [0] * _QUIET_MODULES
    bits = "".join(str(1 - each) * scale for each in (*quiet, *row, *quiet))
    bits += "1" * (-len(bits) % 8)
    return b"\x00" + int(bits, 2).to_bytes(len(bits) // 8)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
