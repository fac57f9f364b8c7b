"""Treatments of a whole finished picture."""

from PIL import Image, ImageChops, ImageFilter, ImageOps


def ink(picture: Image.Image, strength: float) -> Image.Image:
    """Turn a painting into an ink drawing on warm paper, with a light wash of its colours."""
    grey = picture.convert("L")
    reach = max(0.6, max(picture.size) / 900)
    near = grey.filter(ImageFilter.GaussianBlur(reach))
    far = grey.filter(ImageFilter.GaussianBlur(reach * 2.4))
    lines = ImageChops.subtract(far, near, scale=0.09).filter(ImageFilter.GaussianBlur(reach / 2))
    tone = ImageOps.autocontrast(near, cutoff=2).point(lambda v: 0 if v > 95 else (95 - v) * 2)
    dark = ImageChops.lighter(lines, tone)
    wash = Image.blend(
        Image.new("RGB", picture.size, (244, 236, 220)),
        picture.filter(ImageFilter.GaussianBlur(reach * 6)),
        0.28,
    )
    drawn = Image.composite(Image.new("RGB", picture.size, (30, 27, 32)), wash, dark)
    return Image.blend(picture, drawn, min(1.0, max(0.0, strength)))
