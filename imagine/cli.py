"""The command line: each command with its flags; what they share is in `imagine.cli_flags`.

What a command needs is imported when it runs, so that ``imagine --help`` and ``imagine parse`` do
not wait for a web server that they never start.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from imagine import __version__
from imagine.cli_flags import (
    USAGE_EXIT,
    Aspect,
    Config,
    Mask,
    Save,
    Server,
    own_address,
    read_settings,
    server_address,
    settings_flags,
    told,
)
from imagine.cli_output import columns, parsed_lines
from imagine.cli_workflow_commands import workflow
from imagine.models import Action, Direction, Strength
from imagine.settings import LogFormat, LogLevel

DEFAULT_COMMAND = "serve"
# `imagine prompt a red fox --ar 16:9` needs no quotes: flags that are not ours are the prompt's.
# For that no command may have short options: -h would be found in "-hat".
PROMPT_WORDS = {"ignore_unknown_options": True}


class ServeByDefault(TyperGroup):
    """``imagine`` and ``imagine --port 9000`` mean ``imagine serve``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and " " in args[0]:
            ctx.fail(f'There is no such command. Did you mean: imagine prompt "{args[0]}"')
        own = {spelling for option in self.get_params(ctx) for spelling in option.opts}
        if not args or (args[0].startswith("-") and args[0].partition("=")[0] not in own):
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ServeByDefault,
    help="The Midjourney you run at home. Without a command: serve.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; a terminal that cannot show a character gets its code instead."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # a stream that somebody put in place of the real one
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    app(prog_name="imagine")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"imagine {__version__}")
        raise typer.Exit


