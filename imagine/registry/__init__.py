"""Workflows as data: a graph of ComfyUI, and an entry that says what can be set in it.

- An entry: `entries` says what one is, `entry_text` reads and writes its file (`entry_lines` finds
  lines in it), `from_import` makes one of any graph, `lookup` finds one by its id.
- On an engine: `settling` fills what an entry leaves open by what the engine has (`fed`,
  `installed`), `availability` says whether it runs, and `described` tells readers all of it;
  `remembered` keeps what takes long.
- What is given: `translation` takes it from a prompt, whose flags `rows` makes of the parameters,
  `asking` from a program's request, `rerunning` from a job; `values` checks it. `writing` makes
  a prompt of it again.
- The graph: `filling` puts the values into it (`surgery`, `loras`), with what a progress meter
  needs (`pace`); `planning` says what its job shows.

All of it is pure; `imagine.workflow_files` watches the folders.
"""
