"""Pulls the plug: real processes under load, killed at random moments, and what must hold then.

`rig` starts, kills and joins the parts; `processes` are the server and the engine, `load` what
clients do meanwhile, `witnesses` see what happens, `verdict` says at the end what went wrong.
"""
