"""Say which extra to install before a command fails on an import."""

from lm_eval_longsafety.errors import OptionError

REPORT = ("jinja2", "matplotlib", "numpy", "orjson", "pyarrow", "scipy", "tqdm")
SUBMIT = ("huggingface_hub", "orjson", "yaml")


def need(extra: str, modules: tuple[str, ...]) -> None:
    """Check that an extra's packages are there.

    Raises:
        OptionError: naming the missing packages and the command that installs them.
    """
    from importlib.util import find_spec

    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise OptionError(
            f"this command needs {', '.join(missing)}, not installed; "
            f"pip install 'lm-eval-longsafety[{extra}]'"
        )
