"""Reading of workflows that others made: any ComfyUI graph becomes one that can be run and set.

Apart from `imagine.workflows`, which makes graphs of our own. All of it is pure, and never trusts
what a file says. `reading` joins the steps. Where is decided …

1. what a file is: `documents`, `pictures`;
2. how the page's form becomes the form that runs: `conversion`, with `page_graph` (its parts),
   `levels` (subgraphs), `group_nodes`, `widgets` (values by their places) and `known_widgets` (the
   same without an engine); what packs have in one node of their own, in ComfyUI's nodes:
   `foreign_nodes` (what other servers mark), `power_loras`;
3. what never runs: `branches`;
4. what can be set: `fields` (which values there are, and of what type), `bounds` (their ranges);
5. what a value is for: `roles` follows a graph from its `samplers`. It asks `texts` (which of
   several is the prompt), `beside` (what other nodes encode or look for), `sizes`, `equals` (where
   one stands again), `lora_slots`, `stages` (which sampler goes on with another's work) and
   `named_roles` (by names, where no sampler leads to); `joining` makes one of what must stay equal,
   and says which sampler's settings come first. Beside them: `companions` (of a model), and where
   there are no roles, `between`;
6. what it is called, and what stands in front: `parameters`, with `naming` (titles and names) and
   `told_apart` (several pictures);
7. what comes out: `outputs`; what is said of it all: `notes`.

All of them walk by `walking`, which asks the engine's schemas too; `making` says what a sampler is.
"""
