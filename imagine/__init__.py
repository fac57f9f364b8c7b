"""Imagine: the Midjourney you run at home. One aiohttp process in front of your own ComfyUI."""

__version__ = "0.1.0"
