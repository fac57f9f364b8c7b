"""Ids are UUIDv7 and sort by time."""

import uuid

from imagine.ids import new_id


def test_an_id_is_a_version_7_uuid():
    made = uuid.UUID(new_id())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_ids_differ():
    assert len({new_id() for _ in range(1000)}) == 1000
