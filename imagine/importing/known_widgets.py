"""The values of well-known nodes by name, for when no engine was asked, or it does not have them.

Plain data: what is missing or outdated here costs only the names of values, and is told as such.
An order is taken only when as many values stand there, each of the kind that it should have; so
that a pack which has changed since does no harm.
"""

from collections.abc import Mapping, Sequence
from typing import Any

# Each class with its widgets in order. The last sign is the kind: $ a text or a choice, # a number,
# ? yes or no, and "." a number that may stand as a choice. In brackets: what older files lack.
_ORDERS = """
CheckpointLoaderSimple: ckpt_name$
CLIPLoader: clip_name$ type$ [device$]
CLIPSetLastLayer: stop_at_clip_layer#
CLIPTextEncode: text$
CLIPVisionLoader: clip_name$
ControlNetApply: strength#
ControlNetApplyAdvanced: strength# start_percent# end_percent#
ControlNetLoader: control_net_name$
DualCLIPLoader: clip_name1$ clip_name2$ type$ [device$]
EmptyLatentImage: width# height# batch_size#
EmptySD3LatentImage: width# height# batch_size#
EmptyFlux2LatentImage: width# height# batch_size#
Flux2Scheduler: steps# width# height#
FluxGuidance: guidance#
KSampler: seed# steps# cfg# sampler_name$ scheduler$ denoise#
KSamplerAdvanced: add_noise$ noise_seed# steps# cfg# sampler_name$ scheduler$ start_at_step# \
end_at_step# return_with_leftover_noise$
KSamplerSelect: sampler_name$
BasicScheduler: scheduler$ steps# denoise#
RandomNoise: noise_seed#
LoadImage: image$ [upload$]
LoadImageMask: image$ channel$ [upload$]
LoraLoader: lora_name$ strength_model# strength_clip#
LoraLoaderModelOnly: lora_name$ strength_model#
PrimitiveInt: value#
PrimitiveFloat: value#
PrimitiveString: value$
PrimitiveStringMultiline: value$
PrimitiveBoolean: value?
SaveImage: filename_prefix$
SaveVideo: filename_prefix$ format$ codec$
CreateVideo: fps#
UNETLoader: unet_name$ weight_dtype$
UpscaleModelLoader: model_name$
VAELoader: vae_name$
ManualSigmas: sigmas$
ComfySwitchNode: switch?
ComfyMathExpression: expression$
TextEncodeQwenImageEditPlus: prompt$

UnetLoaderGGUF: unet_name$
CLIPLoaderGGUF: clip_name$ type$
DualCLIPLoaderGGUF: clip_name1$ clip_name2$ type$

IPAdapter: weight# start_at# end_at# [weight_type$]
IPAdapterAdvanced: weight# weight_type$ combine_embeds$ start_at# end_at# embeds_scaling$
IPAdapterModelLoader: ipadapter_file$
IPAdapterUnifiedLoader: preset$
IPAdapterUnifiedLoaderFaceID: preset$ lora_strength# provider$
IPAdapterStyleComposition: weight_style# weight_composition# expand_style? combine_embeds$ \
start_at# end_at# embeds_scaling$
IPAdapterTiled: weight# weight_type$ combine_embeds$ start_at# end_at# sharpening# embeds_scaling$
PrepImageForClipVision: interpolation$ crop_position$ sharpening#

InstantIDModelLoader: instantid_file$
InstantIDFaceAnalysis: provider$
ApplyInstantID: weight# start_at# end_at#
ApplyInstantIDAdvanced: ip_weight# cn_strength# start_at# end_at# noise# combine_embeds$
PulidModelLoader: pulid_file$
PulidFluxModelLoader: pulid_file$

Efficient Loader: ckpt_name$ vae_name$ clip_skip# lora_name$ lora_model_strength# \
lora_clip_strength# positive$ negative$ token_normalization$ weight_interpretation$ \
empty_latent_width# empty_latent_height# batch_size#
KSampler (Efficient): seed# steps# cfg# sampler_name$ scheduler$ denoise# preview_method$ \
vae_decode$

UltimateSDUpscale: upscale_by# seed# steps# cfg# sampler_name$ scheduler$ denoise# mode_type$ \
tile_width# tile_height# mask_blur# tile_padding# seam_fix_mode$ seam_fix_denoise# seam_fix_width# \
seam_fix_mask_blur# seam_fix_padding# force_uniform_tiles? tiled_decode?
FaceDetailer: guide_size# guide_size_for. max_size# seed# steps# cfg# sampler_name$ scheduler$ \
denoise# feather# noise_mask. force_inpaint. bbox_threshold# bbox_dilation# bbox_crop_factor# \
sam_detection_hint$ sam_dilation# sam_threshold# sam_bbox_expansion# sam_mask_hint_threshold# \
sam_mask_hint_use_negative$ drop_size# wildcard$ [cycle#] [inpaint_model?] \
[noise_mask_feather#] [tiled_encode?] [tiled_decode?]
MMDetDetectorProvider: model_name$
SAMLoader: model_name$ device_mode$
UltralyticsDetectorProvider: model_name$
ImpactWildcardProcessor: wildcard_text$ populated_text$ mode. seed# [wildcard$]

Seed (rgthree): seed# [_.] [_.] [_.]
Seed Everywhere: seed#
Image Comparer (rgthree):
CR Prompt Text: prompt$
CR Text: text$
CR Seed: seed#
CR SDXL Aspect Ratio: width# height# aspect_ratio$ swap_dimensions$ upscale_factor# batch_size#
CR Apply LoRA Stack:
ShowText|pysssss: [_.] [_.]
easy showAnything: [_.]
Display Any (rgthree): [_.]
Image Save: output_path$ filename_prefix$ filename_delimiter$ filename_number_padding# \
filename_number_start$ extension$ dpi# quality# optimize_image$ lossless_webp$ overwrite_mode$ \
show_history$ show_history_by_prefix$ embed_workflow$ show_previews$
Text Multiline: text$
Text Concatenate: delimiter$ clean_whitespace$
INTConstant: value#
FloatConstant: value#
StringConstant: string$
StringConstantMultiline: string$ strip_newlines?
ImageResizeKJ: width# height# upscale_method$ keep_proportion? divisible_by# [crop$]
ImageResizeKJv2: width# height# upscale_method$ keep_proportion$ pad_color$ crop_position$ \
divisible_by# [device$]
ImageResize+: width# height# interpolation$ method$ condition$ multiple_of#
ImageScaleToMegapixels: megapixels#
PathchSageAttentionKJ: sage_attention$ [allow_compile?]
VRAM_Debug: empty_cache? gc_collect? unload_all_models?
easy anythingIndexSwitch: index#
easy int: value#
easy float: value#
easy string: value$
easy seed: seed#
easy positive: positive$
easy negative: negative$

CannyEdgePreprocessor: low_threshold# high_threshold# [resolution#]
DepthAnythingPreprocessor: ckpt_name$ resolution#
DepthAnythingV2Preprocessor: ckpt_name$ resolution#
DWPreprocessor: detect_hand$ detect_body$ detect_face$ resolution# bbox_detector$ pose_estimator$ \
[scale_stick_for_xinsr_cn$]
OpenposePreprocessor: detect_hand$ detect_body$ detect_face$ resolution#
LineArtPreprocessor: coarse$ resolution#
TilePreprocessor: pyrUp_iters# resolution#
AIO_Preprocessor: preprocessor$ [resolution#]

RMBG: model$ sensitivity# process_res# mask_blur# mask_offset# invert_output? refine_foreground? \
background$ [background_color$]
RIFE VFI: ckpt_name$ clear_cache_after_n_frames# multiplier# fast_mode? ensemble? scale_factor#
ADE_AnimateDiffLoaderGen1: model_name$ beta_schedule$
ADE_AnimateDiffLoaderWithContext: model_name$ beta_schedule$ motion_scale# apply_v2_models_properly?
ADE_AnimateDiffUniformContextOptions: context_length# context_stride# context_overlap# \
context_schedule$ closed_loop?

ComfyUIDeployExternalText: input_id$ default_value$ [display_name$] [description$]
ComfyUIDeployExternalTextAny: input_id$ default_value$ [display_name$] [description$]
ComfyUIDeployExternalTextSingleLine: input_id$ default_value$ [display_name$] [description$]
ComfyUIDeployExternalImage: input_id$ [display_name$] [description$] [default_value_url$]
ComfyUIDeployExternalImageAlpha: input_id$ [display_name$] [description$]
ComfyUIDeployExternalNumber: input_id$ default_value# [display_name$] [description$]
ComfyUIDeployExternalNumberInt: input_id$ default_value# [display_name$] [description$]
ComfyUIDeployExternalNumberSlider: input_id$ default_value# min_value# max_value# [display_name$] \
[description$]
ComfyUIDeployExternalNumberSliderInt: input_id$ default_value# min_value# max_value# \
[display_name$] [description$]
ComfyUIDeployExternalBoolean: input_id$ default_value? [display_name$] [description$]
ComfyUIDeployExternalSeed: input_id$ [default_value#] [min_value#] [max_value#]
ETN_LoadImageBase64: image$
ETN_LoadMaskBase64: mask$
ETN_SendImageWebSocket: [format$]
SwarmLoadImageB64: image_base64$
SwarmInputInteger: title$ value# step# min# max# view_max# view_type$ description$ order_priority# \
is_advanced? raw_id$
SwarmInputFloat: title$ value# step# min# max# view_max# view_type$ description$ order_priority# \
is_advanced? raw_id$
SwarmInputText: title$ value$ view_type$ description$ order_priority# is_advanced? raw_id$
SwarmInputBoolean: title$ value? description$ order_priority# is_advanced? raw_id$
SwarmInputImage: title$ value$ auto_resize? description$ order_priority# is_advanced? raw_id$
"""

