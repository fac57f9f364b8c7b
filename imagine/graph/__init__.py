"""The node vocabulary: a graph of ComfyUI nodes in the making, and the finished workflow.

Recipes say what they want (`load_checkpoint`, `sample`); only this package knows what ComfyUI calls
the nodes, their inputs and their output slots. The tests hold every one against recorded schemas.
"""

from imagine.graph.base import Output, OutputNode, Sampler, Workflow, output_nodes
from imagine.graph.guides import GuideNodes
from imagine.graph.latents import LatentNodes, Sampling
from imagine.graph.models import ModelNodes
from imagine.graph.pictures import PictureNodes
from imagine.graph.words import WordNodes

__all__ = ["Graph", "Output", "OutputNode", "Sampler", "Sampling", "Workflow", "output_nodes"]


class Graph(ModelNodes, WordNodes, LatentNodes, PictureNodes, GuideNodes):
    """A graph in the making. Nodes are numbered in the order in which they are added."""
