"""Reading of workflows that others made: any ComfyUI graph becomes one that can be run and set.

Apart from `imagine.workflows`, which makes graphs of our own. A file goes through `documents` and
`pictures` (what is it?), `page_graph`, `group_nodes`, `widgets` and `conversion` (the page's form
becomes the form that runs; `levels` are its subgraphs), `roles`, `fields`, `naming` and
`parameters` (what can be set), and `outputs` (what comes out); `reading` joins them. All of it is
pure, and never trusts what a file says.
"""
