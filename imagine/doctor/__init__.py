"""``imagine doctor``: each hop between the page, the disk and the engines, checked with its fix.

Apart from the parts that do the work, so that it can look at them while they are down: it reads
the settings, asks over HTTP as anybody would, and opens the database read-only. The command and
``GET /api/diagnostics`` are the same checks.
"""
