"""The `--use_cache` file: stored answers are found again; damage and other models are refused."""

import pickle
import sqlite3

import pytest
from lm_eval.api.model import CachingLM

from lm_eval_longsafety.backends.hf import LongSafetyHF
from lm_eval_longsafety.backends.response_cache import (
    answering_arguments,
    check_file,
    claim,
    stock_identity,
)
from lm_eval_longsafety.errors import CacheError
from tests.backends.qwen_like import reply, score, text


def counted(backend, monkeypatch):
    calls = []
    forward = backend.model.forward
    monkeypatch.setattr(
        backend.model, "forward", lambda *a, **k: (calls.append(1), forward(*a, **k))[1]
    )
    return calls


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache_rank0.db"


@pytest.fixture
def backend(qwen):
    return LongSafetyHF(str(qwen), device="cpu", dtype="float32")


def asked():
    letters = [r for n in range(3) for r in score(text(30, n), " A", " B", " quiet harbour")]
    return letters, [reply(text(30, n)) for n in range(3)]


def test_a_second_run_asks_the_model_nothing(backend, cache, monkeypatch):
    letters, replies = asked()
    first = CachingLM(backend, str(cache))
    expected = first.loglikelihood(letters), first.generate_until(replies)
    first.dbdict.close()
    calls = counted(backend, monkeypatch)
    second = CachingLM(backend, str(cache))
    assert (second.loglikelihood(letters), second.generate_until(replies)) == expected
    second.dbdict.close()
    assert calls == []


def test_each_answer_is_on_disk_before_the_next_is_asked_for(backend, cache, monkeypatch):
    _, replies = asked()
    stored = []
    generate = backend._generate_batch

    def noting(requests):
        stored.append(len(check_file(cache)))
        return generate(requests)

    monkeypatch.setattr(backend, "_generate_batch", noting)
    caching = CachingLM(backend, str(cache))
    caching.generate_until(replies)
    caching.dbdict.close()
    # One row for the identity, then one row per reply.
    assert stored == [1, 2, 3]


def test_another_models_cache_is_refused_and_left_alone(backend, qwen, cache):
    caching = CachingLM(backend, str(cache))
    caching.loglikelihood(asked()[0])
    caching.dbdict.close()
    before = cache.read_bytes()
    other = LongSafetyHF(str(qwen), device="cpu", dtype="bfloat16")
    with pytest.raises(CacheError, match="answers of another model .dtype 'torch.float32'"):
        CachingLM(other, str(cache))
    assert cache.read_bytes() == before


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        ({"attn_implementation": "eager"}, "attn_implementation None, now 'eager'"),
        ({"softmax_dtype": "float64"}, "softmax_dtype None, now 'float64'"),
        ({"mixed_precision_dtype": "bfloat16"}, "mixed_precision_dtype None, now 'bfloat16'"),
        ({"max_length": 64}, "max_length .*, now 64"),
    ],
)
def test_an_argument_that_changes_answers_makes_another_model(
    backend, qwen, cache, argument, shown
):
    CachingLM(backend, str(cache)).dbdict.close()
    other = LongSafetyHF(str(qwen), device="cpu", dtype="float32", **argument)
    with pytest.raises(CacheError, match=shown):
        CachingLM(other, str(cache))


def test_a_rerun_may_batch_otherwise_and_spell_out_defaults(backend, qwen, cache):
    CachingLM(backend, str(cache)).dbdict.close()
    same = LongSafetyHF(
        str(qwen),
        2,
        batch_tokens=64,
        max_batch_size=8,
        device="cpu",
        dtype="float32",
        revision="main",
        subfolder="",
        use_fast_tokenizer=True,
    )
    CachingLM(same, str(cache)).dbdict.close()


def test_arguments_for_the_engine_count_unless_they_are_harmless():
    def engine(pretrained, dtype="auto", max_lora_rank=16, **kwargs):
        """Arguments as those of lm-eval's `vllm`, which cannot be imported without vLLM."""

    counting = {
        "pretrained": "harbour",
        "quantization": "fp8",
        "kv_cache_dtype": "fp8",
        "hf_overrides": {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}},
        "lora_local_path": "adapter",
        "think_end_token": "</think>",
    }
    harmless = {
        "tensor_parallel_size": 8,
        "gpu_memory_utilization": 0.5,
        "swap_space": 8,
        "token": "secret",
    }
    defaults = {"dtype": "auto", "max_lora_rank": 16}
    assert answering_arguments(engine, counting | harmless | defaults) == counting


