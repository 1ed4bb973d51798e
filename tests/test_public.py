"""No secret and no home folder of a run reaches anything that is shown or stored."""

import json
import string

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lm_eval_longsafety.public import is_secret, path_tail, public, without_secrets
from tests.report_cli import longsafety
from tests.results_files import full_run, write_run
from tests.submit import finished_runs

SECRET = "CANARYsecret"
HOME = "canaryuser"


@pytest.mark.parametrize(
    "key",
    ["token", "hub_token", "hf_token", "HF_TOKEN", "hubToken", "use_auth_token", "session_token",
     "api_key", "api-key", "apiKey", "X-Api-Key", "openai_apikey", "aws_access_key_id", "secret",
     "client_secret", "password", "passwd", "db_passphrase", "authorization", "Authorization",
     "bearer", "headers", "extra_headers", "header", "cookies", "Set-Cookie", "credentials",
     "auth", "access_tokens", "key", "signature"],
)  # fmt: skip
def test_names_of_secrets_are_known(key):
    assert is_secret(key)


@pytest.mark.parametrize(
    "key",
    ["tokenizer", "eos_token", "add_bos_token", "pad_token_id", "think_end_token", "max_tokens",
     "batch_tokens", "prefix_token_id", "max_gen_toks", "num_key_value_heads", "author",
     "keyword_only", "pretrained", "base_url", "stop_token"],
)  # fmt: skip
def test_names_of_other_settings_stay(key):
    assert not is_secret(key)
    assert public({key: 1}) == {key: 1}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("org/model", "org/model"),
        ("/home/someone/models/big/checkpoint-5", "…/big/checkpoint-5"),
        ("/home/someone/tiny", "…/tiny"),
        ("/nfs/home/someone/a/b", "…/a/b"),
        ("/root/tiny", "…/tiny"),
        ("/home/someone", "…"),
        ("~/models/tiny", "…/models/tiny"),
        ("~someone/tiny", "…/tiny"),
        ("./out/tiny", "…/out/tiny"),
        ("file:///home/someone/tiny", "…/tiny"),
        (r"C:\Users\Some One\tiny", "…/tiny"),
        ("D:/models/tiny", "…/models/tiny"),
        (r"\\server\share\folder\tiny", "…/folder/tiny"),
        ("https://me:word@host:80/v1?sig=a,b#c", "https://host:80/v1"),
        ("https://[::1]:80/v1", "https://[::1]:80/v1"),
        ("</think>", "</think>"),
        ("N/A", "N/A"),
        ("safe and/or sound", "safe and/or sound"),
        ("pretrained=/home/Some One/tiny,token=x,dtype=float",
         "pretrained=…/tiny,token=***,dtype=float"),
        ('headers={"a": {"b": "c=1,d=2"}},dtype=float', "headers=***,dtype=float"),
        ('password="a,b=c",dtype=float', "password=***,dtype=float"),
        ("base_url=http://me:a,b@host/v1?key=a,b,model=x", "base_url=http://host/v1,model=x"),
        ("Authorization: Bearer abc", "Authorization: ***"),
        ("run --hf_token abc --model x", "run --hf_token *** --model x"),
        ("sent Bearer abc", "sent ***"),
        ("saw hf_abcdefgh12345", "saw ***"),
        ('{"a": {"token": "x", "b": "~/c"}}', '{"a": {"b": "…/c"}}'),
        ('"~/c"', '"…/c"'),
        ("{'token': 'x', 'b': 1}", "{'token': ***, 'b': 1}"),
        ("no file /home/someone/a/b.json here", "no file …/a/b.json here"),
    ],
)  # fmt: skip
def test_texts_are_made_public(text, shown):
    assert public(text) == shown
    assert public(shown) == shown


def test_what_stays_in_the_process_keeps_its_paths():
    given = {"pretrained": "/home/someone/tiny", "token": "x", "url": "http://a:b@c/?d"}
    assert without_secrets(given) == {"pretrained": "/home/someone/tiny", "url": "http://c/"}


def test_a_command_lines_list_loses_the_value_after_a_secrets_name():
    assert public(["--hf_token", "abc", "--model", "x"]) == ["--hf_token", "--model", "x"]


def test_nesting_without_end_is_cut_off():
    value = "x"
    for _ in range(500):
        value = {"a": [value]}
    assert "x" not in json.dumps(public(value))


def test_a_hub_id_is_no_path():
    assert path_tail("org/model") is None
    assert path_tail("/") == ""


plain = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=8)
secret_keys = st.sampled_from(
    ["token", "hub_token", "api-key", "headers", "password", "Authorization", "cookies"]
)
homes = st.sampled_from(
    ["/home/{}/m", "/Users/{}/a/b/m", "~{}/m", r"C:\Users\{}\m", "file:///home/{}/m",
     "/mnt/home/{}/x y/m", r"\\host\Users\{}\m"]
)  # fmt: skip
harmless = st.one_of(st.integers(), st.booleans(), st.none(), plain.map("org/".__add__))


@st.composite
def configurations(draw):
    """A nest of lists, mappings, JSON in texts and `k=v` texts, with canaries in it."""
    secret = draw(st.sampled_from([SECRET, f"Bearer {SECRET}", f"a={SECRET}; b={SECRET}"]))
    value = draw(
        st.one_of(
            homes.map(lambda path: path.format(HOME)),
            st.just(f"https://{SECRET}:{SECRET}@host/v1?sig={SECRET}"),
            st.builds(lambda key: {key: secret, "dtype": "float"}, secret_keys),
            st.builds(lambda key: {key: {"deep": [secret]}}, secret_keys),
            st.builds(lambda key, path: f"pretrained={path.format(HOME)},{key}={secret},b=1",
                      secret_keys, homes),
        )
    )  # fmt: skip
    for _ in range(draw(st.integers(0, 4))):
        key, beside = draw(plain), draw(harmless)
        value = draw(
            st.sampled_from([{key: value, "z": beside}, [beside, value], json.dumps([value])])
        )
    return value


