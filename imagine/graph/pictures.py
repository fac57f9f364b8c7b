"""Pictures: loading, scaling, cutting, laying over each other, and saving them."""

from imagine.graph.base import Nodes, Output
from imagine.input_image import Box, Size


class PictureNodes(Nodes):
    """Nodes that work on pixels. Units: pixels."""

    def load_image(self, name: str, title: str) -> Output:
        """Load a picture of the engine's input folder."""
        return Output(self.add("LoadImage", title, image=name))

    def scale(self, image: Output, size: Size, title: str, *, crop: bool = False) -> Output:
        """Scale to a size; with ``crop`` the ratio is kept and what is too long is cut off."""
        node = self.add(
            "ImageScale",
            title,
            image=image,
            upscale_method="lanczos",
            width=size.width,
            height=size.height,
            crop="center" if crop else "disabled",
        )
        return Output(node)

    def crop(self, image: Output, box: Box, title: str) -> Output:
        node = self.add(
            "ImageCrop",
            title,
            image=image,
            width=box.width,
            height=box.height,
            x=box.left,
            y=box.top,
        )
        return Output(node)

    def pad(self, image: Output, sides: Box, soft: int, title: str) -> tuple[Output, Output]:
        """Put so much room around a picture; return it with a mask that is white there.

        The mask fades out in the picture, over ``soft`` pixels along the sides that got room.
        """
        node = self.add(
            "ImagePadForOutpaint",
            title,
            image=image,
            left=sides.left,
            top=sides.top,
            right=sides.right,
            bottom=sides.bottom,
            feathering=soft,
        )
        return Output(node, 0), Output(node, 1)

    def blank(self, size: Size, title: str, *, white: bool = False) -> Output:
        node = self.add_once(
            "EmptyImage",
            title,
            width=size.width,
            height=size.height,
            batch_size=1,
            color=0xFFFFFF if white else 0,
        )
        return Output(node)

    def lay(
        self,
        over: Output,
        under: Output,
        left: int,
        top: int,
        title: str,
        mask: Output | None = None,
    ) -> Output:
        """Lay one picture over another, or as much of it as a mask lets through."""
        more = {} if mask is None else {"mask": mask}
        node = self.add(
            "ImageCompositeMasked",
            title,
            destination=under,
            source=over,
            x=left,
            y=top,
            resize_source=False,
            **more,
        )
        return Output(node)

    def join(self, one: Output, other: Output, direction: str, title: str) -> Output:
        """Put a second picture of the same height or width beside one: ``right`` or ``down``."""
        node = self.add(
            "ImageStitch",
            title,
            image1=one,
            image2=other,
            direction=direction,
            match_image_size=False,
            spacing_width=0,
            spacing_color="black",
        )
        return Output(node)

    def blend(self, one: Output, other: Output, share: float, title: str) -> Output:
        """Mix two pictures of the same size. ``share``: 0–1 of the other."""
        node = self.add(
            "ImageBlend", title, image1=one, image2=other, blend_factor=share, blend_mode="normal"
        )
        return Output(node)

    def blur(self, image: Output, radius: int, title: str) -> Output:
        """Soften a picture. ``radius``: up to 31 pixels."""
        sigma = min(10.0, radius / 3)
        node = self.add("ImageBlur", title, image=image, blur_radius=radius, sigma=sigma)
        return Output(node)

    def to_mask(self, image: Output, title: str) -> Output:
        """Read the brightness of a grey picture as a mask."""
        return Output(self.add("ImageToMask", title, image=image, channel="red"))

    def load_upscaler(self, name: str) -> Output:
        return Output(self.add_once("UpscaleModelLoader", "Upscale model", model_name=name))

    def upscale(self, upscaler: Output, image: Output, title: str) -> Output:
        node = self.add("ImageUpscaleWithModel", title, upscale_model=upscaler, image=image)
        return Output(node)

    def save(self, images: Output, filename_prefix: str, title: str) -> str:
        """Save pictures into ComfyUI's output folder; return the id of the node."""
        return self.add("SaveImage", title, images=images, filename_prefix=filename_prefix)
