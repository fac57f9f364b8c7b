import { asCurl, asPrompt, misread } from "../../static/js/form-copy.js";
import { fromGallery, fromUpload, kindOfFile, misfit, mistaken } from "../../static/js/form-files.js";
import { fromPlace, hasSlider, snap, toPlace } from "../../static/js/form-scale.js";
import { changed, complaint, control, mostPictures, ofJob, readNumber, request, withHints } from "../../static/js/form-values.js";
import { asWords } from "../../static/js/format.js";
import { equal, test } from "./check.js";

const plain = { label: "", description: "", default: null, required: false, min: null, max: null, step: null, choices: null, rank: "main" };
/** @param {string} name @param {string} type @param {object} [more] */
const parameter = (name, type, more = {}) => ({ ...plain, name, type, flag: `--${name.replaceAll("_", "-")}`, label: asWords(name), ...more });
const steps = parameter("steps", "int", { min: 1, max: 10_000, default: 20 });
const cfg = parameter("cfg", "float", { min: 0, max: 100, step: 0.1, default: 7 });
const seed = parameter("seed", "seed", { min: 0, max: 4294967295 });
const workflow = {
  id: "inpaint", max_batch_size: 4, inputs: { prompt: true, images: { min: 1, max: 1 }, mask: "optional", batch: true },
  parameters: [parameter("prompt", "text", { default: "" }), parameter("image", "image", { required: true }), parameter("mask", "mask"),
    steps, cfg, seed, parameter("tiling", "bool", { default: false }), parameter("negative", "text", { default: "blurry" })],
};
const picture = (/** @type {string} */ digit) => ({ link: `upload:${digit.repeat(64)}`, thumbnail: "", url: "", width: 8, height: 8 });

test("each type of a parameter has its control", () => {
  const choices = ["a", "b", "c"];
  equal([steps, cfg, seed, ...workflow.parameters.slice(0, 3)].map(control), ["number", "number", "seed", "lines", "image", "mask"]);
  equal(control(parameter("on", "bool")), "switch");
  equal([choices, Array(8).fill("euler"), Array(40).fill("x")].map((choices) => control(parameter("c", "choice", { choices }))), ["row", "select", "search"]);
  equal([2, 30].map((n) => control(parameter("m", "model", { choices: Array(n).fill("m") }))), ["select", "search"]);
  equal([parameter("title", "text"), parameter("title", "text", { default: "a\nb" })].map(control), ["line", "lines"]);
});

test("a request holds what differs from the defaults, and nothing else", () => {
  const values = { prompt: "a fox", steps: 20, cfg: 4.5, seed: null, tiling: true, mask: [], image: [picture("a")] };
  equal(request(workflow, values), { prompt: "a fox", parameters: { image: `upload:${"a".repeat(64)}`, cfg: 4.5, tiling: true } });
  equal(request(workflow, {}), {});
  equal(changed(workflow, { negative: "" }).map(({ value }) => value), [""]);
});

test("what is required is sent when it is set, and what its graph holds is only a hint", () => {
  const asking = withHints({ ...workflow, parameters: [parameter("prompt", "text", { required: true, default: "a boat" })] });
  equal(asking.parameters.map(({ default: usual, hint }) => [usual, hint]), [[null, "a boat"]]);
  equal([{}, { prompt: "a boat" }].map((values) => request(asking, values)), [{}, { prompt: "a boat" }]);
});

test("videos and sounds are sent as their links, and a prompt names them by their flags", () => {
  const dance = { ...workflow, parameters: [parameter("prompt", "text", { default: "" }), parameter("video", "video"), parameter("image", "image"), parameter("audio", "audio")] };
  const values = { image: [picture("c")], video: [picture("a")], audio: [picture("b")] };
  const [image, video, audio] = ["c", "a", "b"].map((digit) => picture(digit).link);
  equal(dance.parameters.slice(1).map(control), ["video", "image", "audio"]);
  equal(request(dance, values), { parameters: { video, image, audio } });
  equal(asPrompt(dance, values), `${image} --workflow inpaint --video ${video} --audio ${audio}`);
  equal(ofJob(dance, { prompt: "a fox", video, image, audio }), { prompt: "a fox" });
  equal(request(dance, { video: [] }), {});
});

test("the kind of a file is told by its type, else by its name", () =>
  equal([["a.mp4", "video/mp4"], ["a.WebM", ""], ["a.flac", "audio/x-flac"], ["a.ogg", "video/ogg"], ["a.png", "image/png"], ["a", "application/octet-stream"], ["a.json", "application/json"]]
    .map(([name, type]) => kindOfFile({ name, type })), ["video", "video", "audio", "audio", "image", null, null]));

