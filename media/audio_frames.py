"""MP3 and ADTS AAC have no signature: they are told by frames that follow each other."""

from collections.abc import Callable

_MP3_RATES = {
    # (MPEG-1?, layer) → kbit/s per index, ISO/IEC 11172-3 and 13818-3.
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_FREQUENCIES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_IN_A_ROW = 3


def frames_type(data: bytes, *, within: int) -> tuple[str, str] | None:
    """Media type and extension if three frames in a row begin in the first ``within`` bytes.

    The start is searched because tags are padded and some recorders put noise before the first frame. A file
    too short for three frames must end exactly with a frame.
    """
    for at in range(min(within, len(data) - 6)):
        if data[at] != 0xFF:
            continue
        if _row(data, at, _adts_length):
            return "audio/aac", "aac"
        if _row(data, at, _mp3_length):
            return "audio/mpeg", "mp3"
    return None


def id3_length(data: bytes) -> int:
    """The length in bytes of the ID3v2 tag ``data`` begins with, its header included."""
    size = sum((byte & 0x7F) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=False))
    return 10 + size


def _row(data: bytes, at: int, length_of: Callable[[bytes], int]) -> bool:
    for _ in range(_IN_A_ROW):
        if at == len(data):
            return True
        length = length_of(data[at : at + 7])
        if length == 0:
            return False
        at += length
    return True


def _adts_length(header: bytes) -> int:
    """The length of an ADTS frame (ISO/IEC 13818-7), 0 if these seven bytes begin none."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or (header[2] >> 2) & 0xF > 12:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 else 0


def _mp3_length(header: bytes) -> int:
    """The length of an MPEG audio frame, 0 if these bytes begin none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = (header[1] >> 3) & 3, 4 - ((header[1] >> 1) & 3)
    rate, frequency, padding = header[2] >> 4, (header[2] >> 2) & 3, (header[2] >> 1) & 1
    if version == 1 or layer == 4 or rate in (0, 15) or frequency == 3:
        return 0
    bits = _MP3_RATES[version == 3, layer][rate - 1] * 1000
    hertz = _MP3_FREQUENCIES[version][frequency]
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    samples = 72 if layer == 3 and version != 3 else 144
    return samples * bits // hertz + padding
