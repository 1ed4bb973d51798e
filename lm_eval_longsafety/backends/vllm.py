"""`longsafety-vllm`: lm-eval's `vllm` with one prefill per document, by its prefix cache.

It has the model arguments of `vllm` and `chunk_tokens`: after about that many prompt tokens the
engine finishes all its requests, so that the response cache is complete up to there.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lm_eval.api.registry import register_model
from lm_eval.models.vllm_causallms import VLLM
from vllm import SamplingParams

from lm_eval_longsafety.backends.long_prompts import (
    TURN,
    LongPrompts,
    NextToken,
    Score,
    above_zero,
)
from lm_eval_longsafety.backends.prompt_order import spread_over
from lm_eval_longsafety.backends.response_cache import answering_arguments
from lm_eval_longsafety.replies import open_thought

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

_MAX_NAMED_TOKENS = 128
"""vLLM's bound on `logprob_token_ids`."""
_TOP = 20
"""Log-probabilities to request without `logprob_token_ids`: vLLM's default `max_logprobs`."""


@register_model("longsafety-vllm")
class LongSafetyVLLM(LongPrompts, VLLM):  # type: ignore[misc]  # lm-eval is untyped
    """lm-eval's `vllm`, with one prefill per prompt."""

    def __init__(self, pretrained: str, chunk_tokens: int = 1_000_000, **kwargs: Any) -> None:  # noqa: ANN401
        """Start the engine.

        Args:
            pretrained: as in `vllm`.
            chunk_tokens: about how many prompt tokens of work a crash may lose.
            kwargs: the other arguments of `vllm`.

        Raises:
            OptionError: `chunk_tokens` is not a whole number above 0.
        """
        chunk = above_zero("chunk_tokens", chunk_tokens)
        super().__init__(pretrained, **kwargs)
        given = {"pretrained": pretrained, **kwargs}
        self._arguments = answering_arguments(VLLM.__init__, given)
        # With data parallelism lm-eval starts new engines for each call: there must be only one.
        self.chunk_tokens = chunk if self.data_parallel_size == 1 else None

    def _identity(self) -> dict[str, object]:
        """All arguments, with the values that lm-eval has derived from them and the model."""
        found = {name: getattr(self, name, None) for name in ("max_length", "add_bos_token")}
        return self._arguments | {"backend": "vllm", "chat": self.chat_template_args} | found

    def _score_groups(
        self, groups: Sequence[list[NextToken]]
    ) -> Iterator[tuple[int, list[list[Score]]]]:
        """Generate a token after each context and lead token; the prefix cache makes this cheap."""
        prompts = [each for group in groups for each in group]
        steps = [step for each in prompts for step in self._steps(each)]
        outputs = self._model_generate(
            requests=[ids for ids, _ in steps],
            generate=True,
            sampling_params=[_one_token(candidates) for _, candidates in steps],
        )
        found = iter(outputs)
        scored = iter(
            [self._scores(each, [next(found) for _ in self._steps(each)]) for each in prompts]
        )
        yield from ((n, [next(scored) for _ in group]) for n, group in enumerate(groups))

    def _steps(self, prompt: NextToken) -> list[tuple[list[int], tuple[int, ...]]]:
        """The tokens before each token to be scored, and the candidates for it.

        Cut from the left as in lm-eval, to leave room for the candidate and the generated token.
        """
        ids = [*prompt.context, *prompt.lead][-(self.max_length - 2) :]
        candidates = [*((token,) for token in prompt.lead), prompt.tokens]
        ends = range(len(ids) - len(prompt.lead), len(ids) + 1)
        return [(ids[:end], each) for end, each in zip(ends, candidates, strict=True)]

    def _scores(self, prompt: NextToken, outputs: list[Any]) -> list[Score]:
        firsts = [output.outputs[0] for output in outputs]
        *lead, last = [_logprobs(first) for first in firsts]
        greedy = [first.token_ids[0] for first in firsts]
        known = all(token in found for token, found in zip(prompt.lead, lead, strict=True))
        if not known or not all(token in last for token in prompt.tokens):
            requests = [(None, prompt.context, [*prompt.lead, token]) for token in prompt.tokens]
            return self._loglikelihood_tokens(requests, disable_tqdm=True)  # type: ignore[no-any-return]
        before = sum(found[token] for token, found in zip(prompt.lead, lead, strict=True))
        follows = greedy[:-1] == list(prompt.lead)
        return [(before + last[token], follows and token == greedy[-1]) for token in prompt.tokens]

    def _generate_groups(
        self, groups: "Sequence[list[Instance]]"
    ) -> Iterator[tuple[int, list[str]]]:
        requests = [request for group in groups for request in group]
        replies = iter(VLLM.generate_until(self, requests, disable_tqdm=True))
        yield from ((n, [next(replies) for _ in group]) for n, group in enumerate(groups))

    def _model_generate(
        self,
        requests: list[list[int]],
        generate: bool = False,
        sampling_params: Any = None,  # noqa: ANN401 (VLLM's signature)
    ) -> list[Any]:
        """Send prompts in token order, so that each finds its document in the prefix cache."""
        order = sorted(range(len(requests)), key=requests.__getitem__)
        order = spread_over(self.data_parallel_size, order)
        if isinstance(sampling_params, list):
            sampling_params = [sampling_params[index] for index in order]
        outputs = super()._model_generate(
            [requests[index] for index in order], generate=generate, sampling_params=sampling_params
        )
        placed = dict(zip(order, outputs, strict=True))
        return [self._answered(placed[index]) for index in range(len(requests))]

    def _answered(self, output: Any) -> Any:  # noqa: ANN401 (vLLM's RequestOutput)
        """Empty a reply that ended inside its reasoning: no letter may be read from a thought."""
        reply = output.outputs[0]
        if self.think_end_token and self.think_end_token not in reply.text:
            cut = reply.finish_reason == "length" and self.enable_thinking is not False
            if cut or open_thought(self.tokenizer.decode(output.prompt_token_ids[-TURN:])):
                reply.text = ""
        return output


def _logprobs(completion: Any) -> dict[int, float]:  # noqa: ANN401 (vLLM's CompletionOutput)
    return {token: float(found.logprob) for token, found in completion.logprobs[0].items()}


def _one_token(candidates: Sequence[int]) -> SamplingParams:
    """Parameters for one greedy token and the log-probabilities of the candidates."""
    named = sorted(set(candidates))
    if _NAMES_TOKENS and len(named) <= _MAX_NAMED_TOKENS:
        return SamplingParams(
            temperature=0, max_tokens=1, detokenize=False, logprob_token_ids=named
        )
    return SamplingParams(temperature=0, max_tokens=1, detokenize=False, logprobs=_TOP)


_NAMES_TOKENS = hasattr(SamplingParams(), "logprob_token_ids")
"""vLLM 0.32 and later. Earlier ones give the most probable tokens, and a context whose candidates
are not all among them goes through lm-eval's own code."""
