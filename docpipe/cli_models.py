"""`docpipe models`: which models there are, which one is in service, and the two commands that change that."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from docpipe.errors import ModelError

if TYPE_CHECKING:
    from docpipe.registry import Model, Registry


@click.group()
def models() -> None:
    """Say which models there are, and which one `docpipe clean` uses.

    Beside the model that ships there may be a folder of them: the variable DOCPIPE_MODELS names it.

    \b
    docpipe models list
    docpipe models info compact@2
    docpipe models promote models/mine      copy a model folder in, and put it into service
    docpipe models promote compact@2        put one into service that is there
    docpipe models rollback                 the one before, again
    """


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a model.")
def list_(as_json: bool) -> None:
    """List the models; the one in service is marked.

    \b
    docpipe models list
    """
    registry = _registry()
    found, refused = registry.models()
    used: Path | None = None
    try:
        used = registry.in_service().folder
    except ModelError as error:                  # the others are listed nevertheless: one of them may take its place
        refused.append(error)
    for model in found:
        is_used = model.folder == used
        if as_json:
            line = {"model": model.spec, "in_service": is_used, "shipped": model.is_shipped}
            click.echo(json.dumps(line | {"folder": str(model.folder)}))
        else:
            click.echo(f"{'*' if is_used else ' '} {model.spec:<24} {_where(model)}")
    for reason in refused:
        click.echo(f"refused: {reason}", err=True)


@models.command()
@click.argument("spec", metavar="[NAME[@VERSION]]", required=False)
@click.option("--json", "as_json", is_flag=True, help="The model's card and what became of the model, as JSON.")
def info(spec: str | None, as_json: bool) -> None:
    """Show a model's card and when it was promoted; without a name, of the one in service.

    \b
    docpipe models info
    docpipe models info compact@2
    """
    from docpipe.restore.gate_card import GATE_CARD_NAME
    from docpipe.restore.model_card import CARD_NAME

    registry = _registry()
    model = registry.find(spec) if spec else registry.in_service()
    card = json.loads((model.folder / CARD_NAME).read_text())
    gate = json.loads((model.folder / GATE_CARD_NAME).read_text()) if model.gate else None
    changes = [change for change in registry.changes() if change.spec == model.spec]
    if as_json:
        of_gate = {"gate": gate} if gate else {}
        shown = {**card, **of_gate, "folder": str(model.folder), "changes": [asdict(one) for one in changes]}
        click.echo(json.dumps(shown))
        return
    click.echo(f"{model.spec}, {_where(model)}")
    _show_card(card)
    if model.gate and gate:
        click.echo(f"  with {model.gate.fingerprint}")
        _show_card(gate, indent="    ")
    for change in changes:
        click.echo(f"  {change.when}  {change.action}{f': {change.why}' if change.why else ''}")


@models.command()
@click.argument("model", metavar="FOLDER|NAME[@VERSION]")
@click.option("--why", default="by hand", show_default=True, help="Kept beside the promotion.")
def promote(model: str, why: str) -> None:
    """Put a model into service: a model folder, which is copied in, or one that is there.

    \b
    docpipe models promote models/mine
    docpipe models promote compact@2 --why "two more cards rescued"
    """
    registry = _registry()
    promoted = registry.promote(registry.add(Path(model)).spec if registry.is_folder(model) else model, why)
    click.echo(f"{promoted.spec} is in service", err=True)


@models.command()
@click.option("--why", default="by hand", show_default=True, help="Kept beside the roll-back.")
def rollback(why: str) -> None:
    """Take the last promotion back: the model before is in service again.

    \b
    docpipe models rollback
    """
    click.echo(f"{_registry().roll_back(why).spec} is in service again", err=True)


def _registry() -> "Registry":
    from docpipe.registry import Registry  # late: `--help` must not load OpenCV

    return Registry.of_environment()


def _show_card(card: dict[str, Any], indent: str = "  ") -> None:
    for key, value in card.items():
        click.echo(f"{indent}{key:<12} {value if isinstance(value, str) else json.dumps(value)}")


def _where(model: "Model") -> str:
    return "shipped" if model.is_shipped else str(model.folder)
