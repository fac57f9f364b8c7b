"""Why runs fail: the known causes, each with its class, one sentence and one next step.

Pure data, apart from the reading of a failure (`imagine.comfy_failures`), because this is the list
that grows. Source: ComfyUI's ``execution.py``, ``model_management.py``, ``sd.py`` and ``nodes.py``,
what PyTorch says for CUDA, ROCm, XPU, MPS, DirectML and plain memory, safetensors, Pillow, the
Hugging Face Hub, ONNX Runtime, and the well-known node packs. ``tests/data/failures.jsonl`` holds
their wordings, ``docs/failures.md`` the classes.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """How a cause is known in ``type: message``, and what is said of it.

    ``nodes`` limits it to classes of nodes. The texts may hold ``{title}`` of the node, ``{where}``
    it was and how far, ``{file}`` of weights it loads, ``{install}`` or ``{update}``: what to do
    about that file or that node, and ``{0}``: the first group of the pattern.
    """

    code: str
    pattern: re.Pattern[str]
    message: str
    hint: str
    nodes: re.Pattern[str]


def _cause(code: str, pattern: str, message: str, hint: str, *, nodes: str = "") -> Cause:
    known = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return Cause(code, known, message, hint, re.compile(nodes, re.IGNORECASE))


_GPU_MEMORY = (
    r"OutOfMemory|out of (?:GPU |video )?memory|Allocation on device|STATUS_ALLOC_FAILED|"
    r"not enough (?:GPU |video |memory)|OUT_OF_(?:DEVICE_MEMORY|HOST_MEMORY|RESOURCES)|"
    r"Could not allocate tensor with|Invalid buffer size|Failed to allocate memory for requested"
)
_SCALES = r"image|mask|latent(?!upscale)|inpaint|composite|blend|batch|stitch|crop"

# The first that fits speaks, so what is more exact stands above what is wider.
CAUSES = (
    # Stopped, not failed
    _cause(
        "interrupted",
        r"InterruptProcessingException",
        "{title}: it was stopped in ComfyUI itself.",
        "Try again.",
    ),
    # Disk and memory; before what they break on their way
    _cause(
        "disk_full",
        r"No space left on device|Errno 28\]|Disk quota exceeded|Errno 122\]|"
        r"not enough space on the disk|WinError 112\]|os error 112\b|StorageFull|"
        r"PytorchStreamWriter failed writing",
        "{title}: the disk that ComfyUI writes to is full.",
        "Free some space there, then try again.",
    ),
    _cause(
        "out_of_memory",
        r"paging file|WinError 1455|os error 1455",
        "The computer ran out of memory {where}.",
        "Close other programs, or let Windows make its paging file larger.",
    ),
    _cause(
        "out_of_memory",
        r"DefaultCPUAllocator|^MemoryError|_ArrayMemoryError|Cannot allocate memory|Errno 12\]|"
        r"Insufficient memory|bad_alloc",
        "The computer ran out of memory {where}.",
        "Close other programs, or choose a smaller size or model.",
    ),
    _cause(
        "out_of_memory",
        _GPU_MEMORY,
        "The GPU ran out of memory {where}.",
        "Choose a smaller model (fp8 or GGUF), or close other programs that use the GPU.",
        nodes=r"Loader|TextEncode",
    ),
    _cause(
        "out_of_memory",
        _GPU_MEMORY,
        "The GPU ran out of memory {where}.",
        "{smaller}, or close other programs that use the GPU.",
    ),
    _cause(
        "missing_node",
        r"ffmpeg is required|ffmpeg could not be found|No such file or directory: 'ffmpeg'",
        "{title}: the program ffmpeg is missing, which the node needs.",
        "Install ffmpeg on ComfyUI's computer, then restart ComfyUI.",
    ),
    # Models that are not there
    _cause(
        "missing_model",
        r"Model in folder '[^']*' with filename '[^']+' not found",
        "{title}: ComfyUI does not have {file}.",
        "{install}",
    ),
    _cause(
        "missing_model",
        r"\.incomplete\b",
        "{title}: the download of its model broke off.",
        "Check ComfyUI's internet connection and its free disk space, then try again.",
    ),
    _cause(
        "missing_model",
        r"(?:FileNotFoundError|NO_?SUCH_?FILE|No such file|unable to open file|no file named).*"
        r"\.(?:safetensors|ckpt|pth?|gguf|bin|sft|onnx)\b|Invalid model path",
        "{title}: ComfyUI does not have {file}.",
        "{install}",
    ),
    _cause(
        "missing_model",
        r"PathLike object, not NoneType|'NoneType' object has no attribute '(?:lower|endswith)'",
        "{title}: ComfyUI does not have {file}.",
        "{install}",
        nodes=r"Load",
    ),
    _cause(
        "missing_model",
        r"GatedRepoError|gated repo|Access to model \S+ is restricted",
        "{title}: its model is given only to those who log in at Hugging Face.",
        "Accept its licence there and log ComfyUI in, or choose another model.",
    ),
    _cause(
        "missing_model",
        r"LocalEntryNotFoundError|locate the files? on the Hub|couldn't connect to 'https?://|"
        r"HTTPSConnectionPool|ConnectionError|MaxRetryError|URLError|cached snapshot folder|"
        r"valid model identifier|Can't load \w+ for '|getaddrinfo failed|ReadTimeout|"
        r"ConnectError|name resolution|Name or service not known",
        "{title}: the node could not download its model.",
        "Let ComfyUI reach the internet, then try again, or put the model there by hand.",
    ),
    _cause(
        "missing_model",
        r"ClipVision model not found|Missing CLIPVision model",
        "{title}: its CLIP vision model is missing, or goes by another name.",
        "Put it into ComfyUI's models/clip_vision folder under the name that IPAdapter asks for.",
    ),
    _cause(
        "missing_model",
        r"IPAdapter model not (?:found|present)",
        "{title}: its IPAdapter model is missing, or goes by another name.",
        "Put it into ComfyUI's models/ipadapter folder under the name that IPAdapter asks for.",
    ),
    _cause(
        "missing_model",
        r"\bLoRA model not found",
        "{title}: its LoRA is missing, or goes by another name.",
        "Put it into ComfyUI's models/loras folder under the name that IPAdapter asks for.",
    ),
    _cause(
        "missing_model",
        r"^AssertionError:\s*$|antelopev2|buffalo_l",
        "{title}: its face models are missing, or in the wrong folder.",
        "Unpack antelopev2 or buffalo_l into ComfyUI's models/insightface/models folder.",
        nodes=r"InsightFace|InstantID|PuLID|FaceID|FaceAnalysis|ReActor",
    ),
    # Models that cannot be read, or are something else
    _cause(
        "broken_model",
        r"Weights only load failed|WeightsUnpickler|Unsupported global",
        "{title}: ComfyUI does not open {file}, because it may hold program code.",
        "Choose the same model as .safetensors, or allow this file if you trust its source.",
    ),
    _cause(
        "broken_model",
        r"SafetensorError|UnpicklingError|PytorchStreamReader|invalid load key|"
        r"Error while deserializing|failed finding central directory|Ran out of input|"
        r"INVALID_PROTOBUF|GGUF magic invalid|file might be corrupted|not a ZIP archive",
        "{title}: {file} is broken or not a model.",
        "Download the file again, then try again.",
    ),
    _cause(
        "incomplete_model",
        r"clip input is invalid: None",
        "{title}: this model has no text encoder.",
        "Choose another model: this file is only a part of one.",
    ),
    _cause(
        "incomplete_model",
        r"vae (?:input )?is invalid: None",
        "{title}: this model has no VAE.",
        "Choose another model, or one of which the VAE lies in ComfyUI's models/vae folder.",
    ),
    _cause(
        "incomplete_model",
        r"Unexpected (?:text model )?architecture type in GGUF file.*'([\w.-]+)'",
        "{title}: it does not know GGUF files of the kind {0}.",
        "{update}, or choose another file.",
    ),
    _cause(
        "incomplete_model",
        r"\b(controlnet|clip vision|vae|text encoder|style model) file is invalid",
        "{title}: {file} is no {0} model that it knows.",
        "Choose another file, or update ComfyUI if the model is new.",
    ),
    _cause(
        "incomplete_model",
        r"Could not detect model type|Unknown model architecture|UnsupportedModelError|"
        r"invalid style model|Unsupported model|must be a single-image model",
        "{title}: {file} is no model that it knows.",
        "Choose another file, or update ComfyUI if the model is new.",
    ),
    # Things that do not go together
    _cause(
        "bad_input",
        r"tensor a \(\d+\) must match|Sizes of tensors must match|Expected size .* but got size|"
        r"expanded size of the tensor|could not be broadcast|shape mismatch",
        "{title}: the pictures or masks that it takes differ in size.",
        "Bring them to the same size first.",
        nodes=_SCALES,
    ),
    _cause(
        "model_mismatch",
        r"must have the same dtype|expected scalar type|bias type \([^)]*\) should be the same|"
        r"not implemented for '(?:Half|BFloat16|Float8\w*)'|Float8_\w+ to the MPS backend|"
        r"does not have support for that dtype|Unsupported dtype",
        "{title}: this device cannot work with the number format of the model.",
        "Choose the fp16 version of the model, or start ComfyUI with --force-fp32.",
    ),
    _cause(
        "model_mismatch",
        r"shapes cannot be multiplied|to have \d+ channels, but got|size mismatch for|"
        r"loading state_dict for|tensor a \(\d+\) must match|Sizes of tensors must match|"
        r"Expected size .* but got size|must specify y if and only if|"
        r"expanded size of the tensor|weight expected shape|Given normalized_shape|"
        r"shape '\[[^']*\]' is invalid for input of size",
        "{title}: the model, its text encoder, VAE, LoRA or ControlNet do not belong together.",
        "Choose a LoRA, ControlNet, text encoder and VAE that are made for this model.",
    ),
    _cause(
        "model_mismatch",
        r"'NoneType' object has no attribute 'shape'",
        "{title}: the ControlNet or adapter is made for another kind of model.",
        "Choose one that is made for the same kind of model.",
        nodes=r"sampler",
    ),
    # Pictures and values
    _cause(
        "bad_input",
        r"No face detected|no face (?:was )?found|face not found",
        "{title}: no face was found in the picture.",
        "Attach a picture that shows the face large and from the front.",
    ),
    _cause(
        "bad_input",
        r"DecompressionBomb|exceeds limit of \d+ pixels",
        "{title}: the picture is too large for ComfyUI.",
        "Make it smaller, then attach it again.",
    ),
    _cause(
        "bad_input",
        r"UnidentifiedImageError|cannot identify image file|image file is truncated|"
        r"data stream (?:contents )?when reading image file|"
        r"(?:UnboundLocalError|cannot access local variable).*'x'",
        "{title}: the picture is damaged, or of a kind that ComfyUI cannot read.",
        "Save it anew as PNG or JPEG, then attach it again.",
    ),
    _cause(
        "bad_input",
        r"canUse32BitIndexMath|larger than INT_MAX|more than INT_MAX",
        "{title}: the picture is too large for what the node does.",
        "{smaller}, then try again.",
    ),
    _cause(
        "bad_input",
        r"Kernel size can't be greater than actual input size",
        "{title}: the picture, or a part of it, is too small for what the node does.",
        "Make it larger, then try again.",
    ),
    _cause(
        "bad_input",
        r"Seed must be between 0 and 2\*\*32|out of bounds for u?int32",
        "{title}: the seed is too large for this node.",
        "Use a --seed below 4294967296.",
    ),
    _cause(
        "bad_input",
        r"Saving image outside the output folder is not allowed",
        "{title}: it may save pictures in ComfyUI's output folder only.",
        "Take the drive and every “..” out of its filename_prefix.",
    ),
    _cause(
        "bad_input",
        r"for the modes: .*\(got (\S+)\)",
        "{title}: {0} is no way to scale a picture.",
        "Choose another one, such as lanczos.",
    ),
    _cause(
        "missing_input",
        r"(?:FileNotFoundError|No such file).*\.(?:png|jpe?g|webp|gif|bmp|tiff?)\b",
        "{title}: ComfyUI does not have the picture {picture}.",
        "Attach the picture again, then try again.",
    ),
    _cause(
        "missing_input",
        r"(?:file or directory|(?:path|file) specified): '([^'\n]*[^'\n\\/])[\\/]*'",
        "{title}: ComfyUI does not have “{0}”.",
        "Put it where the node looks for it, then try again.",
    ),
    _cause(
        "missing_input",
        r"FileNotFoundError|No such file or directory|WinError [23]\]",
        "{title}: a file or folder that it reads is not there.",
        "Attach your pictures again; if it reads other files, put them where it looks for them.",
    ),
    # Nodes that are not wholly there, or do not fit
    _cause(
        "missing_node",
        r"DLL load failed while importing (\w+?)(?:_pybind\w*)?:",
        "{title}: the Python package {0} cannot be loaded, which its node pack needs.",
        "Install {0} anew into ComfyUI's Python, then restart ComfyUI.",
    ),
    _cause(
        "missing_node",
        r"name 'YOLO' is not defined",
        "{title}: the Python package ultralytics is missing, which its node pack needs.",
        "Install ultralytics into ComfyUI's Python, then restart ComfyUI.",
    ),
    _cause(
        "missing_node",
        r"No module named '([\w-]+)|Cannot find a working (triton) installation|"
        r"not found in your environment: (\w+)|name '(insightface|onnxruntime|triton)' is not def",
        "{title}: the Python package {0} is missing, which its node pack needs.",
        "Install {0} into ComfyUI's Python, then restart ComfyUI.",
    ),
    _cause(
        "node_failed",
        r"got an unexpected keyword argument|takes \d+ positional arguments? but|"
        r"required positional argument|required keyword-only argument|"
        r"module '[\w.]+' has no attribute|cannot import name|name '\w+' is not defined",
        "{title}: the node and this ComfyUI do not fit each other.",
        "{update}, then restart ComfyUI.",
    ),
    _cause(
        "node_failed",
        r"Please login first|Payment Required|add credits to your account",
        "{title}: it is a paid service, and ComfyUI is not logged in or has no credits left.",
        "Log in on ComfyUI's own page, or choose another way to make this.",
    ),
    _cause(
        "node_failed",
        r"(?:Permission denied|Read-only file system|Access is denied|another process): ('[^']+')",
        "{title}: ComfyUI is not allowed to open {0}.",
        "Give ComfyUI the right to its own folders, and close programs that hold the file.",
    ),
    _cause(
        "node_failed",
        r"PermissionError|Permission denied|Read-only file system",
        "{title}: ComfyUI is not allowed to open one of its files.",
        "Give ComfyUI the right to its own folders, and close programs that hold the file.",
    ),
    # The engine itself
    _cause(
        "engine_broken",
        r"no kernel image is available|invalid device function|Torch not compiled with CUDA|"
        r"driver version is insufficient|Found no NVIDIA driver|hipErrorNoBinaryForGpu|"
        r"No (?:CUDA|HIP) GPUs are available|no (?:CUDA|ROCm)-capable device",
        "{title}: the PyTorch of this ComfyUI cannot use the GPU.",
        "Update the GPU's driver and install the PyTorch made for it, then restart ComfyUI.",
    ),
    _cause(
        "node_failed",
        r"not (?:currently )?implemented for the MPS",
        "{title}: this Mac's GPU cannot do what the node asks for.",
        "Choose another sampler, or start ComfyUI with PYTORCH_ENABLE_MPS_FALLBACK=1.",
    ),
    _cause(
        "node_failed",
        r"not (?:currently )?(?:implemented|supported) (?:for|on) the \w+ (?:device|backend)",
        "{title}: this GPU cannot do what the node asks for.",
        "Choose another sampler or model.",
    ),
    _cause(
        "node_failed",
        r"Expected all tensors to be on the same device",
        "{title}: one part of the model is on the GPU, another is not.",
        "Restart ComfyUI and try again; if it happens again, update ComfyUI and its custom nodes.",
    ),
    _cause(
        "engine_broken",
        r"Errno 22\] Invalid argument|Errno 5\] Input/output error|Errno 32\] Broken pipe",
        "{title}: ComfyUI lost the window that it writes its progress to.",
        "Restart ComfyUI, then try again.",
        nodes=r"sampler",
    ),
    _cause(
        "engine_broken",
        r"CUDA error|HIP error|device-side assert|cuDNN error|CU(?:DNN|BLAS)_STATUS|CUFFT|"
        r"GPU device instance has been (?:suspended|removed)|DEVICE_LOST|backend failed with error|"
        r"unspecified launch failure|illegal memory access",
        "The GPU stopped answering {where}.",
        "Restart ComfyUI, then try again.",
    ),
)
