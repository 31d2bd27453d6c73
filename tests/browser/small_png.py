"""Small PNG files: a page has few colours, so each pixel is stored as a number in a palette of at most 256.

The browser that took the picture also finds its colours. Source: PNG specification, third edition, colour type 3.
"""

from __future__ import annotations

import base64
import struct
import zlib

from playwright.sync_api import Page

SIGNATURE = b"\x89PNG\r\n\x1a\n"
FIND_COLOURS = """async (picture) => {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const points = new Uint32Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
  const often = new Map();
  for (const one of points) often.set(one, (often.get(one) || 0) + 1);
  const palette = [...often].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([colour]) => colour);
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const known = new Map(palette.map((colour, number) => [colour, number]));
  const nearest = (colour) => {
    const [r, g, b] = parts(colour);
    let best = 0, least = Infinity;
    palette.forEach((one, number) => {
      const [x, y, z] = parts(one), far = (r - x) ** 2 + (g - y) ** 2 + (b - z) ** 2;
      if (far < least) { least = far; best = number; }
    });
    known.set(colour, best);
    return best;
  };
  const numbers = Uint8Array.from(points, (one) => known.get(one) ?? nearest(one));
  let text = "";
  for (let at = 0; at < numbers.length; at += 32768) text += String.fromCharCode(...numbers.subarray(at, at + 32768));
  return [bitmap.width, bitmap.height, palette.map(parts), btoa(text)];
}"""


def smaller(page: Page, picture: bytes) -> bytes:
    """The picture with at most 256 colours, every pixel in the nearest of them; `page` may be any page."""
    width, height, palette, encoded = page.evaluate(FIND_COLOURS, base64.b64encode(picture).decode())
    numbers = base64.b64decode(encoded)
    rows = b"".join(b"\x00" + numbers[row * width : (row + 1) * width] for row in range(height))
    return (
        SIGNATURE
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + _chunk(b"PLTE", bytes(channel for colour in palette for channel in colour))
        + _chunk(b"IDAT", zlib.compress(rows, 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
