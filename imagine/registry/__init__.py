"""Workflows as data: a graph of ComfyUI, and an entry that says what can be set in it.

`entries` says what an entry is, `entry_text` reads and writes the file of one. `settling` fills
what it leaves open by what an engine has (`fed`, `installed`), and `values` checks what is given.
`filling` puts that into the graph (`surgery`, `loras`), with what a progress meter needs (`pace`);
`availability` says whether an engine runs it. `rows` makes flags of the prompt language, and
`planning` joins these into a plan. All of it is pure; `imagine.workflow_files` watches the folders,
and `imagine.importing` makes an entry of any graph.
"""
