"""From a prompt to a settled request: every number and name, by subject; one subject a file.

All work on a `Desk`, which holds the prompt, what is installed, and what there is to tell.
`imagine.workflow_builder.plan` calls them in order.
"""
