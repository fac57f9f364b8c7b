"""Workflows as data: a graph of ComfyUI, and an entry that says what can be set in it.

`entries` says what an entry is, `entry_text` reads and writes the file of one. `values` settles
its parameters by what an engine has and checks what was given for them, `filling` puts the values
into the graph, `rows` makes flags of the prompt language of them, and `planning` joins these into
a plan. All of it is pure; `imagine.workflow_files` watches the folders, and `imagine.importing`
makes an entry of any graph.
"""
