"""Recipes: how a request becomes a graph.

A recipe a file, chosen by what the set begins from; what a flag adds is a file of its own.
"""

from collections.abc import Callable, Mapping

from imagine.graph import Workflow
from imagine.image_request import Enlarge, ImageRequest, Outpaint, Redraw, Repaint
from imagine.model_choice import ModelFiles
from imagine.profiles import Profile
from imagine.workflows.enlarge import enlarge
from imagine.workflows.guiding import apply_guides
from imagine.workflows.image_to_image import image_to_image
from imagine.workflows.outpaint import outpaint
from imagine.workflows.region import region
from imagine.workflows.studio import Studio
from imagine.workflows.text_to_image import text_to_image

RECIPES: Mapping[type, Callable[[Studio], None]] = {
    type(None): text_to_image,
    Redraw: image_to_image,
    Outpaint: outpaint,
    Repaint: region,
    Enlarge: enlarge,
}


def make(request: ImageRequest, profile: Profile, files: ModelFiles) -> Workflow:
    """Build the graph of a request whose model files are known."""
    studio = Studio(request, profile, files)
    apply_guides(studio, request.guides)
    RECIPES[type(request.start)](studio)
    return studio.finish()
