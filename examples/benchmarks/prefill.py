"""What a document costs: prefilled tokens, time and memory, ours beside lm-eval's own backends.

    python examples/benchmarks/prefill.py [--parts letters,orders,memory] [--json FILE]

Random weights, seeded documents, one process; the vLLM rows need an environment with vLLM (its CPU
build will do). On a GPU, for the shape of a real model:

    python examples/benchmarks/prefill.py --parts memory --device cuda --shape 8b \
        --lengths 32768 131072 --stock-up-to 131072
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from measure import Row, measured, print_table

# The engine in this process, so that its memory and its prefix cache can be seen.
os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

WORDS = "the quiet harbour keeps every lantern lit while small boats drift home before rain".split()
LETTERS = "ABCD"
VOCABULARY = 151_936
BLOCK = 32
"""Tokens of a block of vLLM's KV cache: near the 16 of GPUs; the CPU build defaults to 128."""
SHAPES = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2,
             "num_attention_heads": 2, "num_key_value_heads": 1},
    "small": {"hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 2,
              "num_attention_heads": 8, "num_key_value_heads": 2},
    "8b": {"hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32,
           "num_attention_heads": 32, "num_key_value_heads": 8},
}  # fmt: skip


class Bench:
    """A folder with one tokenizer, the models made for it, and requests in its tokens."""

    def __init__(self, folder: Path, device: str) -> None:
        """Build the tokenizer."""
        from transformers import AutoTokenizer

        from lm_eval_longsafety.tiny_model import build_model

        self.folder = folder
        self.device = device
        self.tokenizer = AutoTokenizer.from_pretrained(build_model(folder / "tokenizer"))

    def model(self, shape: str, vocabulary: int | None = None) -> Any:  # noqa: ANN401
        """A Qwen2 with random weights; bfloat16 on a GPU."""
        import torch
        from transformers import Qwen2Config, Qwen2ForCausalLM

        torch.manual_seed(0)
        config = Qwen2Config(
            vocab_size=vocabulary or len(self.tokenizer),
            max_position_embeddings=262_144,
            tie_word_embeddings=False,
            bos_token_id=None,
            eos_token_id=self.tokenizer.eos_token_id,
            pad_token_id=self.tokenizer.pad_token_id,
            **SHAPES[shape],
        )
        torch.set_default_dtype(torch.float32 if self.device == "cpu" else torch.bfloat16)
        with torch.device(self.device):
            model = Qwen2ForCausalLM(config)
        torch.set_default_dtype(torch.float32)
        return model.eval()

    def prompts(self, tokens: int, documents: int, orders: int = 1, seed: int = 0) -> list[str]:
        """Finished prompts, each of about `tokens` tokens; the orders of a document share it."""
        chooser = random.Random(f"{seed}-{tokens}")
        made = []
        for number in range(documents):
            text = f"Document {seed}-{number}. " + " ".join(chooser.choices(WORDS, k=2 * tokens))
            ids = self.tokenizer.encode(text, add_special_tokens=False)[: tokens - 60]
            for order in range(orders):
                question = " ".join(chooser.choices(WORDS, k=12))
                user = f"{self.tokenizer.decode(ids)}\n\nQUESTION: {order}: {question}?"
                chat = [{"role": "user", "content": user}]
                made.append(
                    self.tokenizer.apply_chat_template(
                        chat, tokenize=False, add_generation_prompt=True
                    )
                )
        return made

    def count(self, prompts: list[str]) -> int:
        """Tokens of all prompts."""
        return sum(len(self.tokenizer.encode(p, add_special_tokens=False)) for p in prompts)


def requests(protocol: str, prompts: list[str], reply_tokens: int) -> list[Any]:
    """lm-eval's requests: four letters a prompt, or one reply."""
    from lm_eval.api.instance import Instance

    if protocol == "letters":
        return [
            Instance("loglikelihood", {}, (prompt, letter), 0)
            for prompt in prompts
            for letter in LETTERS
        ]
    greedy = {"until": [], "do_sample": False, "max_gen_toks": reply_tokens}
    return [Instance("generate_until", {}, (prompt, greedy), 0) for prompt in prompts]


def ask(backend: Any, protocol: str, prompts: list[str], reply_tokens: int) -> None:  # noqa: ANN401
    """Answer all prompts."""
    asked = requests(protocol, prompts, reply_tokens)
    call = backend.loglikelihood if protocol == "letters" else backend.generate_until
    call(asked, disable_tqdm=True)