def test_a_cache_of_an_unknown_model_is_refused(backend, stock, cache):
    caching = CachingLM(stock, str(cache))
    caching.loglikelihood(asked()[0])
    caching.dbdict.close()
    stock.set_cache_hook(type(caching.get_cache_hook())(None))
    with pytest.raises(CacheError, match="cache_rank0.db: holds the answers of another backend"):
        CachingLM(backend, str(cache))


def test_of_two_claims_of_a_fresh_file_at_once_one_wins(cache):
    from concurrent.futures import ThreadPoolExecutor

    def outcome(number):
        try:
            claim(cache, {"model": number})
        except CacheError as error:
            assert "answers of another model (model" in str(error)
            return None
        return number

    for _ in range(10):
        cache.unlink(missing_ok=True)
        with ThreadPoolExecutor(4) as pool:
            won = [number for number in pool.map(outcome, range(4)) if number is not None]
        assert len(won) == 1
        claim(cache, {"model": won[0]})


def test_a_stock_backends_identity_holds_its_arguments_but_no_secret():
    known = {
        "model": "harbour",
        "base_url": "https://me:word@host/v1?key=word",
        "num_concurrent": 8,
        "header": {"api-key": "word"},
        "auth_token": "word",
        "watsonx_credentials": {"apikey": "word"},
        "db_password": "word",
    }
    assert stock_identity("local-completions", known) == {
        "backend": "lm-eval's local-completions",
        "model": "harbour",
        "base_url": "https://host/v1",
    }


def test_a_claimed_file_is_one_that_lm_eval_reads_and_writes(stock, cache):
    claim(cache, stock_identity("hf", {"pretrained": "harbour"}))
    caching = CachingLM(stock, str(cache))
    caching.loglikelihood(asked()[0])
    caching.dbdict.close()
    stock.set_cache_hook(type(caching.get_cache_hook())(None))
    # Nine continuations and the owner.
    assert len(check_file(cache)) == 10
    claim(cache, stock_identity("hf", {"pretrained": "harbour", "device": "cpu"}))
    with pytest.raises(CacheError, match="pretrained 'harbour', now 'quay'"):
        claim(cache, stock_identity("hf", {"pretrained": "quay"}))


def filled(path, rows):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE unnamed (key TEXT PRIMARY KEY, value BLOB)")
        connection.executemany("INSERT INTO unnamed VALUES (?, ?)", rows)
    connection.close()


def test_a_file_cut_in_half_is_damaged(cache):
    filled(cache, [(str(n), pickle.dumps("reply " * 50)) for n in range(500)])
    cache.write_bytes(cache.read_bytes()[: cache.stat().st_size // 2])
    before = cache.read_bytes()
    with pytest.raises(CacheError, match="cache_rank0.db"):
        check_file(cache)
    assert cache.read_bytes() == before


def test_damage_is_reported_in_one_line(cache):
    filled(cache, [(str(n), pickle.dumps("reply " * 50)) for n in range(500)])
    pages = bytearray(cache.read_bytes())
    for page in (20, 21, 22):
        pages[page * 4096 + 10] = 255  # the second cell begins outside the page
    cache.write_bytes(bytes(pages))
    with pytest.raises(CacheError, match="damaged response cache") as error:
        check_file(cache)
    assert "\n" not in str(error.value)
    assert "***" not in str(error.value)


def test_another_programs_database_is_refused(cache):
    with sqlite3.connect(cache) as connection:
        connection.execute("CREATE TABLE letters (key TEXT)")
    connection.close()
    with pytest.raises(CacheError, match="not a response cache of lm-eval"):
        check_file(cache)


def test_a_missing_or_empty_file_is_a_new_cache(cache):
    assert check_file(cache) == {}
    cache.touch()
    assert check_file(cache) == {}
