"""Full disks and read-only folders are one line each, before the work where that can be known."""

import os
import tempfile
from pathlib import Path

import pytest

from lm_eval_longsafety.errors import OptionError, ResultsError
from lm_eval_longsafety.files import check_place, make_folder
from lm_eval_longsafety.results import read
from tests.results_files import full_run, write_run
from tests.submit import finished_runs
from tests.test_files import inside, on_a_full_disk

COMMAND = """
from lm_eval_longsafety.cli.main import main
sys.argv = ["longsafety", *sys.argv[2:]]
main()
"""


@pytest.fixture
def run(tmp_path):
    write_run(tmp_path / "run", full_run(n=1))
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["report", "RUN", "-o", "OUT/page.html"], "page.html"),
        (["report", "RUN", "-o", "OUT/page.md", "--figures", "OUT/figures"], "page.md"),
        (["report", "RUN", "--figures", "OUT/figures"], "figures"),
        (["compare", "RUN", "RUN", "-o", "OUT/page.html"], "page.html"),
        (["compact", "RUN", "-o", "OUT/small.parquet"], "small.parquet"),
        (["rescore", "RUN", "-o", "OUT/small.parquet"], "small.parquet"),
        (["preflight", "--model_args", "pretrained=x", "--json", "OUT/cost.json"], "cost.json"),
        (["demo", "--folder", "OUT/demo"], "demo"),
    ],
)
def test_a_full_disk_is_reported_before_the_work(tmp_path, run, words, place):
    out = tmp_path / "out"
    out.mkdir()
    words = [word.replace("RUN", str(run)).replace("OUT", str(out)) for word in words]
    done = on_a_full_disk(COMMAND, *words)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"longsafety: {out / place}")
    assert "cannot be written (File too large); make room there" in line
    assert inside(out) == []


def test_a_disk_that_fills_up_leaves_no_half_picture(tmp_path, run):
    out = tmp_path / "out"
    out.mkdir()
    # The check needs less than this, and the report's largest picture more.
    code = (
        "import lm_eval_longsafety.cli.report as command\n"
        "command._PICTURES_BYTES = 4096\n" + COMMAND
    )
    done = on_a_full_disk(
        code, "report", run, "-o", out / "page.json", "--figures", out / "figures", limit=30_000
    )
    assert done.returncode == 2
    assert "cannot be written (File too large)" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    names = inside(out)
    assert all(name.endswith((".json", ".pdf", ".png")) for name in names)
    assert all((p.stat().st_size < 30_000) for p in out.rglob("*.pdf"))


def test_submit_on_a_full_disk_leaves_nothing(tmp_path):
    finished_runs.write(tmp_path / "run", finished_runs.document())
    out = tmp_path / "out"
    words = ["submit", tmp_path / "run", "--model", "org/model-one", "--out", out]
    done = on_a_full_disk(COMMAND, *words, limit=5000)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "cannot be written (File too large)" in line
    assert inside(out) == []


@pytest.fixture
def shared_folder():
    """A folder that every user may look into; within the test this process is not root."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        write_run(Path(name) / "good", full_run(n=1))
        write_run(Path(name) / "closed", full_run(n=1), model="org/closed")
        os.chmod(Path(name) / "closed", 0o000)
        if user == 0:
            os.seteuid(65534)
        else:
            os.chmod(name, 0o555)
        yield Path(name)
        os.seteuid(user)
        os.chmod(name, 0o755)
        os.chmod(Path(name) / "closed", 0o755)


def test_a_read_only_folder_is_reported_before_the_work(shared_folder):
    with pytest.raises(OptionError, match=r"page.html: cannot be written \(Permission denied\)"):
        check_place(shared_folder / "page.html")
    with pytest.raises(OptionError, match=r"figures: cannot be written \(Permission denied\)"):
        make_folder(shared_folder / "figures")
    with pytest.raises(OptionError, match=r"cannot be written \(Permission denied\)"):
        make_folder(shared_folder)


def test_a_folder_that_cannot_be_read_is_named(shared_folder):
    found = read([shared_folder])
    assert [run.model for run in found.runs] == ["org/model-one"]
    assert "closed: cannot be read (Permission denied); runs in it are missing" in found.notes
    with pytest.raises(ResultsError, match=r"closed: cannot be read \(Permission denied\)"):
        read([shared_folder / "closed"])