def hf_pair(bench: Bench, model: Any) -> dict[str, Any]:  # noqa: ANN401
    """lm-eval's and our backend around one loaded model."""
    from lm_eval.models.huggingface import HFLM

    from lm_eval_longsafety.backends.hf import LongSafetyHF

    arguments = {"tokenizer": bench.tokenizer, "batch_size": 1}
    return {"hf": HFLM(model, **arguments), "longsafety-hf": LongSafetyHF(model, **arguments)}


def vllm_pair(bench: Bench, shape: str, window: int) -> dict[str, Any]:
    """lm-eval's and our backend around one engine."""
    from lm_eval.models.vllm_causallms import VLLM

    from lm_eval_longsafety.backends.vllm import LongSafetyVLLM

    folder = bench.folder / shape
    bench.model(shape).save_pretrained(folder)
    bench.tokenizer.save_pretrained(folder)
    ours = LongSafetyVLLM(
        str(folder), dtype="float32", enforce_eager=True, max_model_len=window, block_size=BLOCK
    )
    stock = object.__new__(VLLM)
    stock.__dict__.update(ours.__dict__)
    ours.batch_size = stock.batch_size = 1024  # one call each; "auto" only adds progress bars
    return {"vllm": stock, "longsafety-vllm": ours}


def count_hf(model: Any) -> Callable[[], int]:  # noqa: ANN401
    """Count positions that go through the model in prefills; one position is a decoding step."""
    seen: list[int] = []

    def note(_: Any, arguments: Any, keywords: Any) -> None:  # noqa: ANN401
        ids = arguments[0] if arguments else keywords["input_ids"]
        seen.append(ids.numel() if ids.shape[1] > 1 else 0)

    model.model.register_forward_pre_hook(note, with_kwargs=True)
    return lambda: (sum(seen), seen.clear())[0]