test("what does not fit a field is told before it is sent, and what is not known is left to the server", () => {
  const [image, video, audio] = ["image", "video", "audio"].map((type) => parameter(type, type));
  const file = (/** @type {string} */ name, type = "") => ({ name, type });
  equal([misfit(file("a.mp4"), image), misfit(file("a.mov"), video), misfit(file("a.m4a"), audio), misfit(file("", "image/png"), audio), misfit(file("a.json", "application/json"), video)],
    ["a.mp4 is a video. Image takes a picture.", "a.mov is of another kind. Video takes an MP4 or WebM video.", "a.m4a is of another kind. Audio takes a WAV, MP3, FLAC or Ogg sound.",
      "The file is a picture. Audio takes a WAV, MP3, FLAC or Ogg sound.", "a.json is of another kind. Video takes an MP4 or WebM video."]);
  equal([misfit(file("a.webm"), video), misfit(file("a.mp3", "audio/mp3"), audio), misfit(file("a.wav", "audio/vnd.wave"), audio), misfit(file("nameless"), video), misfit(file("a.json", "application/json"), image)],
    ["", "", "", "", ""]);
  equal([mistaken({ kind: "image" }, "a", video), mistaken({ kind: "video" }, "a", video), mistaken({}, "a", image)],
    ["a is a picture. Video takes an MP4 or WebM video.", "", ""]);
});

test("a file of the gallery and one that came in are held alike", () => {
  const clip = { index: 0, url: "/api/images/a.webm", thumbnail: null, media_type: "video/webm", width: 320, height: 192, duration_s: 2 };
  equal(fromGallery("picture:x/0", { number: 7 }, clip), { link: "picture:x/0", url: clip.url, thumbnail: "", width: 320, height: 192, duration_s: 2, name: "Set 7" });
  equal(fromUpload({ id: "b", link: "upload:b", kind: "audio", width: null, height: null, duration_s: 3 }, "b.wav"),
    { link: "upload:b", url: "/api/uploads/b", thumbnail: "", width: 0, height: 0, duration_s: 3, name: "b.wav" });
  equal(fromUpload({ id: "c", link: "upload:c", width: 8, height: 8 }, "c.png"), { link: "upload:c", url: "/api/uploads/c", thumbnail: "/api/uploads/c?w=320", width: 8, height: 8 });
});

test("a seed is drawn unless it is set, also where the file has one of its own", () => {
  const fixed = { ...workflow, parameters: [{ ...seed, default: 7 }] };
  equal([null, 7, 8].map((value) => request(fixed, { seed: value })), [{ parameters: { seed: -1 } }, {}, { parameters: { seed: 8 } }]);
  equal([null, -1, 8].map((value) => request(workflow, { seed: value })), [{}, {}, { parameters: { seed: 8 } }]);
});

test("several pictures for the one field are a batch", () => {
  equal(mostPictures(workflow), 4);
  equal(mostPictures({ ...workflow, inputs: { ...workflow.inputs, batch: false } }), 1);
  const links = ["a", "b"].map((digit) => picture(digit).link);
  equal(request(workflow, { image: [picture("a"), picture("b")] }), { images: links });
  equal(asPrompt(workflow, { image: [picture("a"), picture("b")] }), `--workflow inpaint --image {${links.join(", ")}}`);
});

test("as a command line the quotes of the words are safe", () =>
  equal(asCurl("http://here/imagine", workflow, { prompt: "the fox's den", steps: 8 }),
    "curl http://here/imagine/api/workflows/inpaint -H 'content-type: application/json' -d '{\"prompt\":\"the fox'\\''s den\",\"parameters\":{\"steps\":8}}'"));

test("as a prompt the words are literal and in one line", () => {
  equal(asPrompt(workflow, { prompt: "a {red} fox\nin snow", tiling: true, negative: "text", seed: 7 }),
    "a \\{red\\} fox in snow --workflow inpaint --seed 7 --tiling on --negative text");
  equal(asPrompt(workflow, { prompt: "a fox", image: [picture("a")], mask: [picture("b")] }),
    `${picture("a").link} a fox --workflow inpaint --mask ${picture("b").link}`);
  equal(misread(workflow, { prompt: "a fox --v 7" }), "--v");
  equal(misread(workflow, { prompt: "well-known -- fox" }), "");
});

test("numbers are read, and what is none is left to be refused", () =>
  equal(["12", " 1,5 ", "", "abc", "1e3"].map(readNumber), [12, 1.5, "", "abc", 1000]));

test("a number outside its range is told", () => {
  equal([0, 20, 2.5, "abc", null].map((value) => complaint(steps, value)),
    ["Steps goes from 1 to 10000.", "", "Steps takes a whole number.", "Steps takes a number.", ""]);
  equal(complaint(seed, -1), "");
  equal(complaint(parameter("x", "float", { min: 2 }), 1), "X starts at 2.");
});

test("a wide range is bent around its default, and both ends are reached", () => {
  equal(Math.round(toPlace(steps, 20) * 100), 33);
  equal([0, 1].map((place) => fromPlace(steps, place)), [1, 10_000]);
  equal(fromPlace(steps, toPlace(steps, 21)), 21);
  equal(toPlace(parameter("x", "float", { min: 0, max: 1, default: 0.5 }), 0.25), 0.25);
  equal([steps, seed, parameter("x", "int", { min: 0 })].map(hasSlider), [true, false, false]);
});

test("values keep to the steps of their range", () => {
  equal(snap(cfg, 3.14159), 3.1);
  equal(snap(parameter("width", "int", { min: 16, max: 4096, step: 8 }), 1021), 1024);
  equal(snap(steps, 20_000), 10_000);
});

test("a job gives its values back, but for its pictures", () =>
  equal(ofJob(workflow, { workflow: "inpaint", steps: 8, image: "upload:x", width: 512, prompt: "a fox" }), { prompt: "a fox", steps: 8 }));
