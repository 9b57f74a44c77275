"""A text as a picture: a QR code of exactly so many pixels, as a data URL of PNG."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Final

SIDE: Final = 200
_QUIET: Final = 4
"""Modules of white around the code (ISO/IEC 18004)."""
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def qr_data_url(text: str) -> str:
    """`data:image/png;base64,…`, 200 × 200 pixels."""
    import segno

    code = segno.make_qr(text, error="m", boost_error=False)
    return "data:image/png;base64," + base64.b64encode(_png(_pixels(code.matrix))).decode()


def _pixels(modules: Sequence[Sequence[int]]) -> list[bytearray]:
    """Rows of pixels, one where black: the modules as large as they fit, in the middle."""
    scale = max(1, SIDE // (len(modules) + 2 * _QUIET))
    margin = (SIDE - scale * len(modules)) // 2
    rows = [bytearray(SIDE) for _ in range(SIDE)]
    for y, line in enumerate(modules):
        row = bytearray(margin) + b"".join(bytes([module]) * scale for module in line)
        row += bytes(SIDE - len(row))
        for copy in range(scale):
            rows[margin + y * scale + copy] = row
    return rows


def _png(rows: list[bytearray]) -> bytes:
    """One bit a pixel, in grey (W3C PNG)."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 1, 0, 0, 0, 0)
    lines = b"".join(b"\0" + _packed(row) for row in rows)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _packed(row: bytearray) -> bytes:
    """Eight pixels a byte; in PNG a one is white."""
    bits = "".join("0" if pixel else "1" for pixel in row)
    return int(bits, 2).to_bytes(len(row) // 8, "big")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