_Order = tuple[tuple[str, str, bool], ...]


def known_values(class_type: str, values: Sequence[Any]) -> dict[str, Any] | None:
    """Return values by name; None when nobody knows them, or they do not fit what is known.

    ``values``: without what the page keeps in between.
    """
    order = _KNOWN.get(class_type)
    given = [value for value in values if value is not None]
    if order is None or len(given) > len(order):
        return None
    if len(given) < sum(1 for _, _, may_lack in order if not may_lack):
        return None
    pairs = list(zip(order, given, strict=False))
    if not all(_is_of_kind(value, kind) for (_, kind, _), value in pairs):
        return None
    return {name: value for (name, _, _), value in pairs if name != "_"}


def is_power_lora(value: Any) -> bool:
    """Say whether a value is a LoRA as rgthree's loaders keep it, with switch and strengths."""
    return isinstance(value, Mapping) and "lora" in value


def _is_of_kind(value: Any, kind: str) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "#":
            return is_number
        case "$":
            return isinstance(value, str)
        case "?":
            return isinstance(value, bool)
        case _:
            return isinstance(value, str | bool) or is_number


def _read(orders: str) -> Mapping[str, _Order]:
    known: dict[str, _Order] = {}
    for line in orders.split("\n"):
        class_type, colon, names = line.rpartition(": ") if ": " in line else line.rpartition(":")
        if colon:
            words = names.split()
            bare = [(word.strip("[]"), word[0] == "[") for word in words]
            known[class_type] = tuple((word[:-1], word[-1], may_lack) for word, may_lack in bare)
    return known


_KNOWN = _read(_ORDERS)
