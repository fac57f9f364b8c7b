"""Ids of jobs and batches: UUIDv7, so that text order is the order of making (RFC 9562, 5.7)."""

import secrets
import time
import uuid


def new_id() -> str:
    """Draw a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    value = int(time.time_ns() // 1_000_000) << 80
    value |= 0x7 << 76
    value |= secrets.randbits(12) << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return str(uuid.UUID(int=value))
