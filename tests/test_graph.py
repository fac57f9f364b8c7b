import pytest

from imagine.graph import Graph, Output, Sampling
from imagine.preflight import preflight
from tests.catalogs import catalog

ENGINE = catalog(checkpoints=["m.safetensors"], diffusion_models=["d.safetensors"], loras=["l.pt"])
HOW = Sampling(seed=1, steps=10, cfg=5.0, sampler="euler", scheduler="normal")


def test_nodes_are_numbered_in_order_and_carry_a_title() -> None:
    graph = Graph()
    first = graph.add("VAELoader", "VAE", vae_name="ae.safetensors")
    graph.add("VAEDecode", "Decode", vae=Output(first), samples=Output("9", 2))
    assert graph.to_api() == {
        "1": {
            "class_type": "VAELoader",
            "inputs": {"vae_name": "ae.safetensors"},
            "_meta": {"title": "VAE"},
        },
        "2": {
            "class_type": "VAEDecode",
            "inputs": {"vae": ["1", 0], "samples": ["9", 2]},
            "_meta": {"title": "Decode"},
        },
    }


def test_the_outputs_of_a_checkpoint_are_model_text_encoder_and_vae() -> None:
    graph = Graph()
    outputs = graph.load_checkpoint("m.safetensors")
    given = ENGINE.schemas["CheckpointLoaderSimple"].outputs
    assert [given[output.slot] for output in outputs] == ["MODEL", "CLIP", "VAE"]


@pytest.mark.parametrize(
    ("count", "class_type", "kind"),
    [
        (1, "CLIPLoader", "lumina2"),
        (2, "DualCLIPLoader", "flux"),
        (3, "TripleCLIPLoader", None),
        (4, "QuadrupleCLIPLoader", None),
    ],
)
def test_one_to_four_text_encoders_have_a_loader_each(
    count: int, class_type: str, kind: str | None
) -> None:
    graph = Graph()
    graph.load_text_encoders(["clip_l.safetensors"] * count, kind)
    (node,) = graph.to_api().values()
    assert node["class_type"] == class_type
    assert len(node["inputs"]) == count + (kind is not None)


@pytest.mark.parametrize("end_step", [None, 6])
def test_every_word_of_the_vocabulary_is_known_to_comfyui(end_step: int | None) -> None:
    graph = Graph()
    model, clip, _ = graph.load_checkpoint("m.safetensors")
    model, clip = graph.lora(model, clip, "l.pt", 0.8)
    model = graph.lora_model_only(model, "l.pt", -0.5)
    model = graph.flow_shift("ModelSamplingSD3", model, 3.0)
    positive = graph.encode(graph.clip_skip(clip, 2), "a fox", "Prompt")
    negative = graph.zero_out(positive)
    positive = graph.flux_guidance(positive, 3.5)
    batch = graph.empty_latent("EmptySD3LatentImage", 1024, 1024, 4)
    noise = graph.latent_from_batch(batch, 3, "Noise")
    how = Sampling(HOW.seed, HOW.steps, HOW.cfg, HOW.sampler, HOW.scheduler, end_step)
    samples = graph.sample(model, positive, negative, noise, how, "Sampling")
    pictures = graph.decode(samples, graph.load_vae("ae.safetensors"), "Decoding")
    graph.save(pictures, "imagine/x", "Saving")
    assert preflight(graph.to_api(), ENGINE) == ()


def test_a_split_model_is_loaded_without_a_second_conversion() -> None:
    graph = Graph()
    graph.load_diffusion_model("d.safetensors")
    assert graph.to_api()["1"]["inputs"] == {
        "unet_name": "d.safetensors",
        "weight_dtype": "default",
    }


def test_an_unfinished_picture_has_no_noise_left_in_it() -> None:
    graph = Graph()
    link = Output("1")
    how = Sampling(seed=7, steps=20, cfg=5.0, sampler="euler", scheduler="normal", end_step=10)
    graph.sample(link, link, link, link, how, "Sampling")
    inputs = graph.to_api()["1"]["inputs"]
    assert (inputs["steps"], inputs["start_at_step"], inputs["end_at_step"]) == (20, 0, 10)
    assert (inputs["add_noise"], inputs["return_with_leftover_noise"]) == ("enable", "disable")
