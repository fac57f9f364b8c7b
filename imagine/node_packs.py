"""Where nodes come from that an engine does not have: the well-known packs, and newer ComfyUIs.

Knowledge of the world outside, kept apart as plain data: it only makes an error say what to
install, so that a missing or an outdated line does no harm.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

# Class names as patterns; the first that fits is taken, so exceptions stand above their families.
_PACKS: Mapping[str, tuple[str, ...]] = {
    "ComfyUI_IPAdapter_plus": ("IPAdapter*", "IPA*Mask", "PrepImageForClipVision"),
    "ComfyUI_UltimateSDUpscale": ("UltimateSDUpscale*",),
    "comfyui_controlnet_aux": ("*Preprocessor*", "AIO_*", "ControlNetAuxSimpleAddText"),
    "ComfyUI-Impact-Subpack": ("UltralyticsDetectorProvider",),
    "ComfyUI-Impact-Pack": (
        *("FaceDetailer*", "Detailer*", "*DetailerPipe*", "*SEGS*", "SAMLoader", "SAMDetector*"),
        *("BboxDetector*", "Impact*", "ToBasicPipe", "FromBasicPipe*", "IterativeLatentUpscale"),
        *("PixelKSampleUpscaler*", "TwoSamplersForMask*", "ImageReceiver", "ImageSender"),
        *("PreviewBridge*", "MMDetDetectorProvider"),
    ),
    "ComfyUI-ReActor": ("ReActor*",),
    "was-node-suite-comfyui": (
        *("WAS *", "WAS_*", "*(WAS)", "Text Concatenate*", "Text Multiline*", "Text String*"),
        *("Image Save", "Image Resize", "Image Blank", "Image Blending*", "Image Filter*"),
        *("Load Image Batch", "Number to *", "Prompt Styles Selector", "Lora Loader", "CLIPSeg *"),
        *("Image Rembg*", "Save Text File", "Text to Console", "Image Blend by Mask"),
    ),
    "rgthree-comfy": ("*(rgthree)",),
    "ComfyUI-KJNodes": (
        *("*KJ", "*KJv2", "GetNode", "SetNode", "ColorMatch", "INTConstant", "FloatConstant"),
        *("StringConstant*", "CreateShape*Mask", "GetImageSizeAndCount", "GrowMaskWithBlur"),
        *("ImageConcatMulti", "ImageConcanate", "JoinStringMulti", "ConditioningMultiCombine"),
        *("VRAM_Debug", "ModelPatchTorchSettings", "DrawMaskOnImage", "RemapMaskRange"),
    ),
    "ComfyUI-VideoHelperSuite": ("VHS_*",),
    "ComfyUI-GGUF": ("*GGUF*",),
    "ComfyUI-SaveImageWithMetaData": ("SaveImageWithMetaData", "CreateExtraMetaData"),
    "ComfyUI-Image-Saver": ("Image Saver*", "Save Image w/Metadata"),
    "ComfyUI-Easy-Use": ("easy *",),
    "ComfyUI_Comfyroll_CustomNodes": ("CR *",),
    "efficiency-nodes-comfyui": ("*(Efficient)", "Efficient *", "Eff. *", "HighRes-Fix Script"),
    "ComfyUI-AnimateDiff-Evolved": ("ADE_*",),
    "ComfyUI-Advanced-ControlNet": ("ACN_*", "ControlNetLoaderAdvanced", "ScaledSoft*Weights"),
    "ComfyUI-SUPIR": ("SUPIR_*",),
    "ComfyUI_InstantID": ("InstantID*", "ApplyInstantID*"),
    "ComfyUI-PuLID-Flux": ("PulidFlux*", "ApplyPulidFlux"),
    "PuLID_ComfyUI": ("Pulid*", "ApplyPulid*"),
    "ComfyUI_LayerStyle": ("Layer*: *",),
    "ComfyUI-Florence2": ("Florence2*", "DownloadAndLoadFlorence2*"),
    "ComfyUI-segment-anything-2": ("Sam2*", "DownloadAndLoadSAM2*"),
    "comfyui_segment_anything": ("GroundingDino*", "SAMModelLoader (segment anything)"),
    "ComfyUI-WanVideoWrapper": ("WanVideo*",),
    "ComfyUI-HunyuanVideoWrapper": ("HyVideo*",),
    "ComfyUI-CogVideoXWrapper": ("CogVideo*", "DownloadAndLoadCogVideo*"),
    "ComfyUI-Frame-Interpolation": ("* VFI",),
    "ComfyUI-WD14-Tagger": ("WD14Tagger*",),
    "ComfyUI-Custom-Scripts": ("*|pysssss",),
    "ComfyUI-Inpaint-CropAndStitch": ("InpaintCrop*", "InpaintStitch*"),
    "comfyui-inpaint-nodes": ("INPAINT_*",),
    "ComfyUI-BrushNet": ("BrushNet*", "PowerPaint*"),
    "ComfyUI-RMBG": ("RMBG", "BiRefNetRMBG"),
    "ComfyUI-nunchaku": ("Nunchaku*",),
    "ComfyUI-TiledDiffusion": ("TiledDiffusion", "NoiseInversion"),
    "ComfyUI-TeaCache": ("TeaCache*",),
    "ComfyUI-SeedVR2_VideoUpscaler": ("SeedVR2*",),
    "ComfyUI_smZNodes": ("smZ *",),
    "ComfyUI_ADV_CLIP_emb": ("BNK_*",),
    "cg-use-everywhere": ("Anything Everywhere*", "Seed Everywhere", "Prompts Everywhere"),
    "ComfyUI_tinyterraNodes": ("ttN *",),
    "comfyui-tooling-nodes": ("ETN_*",),
    "comfyui-deploy": ("ComfyUIDeployExternal*", "ComfyDeploy*"),
    "SwarmUI": ("Swarm*",),
    "ComfyUI-Inspire-Pack": ("* //Inspire",),
    "ComfyUI-LivePortraitKJ": ("LivePortrait*", "DownloadAndLoadLivePortrait*"),
    "ComfyUI-AdvancedLivePortrait": ("ExpressionEditor", "AdvancedLivePortrait"),
    "ComfyUI-LTXVideo": ("LTXVLoader", "LTXVModelConfigurator", "LTXVCLIPModelLoader"),
    "sdxl_prompt_styler": ("SDXLPromptStyler*",),
    "comfyui-dynamicprompts": ("DPRandomGenerator", "DPCombinatorialGenerator", "DPMagicPrompt"),
    # Last: its names end so, and little else tells them.
    "ComfyUI_essentials": ("*+",),
}

# ComfyUI's own nodes that came after 0.3.64.
_NEWER = (
    *("Flux2*", "EmptyFlux2*", "EmptyHunyuanVideo15Latent", "HunyuanVideo15*", "ZImageFun*"),
    *("TextEncodeZImageOmni", "EmptyQwenImageLayeredLatentImage", "Kandinsky5*", "LTXAV*"),
    *("LTXVAudio*", "CLIPTextEncodeKandinsky5", "ManualSigmas", "ResizeImageMaskNode"),
    *("BatchImagesNode", "ComfySwitchNode", "ComfyMathExpression", "ImageCompare"),
)

# What stands on ComfyUI's page only, and is resolved when a graph is exported for programs.
_OF_THE_PAGE = ("Reroute", "PrimitiveNode", "Note", "MarkdownNote")


def advice(class_type: str) -> str | None:
    """Return what to do about a node that is missing, as a sentence; None when nobody knows it."""
    if is_of_the_page(class_type):
        return "It is for ComfyUI's page only. Export the workflow again with “Export (API)”"
    if pack := pack_of(class_type):
        return f"It belongs to {pack}. Install that in ComfyUI's custom_nodes, and restart it"
    if _fits(class_type, _NEWER):
        return "It came with a newer ComfyUI. Update ComfyUI"
    return None


def is_of_the_page(class_type: str) -> bool:
    """Say whether a node stands on ComfyUI's page only, so that no engine has it."""
    return class_type in _OF_THE_PAGE


def pack_of(class_type: str) -> str | None:
    """Return the pack that a node comes with; None when nobody knows it."""
    found = (pack for pack, patterns in _PACKS.items() if _fits(class_type, patterns))
    return next(found, None)


def _fits(class_type: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(class_type, pattern) for pattern in patterns)
