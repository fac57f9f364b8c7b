"""Recipes: how each kind of job becomes a graph; `imagine.workflow_builder` picks one."""
