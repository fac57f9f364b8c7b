"""The sketch engine: a small ComfyUI-compatible server that paints with Pillow instead of a model.

Demo, development backend and test double in one. It is free-standing: it imports nothing from the
rest of the product, and the product knows it only over HTTP and WebSocket.
"""

from imagine.sketch.server import SketchServer, serve

__all__ = ["SketchServer", "serve"]