def count_vllm(backend: Any) -> Callable[[], int]:  # noqa: ANN401
    """Count prompt tokens that the engine did not find in its prefix cache."""
    seen: list[int] = []
    engine = backend.model
    generate = engine.generate

    def noting(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
        outputs = generate(*arguments, **keywords)
        seen.extend(len(o.prompt_token_ids) - (o.num_cached_tokens or 0) for o in outputs)
        return outputs

    engine.generate = noting
    return lambda: (sum(seen), seen.clear())[0]


def compare(
    bench: Bench,
    pair: dict[str, Any],
    counted: Callable[[], int],
    **case: Any,  # noqa: ANN401
) -> list[Row]:
    """Run a case on both backends; the first call of each warms it up on a short prompt."""
    rows = []
    for name, backend in pair.items():
        for protocol in case["protocols"]:
            for orders in case["orders"]:
                if name in case.get("skip", ()):
                    continue
                prompts = bench.prompts(case["tokens"], case["documents"], orders)
                ask(backend, protocol, bench.prompts(300, 1, seed=9), 2)
                runs = []
                for _ in range(case.get("repeats", 1)):
                    if "vllm" in name:
                        backend.model.reset_prefix_cache()
                    counted()
                    with measured(bench.device) as once:
                        ask(backend, protocol, prompts, case.get("reply_tokens", 4))
                    runs.append(once)
                taken = min(runs, key=lambda each: each.seconds)
                print(
                    f"# {case['part']} {name} {protocol} x{orders}: {taken.seconds:.1f} s",
                    flush=True,
                )
                rows.append(
                    Row(
                        part=case["part"],
                        backend=name,
                        protocol=protocol,
                        documents=case["documents"],
                        orders=orders,
                        prompt_tokens=bench.count(prompts),
                        prefilled_tokens=counted(),
                        seconds=taken.seconds,
                        peak_bytes=taken.peak_bytes,
                    )
                )
    return rows


def letters_part(bench: Bench, engines: list[str]) -> list[Row]:
    """Twelve documents of 5k tokens, both protocols, all backends."""
    case = {"part": "letters", "protocols": ("letters", "replies"), "orders": (1,)}
    case |= {"tokens": 5000, "documents": 12, "repeats": 3}
    rows = []
    if "hf" in engines:
        model = bench.model("tiny")
        rows += compare(bench, hf_pair(bench, model), count_hf(model), **case)
    if "vllm" in engines:
        pair = vllm_pair(bench, "tiny", 8192)
        rows += compare(bench, pair, count_vllm(pair["vllm"]), **case)
    return rows


def orders_part(bench: Bench, engines: list[str]) -> list[Row]:
    """One document of 16k tokens under one and under four letter orders."""
    case = {"part": "orders", "protocols": ("letters", "replies"), "orders": (1, 4)}
    case |= {"tokens": 16_000, "documents": 1, "reply_tokens": 2, "repeats": 2}
    rows = []
    if "hf" in engines:
        model = bench.model("small")
        rows += compare(bench, hf_pair(bench, model), count_hf(model), **case)
    if "vllm" in engines:
        pair = vllm_pair(bench, "small", 20_000)
        rows += compare(bench, pair, count_vllm(pair["vllm"]), skip=("vllm",), **case)
    return rows


def memory_part(bench: Bench, shape: str, lengths: list[int], stock_up_to: int) -> list[Row]:
    """Peak memory of hf letters beside that of one generated token, with a 150k vocabulary."""
    model = bench.model(shape, VOCABULARY)
    pair, counted = hf_pair(bench, model), count_hf(model)
    rows = []
    for tokens in lengths:
        case = {"part": f"memory {tokens}", "orders": (1,), "tokens": tokens, "documents": 1}
        case |= {"reply_tokens": 1, "protocols": ("replies", "letters")}
        if tokens > stock_up_to:
            size = tokens * VOCABULARY * 4 / 1e9
            print(f"stock hf at {tokens} tokens: not run; float32 logits of {tokens} x {VOCABULARY}"
                  f" are {size:.0f} GB, and their log_softmax as much again")  # fmt: skip
            case["skip"] = ("hf",)
        rows += compare(bench, pair, counted, **case)
    return rows


def summary(rows: list[Row]) -> dict[str, float]:
    """The numbers that have a target; a part that was not run leaves its numbers out."""

    def one(part: str, backend: str, protocol: str, orders: int = 1) -> Row | None:
        wanted = (part, backend, protocol, orders)
        found = [r for r in rows if (r.part, r.backend, r.protocol, r.orders) == wanted]
        return found[0] if found else None

    found: dict[str, float] = {}
    ours, stock = (one("letters", name, "letters") for name in ("longsafety-vllm", "vllm"))
    if ours and stock:
        found["prefill_ratio"] = ours.prefilled_tokens / ours.prompt_tokens
        found["speedup_over_stock_vllm"] = stock.seconds / ours.seconds
    for engine in ("hf", "vllm"):
        for protocol in ("letters", "replies"):
            pair = [one("orders", f"longsafety-{engine}", protocol, n) for n in (1, 4)]
            if pair[0] and pair[1]:
                name = f"four_orders_cost_{engine}_{protocol}"
                found[name] = pair[1].prefilled_tokens / pair[0].prefilled_tokens
                found[f"{name}_seconds"] = pair[1].seconds / pair[0].seconds
    costs = [value for name, value in found.items() if name.startswith("four_orders")]
    if costs:
        found["four_orders_cost"] = max(costs)
    ratios = []
    for part in sorted({row.part for row in rows if row.part.startswith("memory")}):
        letters, token = (one(part, "longsafety-hf", p) for p in ("letters", "replies"))
        if letters and token:
            ratios.append(letters.peak_bytes / token.peak_bytes)
            found[f"hf_peak_memory_ratio_{part.split()[1]}"] = ratios[-1]
    if ratios:
        found["hf_peak_memory_ratio"] = max(ratios)
    return found


def main() -> None:
    """Run the parts, print one table, write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", default="letters,orders,memory")
    parser.add_argument("--engines", default="hf,vllm" if find_spec("vllm") else "hf")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--shape", default="tiny", choices=SHAPES, help="of the memory part")
    parser.add_argument("--lengths", type=int, nargs="+", default=[8192, 32_768])
    parser.add_argument("--stock-up-to", type=int, default=8192, help="tokens, memory part")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    parts, engines = args.parts.split(","), args.engines.split(",")
    started = time.time()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), args.device)
        if "memory" in parts:
            rows += memory_part(bench, args.shape, args.lengths, args.stock_up_to)
        if "letters" in parts:
            rows += letters_part(bench, engines)
        if "orders" in parts:
            rows += orders_part(bench, engines)
    print_table(rows)
    numbers = summary(rows)
    for name, value in numbers.items():
        print(f"{name}: {value:.3f}")
    print(f"{time.time() - started:.0f} s in all")
    if args.json:
        raw = [row.as_dict() for row in rows]
        args.json.write_text(json.dumps(numbers | {"rows": raw}, indent=2) + "\n")


if __name__ == "__main__":
    main()
