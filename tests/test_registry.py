"""Models by name and version: what is promoted is used, and what was used before is one command away."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from docpipe.cli import main
from docpipe.errors import ExitCode, InputError, ModelError, OutputError, UsageError
from docpipe.registry import FOLDER_VARIABLE, SERVICE_NAME, Registry
from docpipe.restore import SHIPPED_INT8, SHIPPED_MODEL, load_engine

onnx = pytest.importorskip("onnx", reason="small networks are made with onnx (pip install 'docpipe-ocr[train]')")
from tests.restore.small_network import blur_model, write_model  # noqa: E402 (needs onnx)

SHIPPED_VERSION = int(json.loads((SHIPPED_MODEL / "card.json").read_text())["version"])
SHIPPED, AFTER_SHIPPED = f"compact@{SHIPPED_VERSION}", str(SHIPPED_VERSION + 1)
TWIN = f"compact-int8@{SHIPPED_VERSION}"


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "registry")


@pytest.fixture
def exported(tmp_path):
    """Makes a model folder as `docpipe export` would."""

    def make(version, name="blur", producer=""):
        model = blur_model()
        model.producer_name = producer
        return write_model(tmp_path / f"export-{name}-{version}-{producer}", model, name=name, version=version)

    return make


def specs(registry):
    return [model.spec for model in registry.models()[0]]


def test_without_a_folder_there_is_what_ships_and_it_is_in_service():
    registry = Registry(None)
    assert specs(registry) == [SHIPPED, TWIN] and registry.in_service().folder == SHIPPED_MODEL
    with pytest.raises(UsageError, match="no folder for models"):
        registry.promote(SHIPPED)


def test_the_variable_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert Registry.of_environment().folder == tmp_path
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert Registry.of_environment().folder is None


def test_what_is_added_is_listed_by_number_and_not_in_service(registry, exported):
    for version in ("10", "9", "2"):
        registry.add(exported(version))
    assert specs(registry) == ["blur@2", "blur@9", "blur@10", SHIPPED, TWIN]
    assert registry.find("blur").spec == "blur@10" and registry.find("blur@9").spec == "blur@9"
    assert registry.in_service().spec == SHIPPED
    assert registry.next_version("blur") == "11" and registry.next_version("compact") == AFTER_SHIPPED
    assert registry.next_version("compact-int8") == AFTER_SHIPPED
    assert registry.next_version("new") == "1"


def test_promotions_are_taken_back_one_by_one_down_to_what_ships(registry, exported):
    for version in ("1", "2"):
        registry.promote(registry.add(exported(version)).spec, why=f"better {version}")
    assert registry.in_service().spec == "blur@2"
    assert registry.roll_back().spec == registry.in_service().spec == "blur@1"
    registry.promote("blur@2")
    assert registry.roll_back().spec == "blur@1"
    assert registry.roll_back().spec == registry.in_service().spec == SHIPPED
    with pytest.raises(InputError, match="no promotion is left"):
        registry.roll_back()
    assert [change.action for change in registry.changes()] == [
        "promote", "promote", "rollback", "promote", "rollback", "rollback",
    ]  # fmt: skip
    assert registry.changes()[0].why == "better 1" and specs(registry) == ["blur@1", "blur@2", SHIPPED, TWIN]


def test_another_model_under_the_same_version_is_refused_and_the_same_one_is_not(registry, exported):
    registry.add(exported("1"))
    assert registry.add(exported("1")).spec == "blur@1"
    with pytest.raises(OutputError, match="holds another blur@1"):
        registry.add(exported("1", producer="else"))


@pytest.mark.parametrize("name", ["../../etc", ".hidden", "a/b", ""])
def test_a_name_that_leads_out_of_the_folder_is_refused(registry, exported, name, tmp_path):
    source = exported("1")
    card = json.loads((source / "card.json").read_text())
    (source / "card.json").write_text(json.dumps(card | {"name": name}))
    with pytest.raises(ModelError, match="no name for a folder"):
        registry.add(source)
    with pytest.raises(UsageError, match="there is no model"):
        registry.find(f"{name}@1")


def test_a_promoted_model_that_changed_is_refused_and_rolled_back(registry, exported):
    registry.promote(registry.add(exported("1")).spec)
    folder = registry.promote(registry.add(exported("2")).spec).folder
    (folder / "model.onnx").write_bytes(b"cut short")
    with pytest.raises(ModelError, match="cannot be used") as refused:
        registry.in_service()
    assert "rollback" in refused.value.hint
    assert specs(registry) == ["blur@1", SHIPPED, TWIN] and len(registry.models()[1]) == 1
    assert registry.roll_back().spec == "blur@1"


def test_a_model_that_was_put_in_place_of_the_promoted_one_is_not_used(registry, exported):
    folder = registry.promote(registry.add(exported("1")).spec).folder
    for path in exported("1", producer="else").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelError, match=r"is not the blur@1 that was promoted"):
        registry.in_service()


def test_a_copy_that_was_cut_short_is_no_model_and_does_not_stand_in_the_way(registry, exported):
    source = exported("1")
    (registry.folder / "blur" / ".1.part").mkdir(parents=True)
    (registry.folder / "blur" / ".1.part" / "card.json").write_text("{")
    assert specs(registry) == [SHIPPED, TWIN] and registry.models()[1] == []
    assert registry.add(source).spec == "blur@1"


def test_a_damaged_history_is_named_and_not_taken_for_an_empty_one(registry, exported):
    registry.promote(registry.add(exported("1")).spec)
    (registry.folder / SERVICE_NAME).write_text("half a li")
    with pytest.raises(ModelError, match="is damaged"):
        registry.in_service()


def test_a_model_is_named_by_its_folder_or_by_name_and_version(registry, exported):
    folder = registry.add(exported("1")).folder
    for named in (str(folder), "blur", "blur@1"):
        assert registry.folder_of(named) == folder
    assert registry.folder_of(TWIN) == registry.folder_of("compact-int8") == SHIPPED_INT8
    missing = str(registry.folder / "blur" / "2")
    assert registry.folder_of(missing) == Path(missing)
    for unknown in ("blur@2", "blur@", "", "b" * 300, "b" * 300 + "@1"):
        with pytest.raises(UsageError, match=f"no model '{unknown}'"):
            registry.folder_of(unknown)


def test_an_output_folder_with_the_name_of_a_model_does_not_stand_in_its_way(tmp_path, monkeypatch, exported):
    monkeypatch.chdir(tmp_path)
    Path("compact-int8").mkdir()
    assert Registry(None).folder_of("compact-int8") == SHIPPED_INT8
    assert Registry(None).folder_of("./compact-int8") == Path("compact-int8")
    folder = exported("1").name
    assert Registry(None).folder_of(folder) == Path(folder)
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError, match="no model ''"):
        Registry(None).folder_of("")


def test_the_int8_twin_is_the_shipped_model_but_for_its_network():
    cards = [json.loads((folder / "card.json").read_text()) for folder in (SHIPPED_MODEL, SHIPPED_INT8)]
    assert [card["network"].pop("precision") for card in cards] == ["fp32", "int8"]
    assert [card.pop("name") for card in cards] == ["compact", "compact-int8"]
    hashes = [card.pop("sha256") for card in cards]
    assert cards[0].pop("figures") and "figures" not in cards[1], "those of float32 are not the twin's"
    assert cards[0] == cards[1] and hashes[0] != hashes[1]


def test_the_twin_gives_pages_that_differ_by_few_grey_levels(printed):
    page = printed(20)
    pages = [load_engine(model=model, device="cpu", threads=1).restore(page, 12) for model in (None, SHIPPED_INT8)]
    off = np.abs(np.subtract(*pages, dtype=int))
    assert 0 < off.mean() < 3 < off.max() < 60


def models(*arguments, folder=None):
    environment = {FOLDER_VARIABLE: str(folder) if folder else None}
    return CliRunner().invoke(main, ["models", *arguments], env=environment, catch_exceptions=False)


def test_the_commands_promote_list_show_and_roll_back(registry, exported):
    folder = registry.folder
    ended = models("promote", str(exported("2")), "--why", "three more rescued", folder=folder)
    assert ended.exit_code == ExitCode.OK and "blur@2 is in service" in ended.stderr
    listed = models("list", folder=folder).stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [["*", "blur@2"], [SHIPPED, "shipped"], [TWIN, "shipped"]]
    lines = [json.loads(line) for line in models("list", "--json", folder=folder).stdout.splitlines()]
    assert [line["model"] for line in lines] == ["blur@2", SHIPPED, TWIN]
    assert [line["in_service"] for line in lines] == [True, False, False]
    shown = models("info", folder=folder).stdout
    assert "blur@2" in shown and "CC0-1.0" in shown and "promote: three more rescued" in shown
    assert json.loads(models("info", "blur", "--json", folder=folder).stdout)["changes"][0]["action"] == "promote"
    ended = models("rollback", folder=folder)
    assert ended.exit_code == ExitCode.OK and f"{SHIPPED} is in service again" in ended.stderr
    assert models("promote", "blur@2", folder=folder).exit_code == ExitCode.OK
    (folder / "blur" / "2" / "card.json").write_text("{")
    ended = models("list", folder=folder)
    assert ended.exit_code == ExitCode.OK and SHIPPED in ended.stdout and "refused" in ended.stderr


def test_the_commands_say_what_is_wrong(registry):
    assert models("info", "none").exit_code == ExitCode.USAGE
    assert models("rollback").exit_code == ExitCode.USAGE
    assert models("rollback", folder=registry.folder).exit_code == ExitCode.BAD_INPUT


def test_clean_uses_the_model_in_service(registry, exported, tmp_path, printed, monkeypatch):
    from PIL import Image

    from docpipe.clean import Ledger

    (tmp_path / "scans").mkdir()
    Image.fromarray(printed(ink=30)).save(tmp_path / "scans" / "a.png", dpi=(300, 300))
    promoted = registry.promote(registry.add(exported("1")).spec)
    monkeypatch.setenv(FOLDER_VARIABLE, str(registry.folder))
    ended = CliRunner().invoke(main, ["clean", str(tmp_path / "scans"), "--ledger", str(tmp_path / "ledger")])
    assert ended.exit_code == ExitCode.OK
    with Ledger(tmp_path / "ledger", read_only=True) as ledger:
        (record,) = ledger.files().values()
    assert record.stamp.settings.startswith(promoted.card.fingerprint)
