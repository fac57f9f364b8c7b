"""What Imagine costs, set beside a bare client of the same engine on the same machine.

``python -m bench`` (``make bench``) runs it; `docs/benchmarks.md` says how to read the table.
"""