@app.callback()
def imagine(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Hold what all commands share."""


@app.command()
@settings_flags
def serve(
    *,
    config: Config = None,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print each setting and where it came from.")
    ] = False,
    **flags: Any,
) -> None:
    """Start the server and its page."""
    with told():
        loaded = read_settings(flags, config)
        if show_config:
            for line in columns(loaded.rows(), indent=""):
                typer.echo(line)
            return
        from imagine import logs, server

        logs.configure(loaded.settings.log_format, loaded.settings.log_level)
        raise typer.Exit(server.run(loaded.settings))


@app.command(context_settings=PROMPT_WORDS)
def prompt(
    words: Annotated[list[str], typer.Argument(metavar="PROMPT", help="What to imagine.")],
    *,
    image: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A picture to start from, for a workflow also a video or a sound; repeatable.",
        ),
    ] = None,
    mask: Mask = None,
    save: Save = None,
    server: Server = None,
) -> None:
    """Make pictures with a running server.

    Ends with 0 when all is done, 1 when a job failed, 2 when the prompt cannot be, 3 when the
    server is out of reach. Ctrl+C cancels the jobs.
    """
    address = server_address(server)
    from imagine import cli_prompt

    made = cli_prompt.run(" ".join(words), server=address, save=save, images=image or (), mask=mask)
    raise typer.Exit(made)


@app.command()
def act(
    action: Annotated[str, typer.Argument(metavar="ACTION", help=f"{', '.join(Action)}.")],
    job: Annotated[
        str,
        typer.Argument(metavar="SET", help="Its number, its id, or the beginning of its id."),
    ],
    *,
    image: Annotated[
        int | None,
        typer.Option(metavar="N", help="Which picture of the set, from 1; else the first."),
    ] = None,
    strength: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"{', '.join(Strength)}.")
    ] = None,
    factor: Annotated[
        float | None, typer.Option(metavar="1–2", help="How far a zoom goes out.")
    ] = None,
    direction: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Of a pan: {', '.join(Direction)}.")
    ] = None,
    mask: Mask = None,
    aspect: Aspect = None,
    prompt: Annotated[
        str | None, typer.Option(metavar="PROMPT", help="Other words and flags than before.")
    ] = None,
    save: Save = None,
    server: Server = None,
) -> None:
    """Do something with a finished picture: imagine act pan 128 --image 2 --direction left.

    Ends as `imagine prompt` does; 2 also when there is no such set or picture.
    """
    address = server_address(server)
    from imagine import cli_act

    fields = {
        "strength": strength,
        "factor": factor,
        "direction": direction,
        "aspect": aspect,
        "prompt": prompt,
    }
    raise typer.Exit(
        cli_act.act(action, job, image=image, mask=mask, fields=fields, server=address, save=save)
    )


@app.command()
def blend(
    pictures: Annotated[
        list[str],
        typer.Argument(metavar="FILE|SET/N", help="Files, or pictures of sets, from 1: 128/2."),
    ],
    *,
    aspect: Aspect = None,
    prompt: Annotated[
        str | None, typer.Option(metavar="PROMPT", help="Words and flags beside the pictures.")
    ] = None,
    save: Save = None,
    server: Server = None,
) -> None:
    """Mix 2 to 5 pictures into a new set: imagine blend fox.png 128/2.

    Ends as `imagine act` does.
    """
    address = server_address(server)
    from imagine import cli_act

    fields = {"aspect": aspect, "prompt": prompt}
    raise typer.Exit(cli_act.blend(pictures, fields=fields, server=address, save=save))


@app.command()
def models(
    *,
    server: Server = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """Say what the installed models were recognised as, and why."""
    address = server_address(server)
    from imagine import cli_models

    raise typer.Exit(cli_models.run(server=address, as_json=as_json))


app.add_typer(workflow, name="workflow")


@app.command()
@settings_flags
def doctor(
    *,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Address of a running server, that of its proxy for example; else the settings'.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
    as_report: Annotated[
        bool, typer.Option("--report", help="Print a report for others, without what is private.")
    ] = False,
    config: Config = None,
    **flags: Any,
) -> None:
    """Check each hop, from the settings to the engines, and say what to do about it.

    Ends with 0 when nothing failed, 1 when something did, 2 when it cannot be asked so.
    """
    if as_json and as_report:
        raise typer.BadParameter("Give --json or --report, not both.")
    with told():
        loaded = read_settings(flags, config)
        own = own_address(loaded.settings) + loaded.settings.base_path
        address = own if server is None else server_address(server)
    from imagine import cli_doctor

    form = cli_doctor.Form.JSON if as_json else cli_doctor.Form.LINES
    form = cli_doctor.Form.REPORT if as_report else form
    raise typer.Exit(
        cli_doctor.run(loaded, address=address, is_named=server is not None, form=form)
    )


@app.command()
def queue(
    order: Annotated[
        str | None, typer.Argument(metavar="[pause|resume|clear]", help="What to do with it.")
    ] = None,
    *,
    server: Server = None,
) -> None:
    """Show the line of a running server; pause it, resume it, or cancel all that wait."""
    address = server_address(server)
    from imagine import cli_queue

    if order is not None and order not in set(cli_queue.Order):
        raise typer.BadParameter(f"{order} is none of {', '.join(cli_queue.Order)}.")
    wanted = None if order is None else cli_queue.Order(order)
    raise typer.Exit(cli_queue.run(wanted, server=address))


@app.command()
def rebuild(
    *,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the gallery; else the settings'.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would come of it, and change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """Make the database again from the pictures, should it be damaged or gone.

    What an old one still tells is taken over, and it is kept aside. Stop the server first.
    """
    from imagine import cli_rebuild

    with told():
        settings = read_settings({"output": output}).settings
        cli_rebuild.run(settings, dry_run=dry_run, as_json=as_json)


@app.command(context_settings=PROMPT_WORDS)
def parse(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PROMPT", help="The prompt; without one, each line of stdin is one."
        ),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the body of POST /api/parse, one line a prompt.")
    ] = False,
) -> None:
    """Say what a prompt means, without a server and without making it.

    Ends with 2 when a prompt cannot be; with --json always with 0, for the body says it.
    """
    if not words and _is_terminal():
        raise typer.BadParameter("Give a prompt, or prompts on standard input, one a line.")
    from imagine.explain import explain
    from imagine.planner_setup import planner_for
    from imagine.profiles import load_profiles

    with told():
        settings = read_settings({}).settings
        planner = planner_for(settings, load_profiles(settings.profiles))
    understood = True
    for text in [" ".join(words)] if words else _lines():
        body = explain(text, {}, planner)
        understood &= body["ok"]
        if as_json:
            typer.echo(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
        else:
            for line in parsed_lines(text, body):
                typer.echo(line)
    if not (understood or as_json):
        raise typer.Exit(USAGE_EXIT)


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _lines() -> Iterator[str]:
    """Yield the lines of standard input; a prompt may hold every line break but the line feed."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")


@app.command()
def sketch(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine.")] = 8188,
    step_ms: Annotated[int, typer.Option(min=0, help="Time of a step (0 = full speed).")] = 40,
    load_ms: Annotated[int, typer.Option(min=0, help="Time to load a checkpoint.")] = 0,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A checkpoint to list; may be repeated."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where its files stay; without it they go with it.")
    ] = None,
) -> None:
    """Run the sketch engine alone: a ComfyUI without a model, for trying things out."""
    from imagine import logs

    logs.configure(LogFormat.TEXT, LogLevel.INFO)
    with suppress(KeyboardInterrupt):
        try:
            options = {"port": port, "step_ms": step_ms, "load_ms": load_ms, "output_dir": output}
            asyncio.run(_sketch(options | ({"checkpoints": checkpoint} if checkpoint else {})))
        except OSError as error:
            typer.echo(f"Port {port} cannot be used: {error}. Choose another: --port N.", err=True)
            raise typer.Exit(1) from error


async def _sketch(options: dict[str, Any]) -> None:
    from imagine.sketch import serve as serve_sketch

    stopped = asyncio.Event()
    with suppress(NotImplementedError):  # Windows has no SIGTERM to handle
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with serve_sketch(**options) as engine:
        typer.echo(f"The sketch engine listens on {engine.url}. Ctrl+C stops it.")
        await stopped.wait()
