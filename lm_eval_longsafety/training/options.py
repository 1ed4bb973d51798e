"""What `longsafety training-data` was asked for, and the checks that need no data."""

from dataclasses import dataclass
from pathlib import Path

from lm_eval_longsafety.errors import OptionError
from lm_eval_longsafety.files import check_place

HUB_ID = "LutherXD/LongSafety-17k"
MAX_TOKENS = 32_768
FORMATS = (".parquet", ".jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """One call's options."""

    source: str = HUB_ID
    """Hub id or folder."""
    revision: str | None = None
    output: Path
    tokenizer: str
    trust_remote_code: bool = False
    max_tokens: int = MAX_TOKENS
    """Of a row, with template and answer."""
    short: bool = False
    tasks: tuple[str, ...] = ()
    """Names of tasks, loosely spelt; empty for all."""
    rows: int | None = None
    """Rows to draw; None for all."""
    hold_out: float = 0.0
    """Part of the contexts, in [0, 1), whose rows go to a file of their own."""
    mix: Path | None = None
    """File with general data."""
    mix_ratio: float = 0.0
    """Rows of `mix` for each row of the source."""
    without_overlap: str | None = None
    """Evaluation data, whose texts no row may share."""
    seed: int = 0

    @property
    def held_out_file(self) -> Path:
        """The file of the held-out rows, beside the output."""
        return self.output.with_name(f"{self.output.stem}.held_out{self.output.suffix}")

    @property
    def files(self) -> list[Path]:
        """Every file that is written."""
        rows = [self.output, *([self.held_out_file] if self.hold_out else [])]
        return [file for path in rows for file in (path, *side_files(path))]

    def check(self) -> None:
        """Check the options and the place of the output.

        Raises:
            OptionError: an option cannot be used, or a file is there already.
        """
        if self.output.suffix not in FORMATS:
            raise OptionError(f"{self.output}: end the name in {' or '.join(FORMATS)}")
        for name, value in (("--max-tokens", self.max_tokens), ("--rows", self.rows)):
            if value is not None and value < 1:
                raise OptionError(f"{name} {value}: expected a whole number above 0")
        if not 0 <= self.hold_out < 1:
            raise OptionError(f"--hold-out {self.hold_out}: expected a part from 0 to below 1")
        if (self.mix is None) != (self.mix_ratio == 0) or not 0 <= self.mix_ratio < float("inf"):
            raise OptionError(
                "--mix FILE and --mix-ratio R belong together; R is the number of its rows for "
                "each row of the training set, above 0"
            )
        for path in self.files:
            if path.exists():
                raise OptionError(f"{path}: is already there; remove it or choose another place")
            check_place(path)


def side_files(path: Path) -> tuple[Path, ...]:
    """The file beside `path` that holds its metadata: JSON Lines have no room for it."""
    return (path.with_name(f"{path.name}.meta.json"),) if path.suffix == ".jsonl" else ()
