"""GLB: a 3D model in one file.

Source: glTF 2.0 specification (Khronos), section 4, "GLB File Format Specification".
"""

import struct
from typing import BinaryIO

from imagine.media.base import BrokenFileError, Facts, Kind, OutputType, size_of, take

VERSION = 2
HEADER_BYTES = 12


class Glb(OutputType):
    """GLB. Browsers do not show it by themselves, so they are told to save it."""

    name = "GLB"
    media_type = "model/gltf-binary"
    extension = "glb"
    kind = Kind.MODEL
    is_download = True

    def fits(self, head: bytes, told: str) -> bool:
        return head.startswith(b"glTF")

    def describe(self, file: BinaryIO) -> Facts:
        file.seek(4)
        version, length = struct.unpack("<II", take(file, 8))
        if version != VERSION:
            raise BrokenFileError(f"it is of version {version}")
        if length < HEADER_BYTES or size_of(file) != length:
            raise BrokenFileError("its length is another one")
        return Facts()
