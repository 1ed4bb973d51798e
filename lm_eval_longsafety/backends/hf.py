"""`longsafety-hf`: lm-eval's `hf` with only the needed logits and one prefill per document.

It has the model arguments of `hf`. In addition `batch_size=auto` batches by tokens, without trial
runs, and `batch_tokens` limits the tokens of a batch.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from lm_eval.api.registry import register_model
from lm_eval.models.huggingface import HFLM

from lm_eval_longsafety.backends.kv_prefix import (
    MIN_SHARED_TOKENS,
    Prefix,
    can_fork,
    decodes_plainly,
    fork,
    positions_are_fixed,
    shared_tokens,
)
from lm_eval_longsafety.backends.long_prompts import (
    MAX_LEAD,
    TURN,
    LongPrompts,
    NextToken,
    Score,
    above_zero,
)
from lm_eval_longsafety.backends.prompt_order import token_batches
from lm_eval_longsafety.backends.response_cache import answering_arguments
from lm_eval_longsafety.replies import open_thought

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

T = TypeVar("T")
U = TypeVar("U")


@register_model("longsafety-hf")
class LongSafetyHF(LongPrompts, HFLM):  # type: ignore[misc]  # lm-eval is untyped
    """lm-eval's `hf`, with one prefill per prompt."""

    think_end_token: str | int | None
    chat_template_args: dict[str, Any]
    batch_size_per_gpu: int

    def __init__(
        self,
        pretrained: Any,  # noqa: ANN401 (a name or a loaded model, as in HFLM)
        batch_size: int | str | None = 1,
        batch_tokens: int = 32_768,
        **kwargs: Any,  # noqa: ANN401 (HFLM's own arguments)
    ) -> None:
        """Load the model.

        Args:
            pretrained: as in `hf`.
            batch_size: the largest number of prompts in a batch; `auto` for any number.
            batch_tokens: the largest number of tokens in a batch, padding included; a longer prompt
                is a batch of its own.
            kwargs: the other arguments of `hf`.

        Raises:
            OptionError: `batch_tokens` is not a whole number above 0.
        """
        self._batch_tokens = above_zero("batch_tokens", batch_tokens)
        auto = str(batch_size).startswith("auto")
        super().__init__(pretrained, batch_size=1 if auto else batch_size, **kwargs)
        self._arguments = answering_arguments(HFLM.__init__, kwargs)
        self._max_prompts = None if auto else int(batch_size or 1)
        self._prefix: Prefix | None = None
        self._reuses = self.backend == "causal" and positions_are_fixed(self.model)
        # Divide the work of `accelerate launch` on CPUs too, where lm-eval does not.
        if (accelerator := getattr(self, "accelerator", None)) is not None:
            self._rank = accelerator.process_index
            self._world_size = accelerator.num_processes
        # `think_end_token` is searched for by id if it is one token: special ones are not decoded.
        if isinstance(end := self.think_end_token, str):
            self.think_end_token = self.tokenizer.get_vocab().get(end, end)

    def _identity(self) -> dict[str, object]:
        """All arguments, with the values that lm-eval has derived from them where they differ."""
        names = "revision peft delta max_length add_bos_token truncation"
        names += " think_end_token chat_template_args"
        named = {name: getattr(self, name, None) for name in names.split()}
        loaded = {"dtype": str(self.model.dtype), "tokenizer": self.tokenizer.name_or_path}
        name = self.pretrained if isinstance(self.pretrained, str) else self.model.name_or_path
        own = {"backend": f"hf, {self.backend}", "pretrained": name}
        return self._arguments | own | named | loaded

    def _by_group(
        self,
        groups: Sequence[list[T]],
        encode: Callable[[T], list[int]],
        answer: Callable[[list[T]], list[U]],
    ) -> Iterator[tuple[int, list[U]]]:
        """Answer prompts that share a prefix one by one, and other prompts in batches."""
        alone = [number for number, group in enumerate(groups) if len(group) == 1]
        single = self._max_prompts == 1  # Then the lengths do not matter.
        lengths = [0 if single else len(encode(groups[number][0])) for number in alone]
        for batch in token_batches(lengths, self._batch_tokens, self._max_prompts):
            numbers = [alone[place] for place in batch]
            found = answer([groups[number][0] for number in numbers])
            yield from ((number, [each]) for number, each in zip(numbers, found, strict=True))
        for number, group in enumerate(groups):
            if len(group) > 1:
                with self._shared_prefix([encode(each) for each in group]):
                    found = [answer([each])[0] for each in group]
                yield number, found

    # Letters

    def _score_groups(
        self, groups: Sequence[list[NextToken]]
    ) -> Iterator[tuple[int, list[list[Score]]]]:
        return self._by_group(groups, self._fitting, self._score_batch)

    def _score_batch(self, prompts: list[NextToken]) -> list[list[Score]]:
        """One score per candidate: its log-probability plus those of the lead before it."""
        logprobs = torch.log_softmax(self._last_logits(prompts), dim=-1, dtype=self.softmax_dtype)
        greedy = logprobs.argmax(dim=-1).tolist()
        return [
            self._scores(each, rows, best)
            for each, rows, best in zip(prompts, logprobs, greedy, strict=True)
        ]

    def _scores(self, prompt: NextToken, rows: torch.Tensor, best: list[int]) -> list[Score]:
        lead = [(len(rows) - 1 - len(prompt.lead) + i, t) for i, t in enumerate(prompt.lead)]
        before = sum(float(rows[row, token]) for row, token in lead)
        follows = all(best[row] == token for row, token in lead)
        return [
            (before + float(rows[-1, token]), follows and token == best[-1])
            for token in prompt.tokens
        ]

    def _fitting(self, prompt: NextToken) -> list[int]:
        """Cut from the left as in lm-eval; prompts of our tasks fit without it."""
        return [*prompt.context, *prompt.lead][-self.max_length :]

    def _last_logits(self, prompts: list[NextToken]) -> torch.Tensor:
        """Logits at the last positions of each prompt, (prompts, longest lead + 1, vocabulary)."""
        rows = [self._fitting(each) for each in prompts]
        positions = 1 + max(len(each.lead) for each in prompts)
        past = self._past(rows[0])
        done = past.get_seq_length() if past is not None else 0
        logits: torch.Tensor = self._forward([r[done:] for r in rows], positions, past).logits
        return logits

    def _forward(
        self,
        rows: list[list[int]],
        positions: int = 1,
        past: Any = None,  # noqa: ANN401 (transformers' caches)
        keep: bool = False,
    ) -> Any:  # noqa: ANN401 (transformers' outputs)
        """One pass, padded on the right; logits are computed for each row's last positions only."""
        width = max(len(row) for row in rows)
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows], device=self.device)
        ends = torch.tensor([len(row) for row in rows], device=self.device)
        autocast = torch.autocast(
            device_type=self.device.type,
            dtype=self.mixed_precision_dtype,
            enabled=self.mixed_precision_dtype is not None,
        )
        # Recurrent models have no such argument: their states have another name.
        cached = {} if past is None else {"past_key_values": past}
        with torch.no_grad(), autocast, _only_last(self.model, width - ends, positions):
            return self.model(ids, use_cache=keep or past is not None, **cached)

    # Generation

    def _generate_groups(
        self, groups: "Sequence[list[Instance]]"
    ) -> Iterator[tuple[int, list[str]]]:
        def encode(request: "Instance") -> list[int]:
            return self.tok_encode(request.args[0])  # type: ignore[no-any-return]

        return self._by_group(groups, encode, self._generate_batch)

    def _generate_batch(self, requests: "list[Instance]") -> list[str]:
        size, self.batch_size_per_gpu = self.batch_size_per_gpu, len(requests)
        try:
            return HFLM.generate_until(self, requests, disable_tqdm=True)  # type: ignore[no-any-return]
        finally:
            self.batch_size_per_gpu = size

    def _model_generate(
        self,
        context: torch.Tensor,
        max_length: int,
        stop: list[str],
        **generation_kwargs: Any,  # noqa: ANN401 (HFLM's signature)
    ) -> torch.Tensor:
        if context.shape[0] == 1 and decodes_plainly(self.model, generation_kwargs):
            past = self._past(context[0].tolist())
            if past is not None:
                generation_kwargs["past_key_values"] = past
        tokens = super()._model_generate(context, max_length, stop, **generation_kwargs)
        if self.think_end_token is None or self.backend != "causal":
            return tokens  # type: ignore[no-any-return]
        return self._blank_unfinished(tokens, context.shape[1], max_length)

    def _blank_unfinished(self, tokens: torch.Tensor, start: int, max_length: int) -> torch.Tensor:
        """Empty replies that ended inside their reasoning: no letter may be read from a thought."""
        thinks = self.chat_template_args.get("enable_thinking") is not False
        eos = self.model.generation_config.eos_token_id
        # In a batch a reply that has ended is padded to the length of the longest.
        ends = {self.eot_token_id, self.tokenizer.pad_token_id}
        ends |= set(eos) if isinstance(eos, list) else {eos}
        for row in tokens:
            reply = row[start:].tolist()
            ended = not ends.isdisjoint(reply) or len(row) < max_length
            before = self.tok_decode(row[:start][-TURN:].tolist(), skip_special_tokens=False)
            thinking = open_thought(before) or (thinks and not ended)
            end = self.think_end_token
            if thinking and end not in (reply if isinstance(end, int) else self.tok_decode(reply)):
                row[start:] = self.eot_token_id
        return tokens

    # Shared documents

    @contextmanager
    def _shared_prefix(self, prompts: list[list[int]]) -> Iterator[None]:
        """Within this block, prompts with the same beginning as these start from its KV cache."""
        # The logits at the positions of a lead are needed too: they must not be in the prefix.
        shared = shared_tokens(prompts, own=1 + MAX_LEAD) if self._reuses else 0
        if shared >= MIN_SHARED_TOKENS:
            self._prefix = Prefix(ids=prompts[0][:shared])
        try:
            yield
        finally:
            self._prefix = None

    def _past(self, ids: list[int]) -> Any:  # noqa: ANN401 (transformers' caches)
        """A cache of what this prompt shares with others, or None; computed at its first use."""
        prefix = self._prefix
        if not self._reuses or prefix is None or not prefix.begins(ids):
            return None
        if prefix.cache is None:
            cache = getattr(self._forward([prefix.ids], keep=True), "past_key_values", None)
            # The kind of cache depends only on the model, so this is not tried again.
            self._reuses = can_fork(cache)
            prefix.cache = cache
        return fork(prefix.cache) if self._reuses else None


@contextmanager
def _only_last(model: Any, padding: torch.Tensor, positions: int) -> Iterator[None]:  # noqa: ANN401
    """Within this block, the output layer gets only the last positions of each row.

    Otherwise the logits would grow with the prompt. Positions are counted from the end, because
    prompt tuning puts its own tokens before a row.
    """

    def gather(_: torch.nn.Module, arguments: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        hidden = arguments[0]
        back = torch.arange(-positions, 0, device=hidden.device)
        ends = hidden.shape[1] - padding.to(hidden.device)
        wanted = (ends[:, None] + back).clamp(min=0)
        rows = torch.arange(hidden.shape[0], device=hidden.device)[:, None]
        return (hidden[rows, wanted], *arguments[1:])

    handle = model.get_output_embeddings().register_forward_pre_hook(gather)
    try:
        yield
    finally:
        handle.remove()