@settings(max_examples=150, deadline=None)
@given(configurations())
def test_no_canary_is_left_in_any_shape(value):
    cleaned = public(value)
    shown = json.dumps(cleaned)
    assert SECRET not in shown
    assert HOME not in shown
    assert public(cleaned) == cleaned


PLANTED = {
    "token": SECRET,
    "hub_token": SECRET,
    "api-key": SECRET,
    "headers": {"Authorization": f"Bearer {SECRET}", "X": [SECRET]},
    "cookies": [{"name": "session", "value": SECRET}],
    "base_url": f"http://{SECRET}:{SECRET}@host/v1?token={SECRET}",
    "hf_overrides": {"nested": {"password": SECRET, "folder": f"/home/{HOME}/x"}},
    "extra": json.dumps({"client_secret": SECRET, "cache": f"/home/{HOME}/cache"}),
    "more": f"auth_token={SECRET},download_dir=/home/{HOME}/hub",
    "tokenizer": f"file:///home/{HOME}/tokenizer",
    "cache_dir": rf"C:\Users\{HOME}\cache",
}
"""Model arguments with canaries."""


def plant(data, model):
    """A results document with canaries wherever lm-eval puts the configuration."""
    data["model_name"] = model
    data["config"]["model_args"] = {"pretrained": model, **PLANTED}
    data["config"]["gen_kwargs"] = {"extra_body": {"api_key": SECRET}}
    data["config"]["device"] = f"/home/{HOME}/device"
    data["git_hash"] = f"/home/{HOME}/harness/.git"
    for name, config in data["configs"].items():
        config["dataset_path"] = f"/home/{HOME}/data"
        config.setdefault("metadata", {}).update(PLANTED, pretrained=model)
        config["metadata"]["config_source"] = f"/home/{HOME}/run.yaml"
        data["results"][name]["alias"] = f" - /home/{HOME}/alias"
    return data


def rewrite(path, change):
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def no_canary(*texts):
    for text in texts:
        text = text if isinstance(text, bytes) else text.encode()
        for canary in (SECRET, HOME):
            assert canary.encode() not in text


@pytest.mark.parametrize("model", [f"/home/{HOME}/final", f"~{HOME}/runs/final", "org/model-one"])
def test_reports_and_compact_files_of_a_run_hold_no_canary(tmp_path, model):
    extra = {"arc": {"acc,none": 0.4}}
    path = write_run(tmp_path / "run", full_run("BDAC", 2), extra=extra)

    def change(data):
        data = plant(data, model)
        for name, config in data["configs"].items():
            if name != "arc":
                config["metadata"]["provenance"]["data"] = f"/home/{HOME}/bench/data"
        return data

    rewrite(path, change)
    small = tmp_path / "small.parquet"
    done = longsafety("compact", tmp_path / "run", "-o", small)
    assert done.exit_code == 0, done.output
    no_canary(done.output, small.read_bytes(), *pq.read_schema(small).metadata.values())
    write_run(tmp_path / "other", full_run("BBAC", 2))
    pages = {}
    for kind in ("html", "md", "json", "csv"):
        for place in (tmp_path / "run", small):
            done = longsafety("report", place, "--format", kind)
            assert done.exit_code == 0, done.output
            no_canary(done.output)
            pages[kind, place] = done.output
    whole = pages["json", tmp_path / "run"].replace(path.name, small.name)
    assert pages["json", small] == whole
    assert "…/bench/data" in pages["md", small]
    no_canary(longsafety("compare", tmp_path / "run", tmp_path / "other").output)
    no_canary(longsafety("rescore", tmp_path / "run").output)


@pytest.mark.parametrize("model", [f"/home/{HOME}/final", "org/model-one"])
def test_submitted_files_hold_no_canary(tmp_path, model):
    data = plant(finished_runs.document(), model)
    finished_runs.write(tmp_path / "run", data)
    out = tmp_path / "out"
    done = longsafety("submit", tmp_path / "run", "--model", "org/model-one", "--out", out)
    assert done.exit_code == 0, done.output
    files = [path for path in out.rglob("*") if path.is_file()]
    assert len(files) == 3
    no_canary(done.output.replace(str(tmp_path), ""), *(path.read_bytes() for path in files))
    named = longsafety("submit", tmp_path / "run", "--model", "org/two", "--ran-as", "org/three")
    no_canary(str(named.exception))


def test_preflight_shows_no_canary(tmp_path, narrow_model):
    home = tmp_path / HOME
    home.mkdir()
    (home / "model").symlink_to(narrow_model)
    arguments = json.dumps(
        {**PLANTED, "pretrained": str(home / "model"), "max_length": 2048, "tokenizer": None}
    )
    written = tmp_path / "cost.json"
    done = longsafety(
        *("preflight", "--model_args", arguments, "--tasks", "longsafety_medical_quiz"),
        *("--metadata", "data=sample", "--json", written),
    )
    assert done.exit_code == 0, done.output
    no_canary(done.output, written.read_bytes())
    refused = longsafety("preflight", "--model_args", "pretrained=x", "--metadata", f'["{SECRET}"]')
    assert "expected a JSON object" in str(refused.exception)


def test_an_api_models_address_is_shown_without_its_secrets(tmp_path):
    url = f"http://me:{SECRET}@host/v1?token={SECRET}"
    done = longsafety("preflight", "--model_args", f"pretrained=x,base_url={url}")
    assert "an API model (http://host/v1) needs max_length" in str(done.exception)
