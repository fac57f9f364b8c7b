"""A part of a picture painted anew; every pixel where the mask is black stays as it is."""

from imagine.graph import Output
from imagine.image_request import Repaint
from imagine.workflows.painting import Ground, paint
from imagine.workflows.studio import Place, Studio, name_of


def region(studio: Studio) -> None:
    start = studio.request.start
    assert isinstance(start, Repaint), "the recipe of this start"
    graph, window = studio.graph, start.window
    source = studio.load(start.image, "Source")
    grey = studio.load(start.mask, "Mask")
    cut = window.size
    seen, painted = source, grey
    if cut != start.image.size:
        seen = graph.crop(source, window, "Source: the part worked on")
        painted = graph.crop(grey, window, "Mask: the part worked on")
    over = graph.to_mask(painted, "What is laid over")
    where = over
    if start.work != cut:
        seen = graph.scale(seen, start.work, "Source: at the size worked on")
        small = graph.scale(painted, start.work, "Mask: at the size worked on")
        where = graph.to_mask(small, "What is painted anew")
    latent = graph.encode_picture(seen, studio.vae, "Part as a latent")
    latent = studio.repeated(graph.noise_mask(latent, where))

    def finish(picture: Output, at: Place) -> Output:
        if start.work != cut:
            picture = graph.scale(picture, cut, f"{name_of(at)}: at full size")
        return graph.lay(
            picture, source, window.left, window.top, f"{name_of(at)}: into its source", over
        )

    model = graph.soft_mask(studio.model)
    paint(studio, Ground(latent, start.work, start.denoise, model=model, finish=finish))
