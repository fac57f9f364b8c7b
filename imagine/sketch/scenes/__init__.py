"""The scenes: each paints one kind of picture, from a canvas with its seed and a reading."""
