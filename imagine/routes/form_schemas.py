"""What forms may hold, as schemas for the OpenAPI document; `imagine.routes.forms` reads them."""

from typing import Any

from imagine.routes.running import FILES

A_FILE = {"type": "string", "format": "binary"}
JSON_TEXT = {"type": "string", "contentMediaType": "application/json"}
PRIORITY = {"type": "integer", "minimum": -100, "maximum": 100}

IMAGINE_FORM = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string"},
        "options": JSON_TEXT,
        "priority": PRIORITY,
        "image": {**A_FILE, "description": "Each further field with a file is one more, up to 16"},
        "mask": A_FILE,
    },
}
RUN_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "prompt": {"type": "string"},
        **dict.fromkeys(FILES, A_FILE),
        "mask": A_FILE,
        "parameters": JSON_TEXT,
        "character": {"type": "string"},
        "priority": PRIORITY,
    },
}
GENERATE_FORM = {
    **RUN_FORM,
    "required": ["workflow"],
    "properties": {"workflow": {"type": "string"}, **RUN_FORM["properties"]},
}
FILE_FORM = {"type": "object", "required": ["file"], "properties": {"file": A_FILE}}
UPLOAD_FORM = {"type": "object", "required": ["image"], "properties": {"image": A_FILE}}
