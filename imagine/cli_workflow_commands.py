"""``imagine workflow``: its commands, for `imagine.cli`.

The work is done by `imagine.cli_workflow` (one file) and `imagine.cli_registry` (those that are
kept), which are imported only when they are needed.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imagine.cli_flags import Config, Server, own_address, read_settings, server_address, told

if TYPE_CHECKING:
    from imagine.cli_registry import Place

File = Annotated[Path, typer.Argument(help="A workflow (JSON), or a picture of ComfyUI.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it for programs.")]

workflow = typer.Typer(help="Workflows of ComfyUI, yours and others'.", rich_markup_mode=None)


@workflow.command()
def show(
    file: File,
    *,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="An Imagine whose ComfyUI is asked; else the ComfyUI of the settings.",
        ),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say what a workflow can be given, what comes out, and whether it would run.

    Ends with 0 when it would, or nobody could be asked, 1 when not, 2 when it is no workflow, and
    3 when the server is out of reach.
    """
    with told():
        engines = read_settings({}, config).settings.comfyui_url
    address = None if server is None else server_address(server)
    from imagine import cli_workflow

    raise typer.Exit(cli_workflow.show(file, server=address, engines=engines, as_json=as_json))


@workflow.command()
def add(
    file: File,
    *,
    id_: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="How a prompt names it.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What people see; else the file says.")
    ] = None,
    server: Server = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a workflow one that can be used by a form, a flag and an address of its own.

    It goes to the running server, or into the folder of the settings when none runs. Ends with 0
    when it is there, 1 when it could not be saved, 2 when it is no workflow, and 3 when the server
    that was named is out of reach.
    """
    place = _workflow_place(server, config)
    from imagine import cli_registry

    raise typer.Exit(cli_registry.add(file, place, id_=id_, name=name, as_json=as_json))


@workflow.command(name="list")
def list_workflows(
    *,
    server: Server = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say what workflows there are, and why those that cannot run cannot."""
    place = _workflow_place(server, config)
    from imagine import cli_registry

    raise typer.Exit(cli_registry.list_all(place, as_json=as_json))


def _workflow_place(server: str | None, config: Path | None) -> "Place":
    from imagine.cli_registry import Place
    from imagine.profiles import load_profiles

    with told():
        settings = read_settings({}, config).settings
        profiles = load_profiles(settings.profiles)
    own = own_address(settings) + settings.base_path
    return Place(
        server=own if server is None else server_address(server),
        is_named=server is not None,
        folder=settings.workflows,
        engines=settings.comfyui_url,
        profiles=profiles,
    )
