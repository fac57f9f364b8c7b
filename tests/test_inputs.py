"""What the links of a prompt stand for: uploads, the web, earlier jobs; and what they do not."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagine.errors import PromptError
from imagine.ids import new_id
from imagine.images import ImageStore
from imagine.input_image import InputFile
from imagine.inputs import FETCHES, MOST_LINKS, REMEMBERED_S, Inputs
from imagine.links import picture_link, upload_link
from imagine.media import Kind
from imagine.models import Job, JobImage, JobState, utc_now
from imagine.storage import DiskStorage
from imagine.uploads import Upload, Uploads
from tests.following import eventually
from tests.media import mp4, wav, webm
from tests.painting import lying, mask, picture


class Web:
    """Links and what they give; one that is not known breaks the test."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | PromptError] = {}
        self.asked: list[str] = []
        self.kinds: list[Kind] = []
        self.at_once = self.most_at_once = 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    @asynccontextmanager
    async def open(self, link: str, kind: Kind) -> AsyncIterator[AsyncIterator[bytes]]:
        self.asked.append(link)
        self.kinds.append(kind)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.go_on.wait()
        page = self.pages[link]
        self.at_once -= 1
        if isinstance(page, PromptError):
            raise page
        yield chunks(page)


class Jobs:
    """The jobs that there are."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}

    async def get(self, job_id: str) -> Job | None:
        return self.jobs.get(job_id)


class Stage:
    """Everything that `Inputs` is given."""

    def __init__(self, uploads: Uploads, images: ImageStore) -> None:
        self.uploads, self.images = uploads, images
        self.web, self.jobs = Web(), Jobs()
        self.inputs = Inputs(uploads, self.web, images, self.jobs)

    async def upload(self, data: bytes) -> Upload:
        return (await self.uploads.put(chunks(data))).upload

    async def job(self, state: JobState = JobState.SUCCEEDED, data: bytes | None = None) -> Job:
        """A job with one picture, or with other data, of index 2."""
        job_id, made = new_id(), datetime(2026, 11, 20, tzinfo=UTC)
        stored = await self.images.put(
            chunks(picture(size=(96, 64)) if data is None else data),
            job_id=job_id,
            index=2,
            words="a red fox",
            created_at=made,
            media_type="image/png",
            text_chunks={},
        )
        image = JobImage(
            index=2,
            url=f"/api/images/{stored.name}",
            thumbnail=f"/api/thumbnails/{stored.name}",
            width=stored.width,
            height=stored.height,
            media_type=stored.media_type,
            bytes=stored.bytes,
            duration_s=stored.duration_s,
        )
        self.jobs.jobs[job_id] = Job(
            id=job_id,
            number=7,
            batch=job_id,
            state=state,
            prompt="a red fox",
            canonical="a red fox",
            text="a red fox",
            parameters={},
            images=(image,),
            created_at=utc_now(),
        )
        return self.jobs.jobs[job_id]

    async def refused(self, *links: str) -> PromptError:
        with pytest.raises(PromptError) as caught:
            await self.inputs.find(links)
        assert {detail.value for detail in caught.value.details} <= set(links)
        return caught.value


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    storage = DiskStorage(tmp_path)
    async with Uploads(storage, tmp_path) as uploads, ImageStore(storage, tmp_path) as images:
        yield Stage(uploads, images)


async def test_an_upload_is_found_by_its_link(stage):
    upload = await stage.upload(lying((64, 48)))
    link = upload_link(upload.id)
    found = (await stage.inputs.find([link]))[link]
    assert (found.link, found.name) == (link, f"imagine/{upload.id}.jpg")
    assert (found.width, found.height) == (48, 64)
    assert await stage.inputs.path(found) == await stage.uploads.path(upload.id)


async def test_a_picture_of_a_job_is_found_by_its_link(stage):
    job = await stage.job()
    link = picture_link(job.id, 2)
    found = (await stage.inputs.find([link]))[link]
    name = job.images[0].url.rpartition("/")[2]
    assert (found.link, found.name) == (link, f"imagine/{name}")
    assert (found.width, found.height) == (96, 64)
    assert await stage.inputs.path(found) == await stage.images.path(name)


async def test_a_picture_in_the_trash_is_still_found(stage):
    job = await stage.job()
    name = job.images[0].url.rpartition("/")[2]
    await stage.images.trash(name, utc_now())
    link = picture_link(job.id, 2)
    found = await stage.inputs.find([link])
    assert (await stage.inputs.path(found[link])).is_file()


async def test_a_link_of_the_web_becomes_an_upload(stage):
    stage.web.pages["https://a.example/fox.png"] = picture()
    found = (await stage.inputs.find(["https://a.example/fox.png"]))["https://a.example/fox.png"]
    upload = await stage.upload(picture())
    assert found.link == upload_link(upload.id)
    assert (found.name, found.width) == (f"imagine/{upload.id}.png", 64)


async def test_a_link_is_fetched_once_for_a_prompt_of_many_lines(stage, monkeypatch):
    link = "https://a.example/fox.png"
    stage.web.pages[link] = picture()
    for _ in range(40):
        await stage.inputs.find([link, link])
    assert stage.web.asked == [link]

    monkeypatch.setattr("imagine.inputs.REMEMBERED_S", 0.0)
    await stage.inputs.find([link])
    assert stage.web.asked == [link, link]
    assert REMEMBERED_S > 0


async def test_few_links_are_fetched_at_once(stage):
    links = [f"https://a.example/{n}.png" for n in range(MOST_LINKS)]
    stage.web.pages = {link: picture(shade=n) for n, link in enumerate(links)}
    stage.web.go_on.clear()
    finding = asyncio.create_task(stage.inputs.find(links))
    await eventually(lambda: stage.web.at_once == FETCHES)
    stage.web.go_on.set()
    assert len(await finding) == MOST_LINKS
    assert stage.web.most_at_once == FETCHES


async def test_too_many_links_are_refused_before_any_is_fetched(stage):
    error = await stage.refused(*(f"https://a.example/{n}.png" for n in range(17)))
    assert "names 17" in error.message
    assert stage.web.asked == []


async def test_every_link_that_cannot_be_is_told(stage):
    job, active = await stage.job(), await stage.job(JobState.RUNNING)
    expired = await stage.job(JobState.EXPIRED)
    nowhere = new_id()
    stage.web.pages = {
        "https://a.example/page": b"<html>",
        "https://a.example/gone": PromptError("gone is not there"),
        "https://a.example/fox.png": picture(),
    }
    wanted = {
        upload_link("a" * 64): "no upload aaaa",
        picture_link(nowhere, 0): f"no set {nowhere}",
        picture_link(job.id, 0): "Set 7 has no picture 0.",
        picture_link(active.id, 3): "Set 7 has no picture 3 yet.",
        picture_link(expired.id, 2): "removed by the retention rule",
        "https://a.example/page": "https://a.example/page: This is no PNG, JPEG or WebP, no MP4",
        "https://a.example/gone": "https://a.example/gone: gone is not there",
    }
    error = await stage.refused(*wanted, "https://a.example/fox.png")
    assert error.message.endswith("(6 more in the details.)")
    told = {detail.value: detail.message or "" for detail in error.details}
    assert told.keys() == wanted.keys()
    for link, words in wanted.items():
        assert words in told[link]


async def test_a_picture_of_a_job_that_somebody_removed_is_told(stage):
    job = await stage.job()
    await stage.images.delete(job.images[0].url.rpartition("/")[2])
    assert "There is no picture" in (await stage.refused(picture_link(job.id, 2))).message


async def test_a_mask_is_brought_to_its_picture(stage):
    source, painted = await stage.upload(picture()), await stage.upload(mask((640, 480)))
    link = upload_link(source.id)
    found = (await stage.inputs.find([link]))[link]
    made = await stage.inputs.find_mask(upload_link(painted.id), found)
    assert (made.width, made.height) == (64, 48)
    assert made.box is not None
    assert made.link != upload_link(painted.id)
    again = await stage.inputs.find_mask(made.link, found)
    assert again == made
    assert (await stage.inputs.path(made)).read_bytes()[:4] == b"\x89PNG"


async def test_a_mask_of_another_shape_is_refused(stage):
    source, painted = await stage.upload(picture()), await stage.upload(mask((48, 64)))
    link = upload_link(source.id)
    found = (await stage.inputs.find([link]))[link]
    with pytest.raises(PromptError, match="another shape"):
        await stage.inputs.find_mask(upload_link(painted.id), found)


# --- videos and sounds


@pytest.mark.parametrize(
    ("data", "kind", "size"),
    [(mp4(), Kind.VIDEO, (64, 48)), (wav(), Kind.AUDIO, (None, None))],
)
async def test_a_video_or_a_sound_is_found_where_one_is_wanted(stage, data, kind, size):
    upload = await stage.upload(data)
    link = upload_link(upload.id)
    found = await stage.inputs.find_media([link], kind)
    assert found == {link: InputFile(link, f"imagine/{upload.name}", *size)}
    assert (await stage.inputs.path(found[link])).read_bytes() == data
    assert stage.inputs.kind_of(link) is kind


async def test_a_clip_of_a_job_is_a_video(stage):
    job = await stage.job(data=mp4())
    link = picture_link(job.id, 2)
    found = await stage.inputs.find_media([link], Kind.VIDEO)
    assert (found[link].width, found[link].height) == (64, 48)
    assert (await stage.inputs.path(found[link])).read_bytes() == mp4()
    error = await stage.refused(link)
    assert "Output 2 of set 7 is a video (MP4), and a still picture is needed" in error.message


async def test_a_video_of_the_web_is_fetched_as_one(stage):
    stage.web.pages["https://example.com/clip"] = webm()
    found = await stage.inputs.find_media(["https://example.com/clip"], Kind.VIDEO)
    (image,) = found.values()
    assert image.name.endswith(".webm")
    assert stage.web.kinds == [Kind.VIDEO]


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (mp4(), Kind.AUDIO, "is a video (MP4), and a sound (WAV, MP3, FLAC or OGG) is needed"),
        (wav(), Kind.VIDEO, "is a sound (WAV), and a video (MP4 or WebM) is needed"),
        (picture(), Kind.VIDEO, "is a picture (PNG), and a video (MP4 or WebM) is needed"),
    ],
)
async def test_what_is_of_another_kind_is_refused_and_says_what_it_is(stage, data, kind, words):
    link = upload_link((await stage.upload(data)).id)
    with pytest.raises(PromptError, match=re.escape(words)) as caught:
        await stage.inputs.find_media([link], kind)
    assert caught.value.details[0].value == link
    made = picture_link((await stage.job()).id, 2)
    with pytest.raises(PromptError, match=r"is a picture \(PNG\)"):
        await stage.inputs.find_media([made], kind)


async def test_a_video_is_no_picture_and_no_mask(stage):
    link = upload_link((await stage.upload(mp4())).id)
    error = await stage.refused(link)
    assert error.message == "The file is a video (MP4), and a still picture is needed here."
    source = upload_link((await stage.upload(picture())).id)
    (image,) = (await stage.inputs.find([source])).values()
    with pytest.raises(PromptError, match="a still picture is needed"):
        await stage.inputs.find_mask(link, image)
