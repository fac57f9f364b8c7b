"""Ends the server at a chosen line, as ``kill -9`` would, and what must hold after that.

`dying` is the server that counts its lines, `machine` starts it again and again, `lives` are what a
client does meanwhile, `findings` what is wrong with what is left on the disk and in the engine.
"""
