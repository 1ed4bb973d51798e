"""Time and peak memory of a block, and a table of such measurements."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(kw_only=True)
class Taken:
    """Filled in when the block ends."""

    seconds: float = 0.0
    peak_bytes: int = 0
    """Of the whole process (CPU), or allocated by torch (GPU), model included."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One backend on one set of prompts."""

    part: str
    backend: str
    protocol: str
    documents: int
    orders: int
    prompt_tokens: int
    prefilled_tokens: int
    seconds: float
    peak_bytes: int

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@contextmanager
def measured(device: str = "cpu") -> Iterator[Taken]:
    """Time the block and take its peak memory."""
    taken = Taken()
    gc.collect()
    _reset_peak(device)
    started = time.perf_counter()
    yield taken
    if device != "cpu":
        import torch

        torch.cuda.synchronize()
    taken.seconds = time.perf_counter() - started
    taken.peak_bytes = _peak(device)


def _reset_peak(device: str) -> None:
    if device == "cpu":
        # Linux: sets the peak resident size ("VmHWM") to the present one.
        Path("/proc/self/clear_refs").write_text("5")
    else:
        import torch

        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _peak(device: str) -> int:
    if device != "cpu":
        import torch

        return int(torch.cuda.max_memory_allocated())
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def print_table(rows: list[Row]) -> None:
    """One line a row; the ratio is prefilled over prompt tokens."""
    head = ("part", "backend", "protocol", "docs", "orders", "prompt tok", "prefilled", "ratio",
            "seconds", "peak GB")  # fmt: skip
    lines = [head]
    for row in rows:
        ratio = row.prefilled_tokens / row.prompt_tokens
        lines.append(
            (
                row.part,
                row.backend,
                row.protocol,
                str(row.documents),
                str(row.orders),
                f"{row.prompt_tokens:,}",
                f"{row.prefilled_tokens:,}",
                f"{ratio:.2f}",
                f"{row.seconds:.1f}",
                f"{row.peak_bytes / 1e9:.2f}",
            )  # fmt: skip
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
