"""Make a raw reply plain: no thinking, markup, look-alike letters, echo of the prompt or recital.

Data flow: raw reply -> `drop_thinking` -> `tidy` -> `blank_recital` -> the rules of `answers`.
Every step is one pass over the text with bounded patterns, so a megabyte of hostile text takes time
in proportion to its length.
"""

import re
import unicodedata
from collections.abc import Mapping

_THOUGHT = (
    r"(?:thinking|think|thoughts?|reasoning|reason|analysis|reflection|scratchpad|seed:think"
    r"|(?P<edge>begin|end)_of_thought)"
)
_THINK_TAG = re.compile(
    rf"[<\[◁](?P<bar>\|)?(?P<close>/)?\s?{_THOUGHT}\s?\|?[>\]▷]",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"<\|?channel\|?>\s?(?P<name>\w{1,20})", re.IGNORECASE)
# Harmony replies decoded without their special tokens: "analysis...assistantfinal...".
_BARE_CHANNEL = re.compile(r"\s*analysis(?=[A-Z])")
_BARE_FINAL = "assistantfinal"

_TURN_END = re.compile(
    r"<\|(?:im_end|eot_id|endoftext|end|return|eom_id|user|end_of_text|end▁of▁sentence"
    r"|end_of_sentence)\|>"
    r"|</s>|<end_of_turn>|<eos>"
)
_SPECIAL = re.compile(
    r"<\|[^|<>]{1,40}\|>(?:assistant\b|final\b)?|\[/?INST\]|</?s>|<\w{1,8}_of_turn>"
)
_NEXT_QUESTION = re.compile(
    r"\n[ \t]{0,8}[#*]{0,6}[ \t]?(?:QUESTION|Question|Q|Human|User|USER|HUMAN|问题"
    r"|题目)[ \t]?\d{0,4}[*]{0,2}:"
)


def drop_thinking(reply: str) -> str:
    """The part of a reply that is meant for the reader.

    A block that is never closed hides all that follows it: the answer was not reached. A closing
    tag without an opening one (the chat template opened it) hides all that stands before.
    """
    channels = list(_CHANNEL.finditer(reply))
    if channels:
        last = channels[-1]
        return reply[last.end() :] if last["name"].lower().startswith("final") else ""
    if _BARE_CHANNEL.match(reply):
        _, _, reply = reply.rpartition(_BARE_FINAL) if _BARE_FINAL in reply else ("", "", "")
    kept: list[str] = []
    position, inside = 0, False
    for tag in _THINK_TAG.finditer(reply):
        closes = bool(tag["close"]) or (tag["edge"] or "").lower() == "end"
        if closes and not inside and position == 0:
            kept = []
        elif not inside:
            kept.append(reply[position : tag.start()])
        inside = not closes
        position = tag.end()
    return "\n".join(kept) if inside else "\n".join([*kept, reply[position:]])


def opens_thought(text: str) -> bool:
    """Whether what follows the text would be a thought: one has been opened and not closed."""
    return not drop_thinking(f"{text}.").endswith(".")


def first_turn(text: str) -> tuple[str, str]:
    """The reply up to a next question that the model asks itself, and the whole of its turn."""
    text = text.lstrip()
    end = next((m.start() for m in _TURN_END.finditer(text) if m.start() > 0), len(text))
    whole = text[:end]
    following = _NEXT_QUESTION.search(whole)
    head = whole[: following.start()] if following else whole
    return (head if head.strip() else whole), whole


def _look_alikes() -> dict[int, str]:
    """Full-width, circled, squared and mathematical letters as plain ones; CJK stops as ASCII."""
    table: dict[int, str] = {}
    # By explicit ranges: normalising a whole hostile reply is not linear in its length.
    for start, stop in ((0x249C, 0x24EA), (0x1D400, 0x1D6A4), (0x1F110, 0x1F14A), (0xFF01, 0xFF5F)):
        table.update({c: unicodedata.normalize("NFKC", chr(c)) for c in range(start, stop)})
    for base in (0x1F150, 0x1F170):  # white on black, circled and squared: without a decomposition
        table.update({base + i: chr(ord("A") + i) for i in range(26)})
    table.update(dict(zip(map(ord, "’‘ʼ\u00a0\u3000\r"), "'''  \n", strict=True)))
    table.update(str.maketrans({"。": ". ", "、": ", ", "‐": "-", "\ufeff": "", "\u200b": ""}))
    table.update(str.maketrans({mark: "\nanswer: " for mark in "✅✔☑👉"}))
    table.update(str.maketrans({mark: " not " for mark in "❌✗✘🚫"}))
    table.update(str.maketrans(dict.fromkeys('*`~$"“”„«»「」『』#', "")))
    table.update(str.maketrans(dict.fromkeys("_", " ")))
    return table


_TABLE = _look_alikes()
_CYRILLIC = str.maketrans("АВСЕНІКМОРТХΑΒΕΗΙΚΜΝΟΡΤΧΥΖ", "ABCEHIKMOPTXABEHIKMNOPTXYZ")
_CJK = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"~~[^~\n]{1,200}~~"), " "),  # struck out: taken back
    (re.compile(r"\[[xX✓✔]\](?=\s{0,3}\(?[A-Z]\b)"), "\nanswer: "),  # ticked box
    (re.compile(r"\[ \](?=\s{0,3}\(?[A-Z]\b)"), " not "),
    (re.compile(r"<([biups])>([^<>]{0,200})</\1>"), r"\2"),
    (re.compile(r"&[a-z]{2,6};"), " "),
    (re.compile(r"</?br\s?/?>"), "\n"),
    (
        re.compile(r"<(?:(?:final|my)[_ ]?)?(?:answer|choice|option|letter|ans)>", re.I),
        "\nanswer: ",
    ),
    (re.compile(r"</?[a-zA-Z_]{2,20}\s?/?>?"), "\n"),
    (re.compile(r"\\(?:boxed|fbox)\b|\b(?:boxed|fbox)(?=\{)"), " answer: "),
    (re.compile(r"\\(?:text|textbf|textsf|mathrm|mathbf|mathsf|bf|rm)\b"), ""),
    (re.compile(r"\\[()\[\]]"), " "),
    (re.compile(r"\\n"), "\n"),
)
# The prompt's own sentences, repeated before the answer; a letter list may be cut short.
_ECHO = re.compile(
    r"(?:Now )?[Aa]ccording to the (?:document and the question|dialogue history), choose the best"
    r" option from the following list\.?"
    r"|Respond with only the letter(?: corresponding to your choice)? \(A, B, C, etc\.\)"
    r"(?: without any additional text)?\.?"
    r"|Your answer should be one of the letters: ?A\b(?:, ?[A-Z]\b)*,?\.?"
)
_EMOJI = re.compile("[\u2600-\u26ff\ufe0f\U0001f300-\U0001faff]")
_LATE_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = (
    (_ECHO, "\n"),
    (_EMOJI, ""),
    (re.compile(r"(?<!\w)'([\w ]{1,30})'(?!\w)"), r"\1"),
    (re.compile(rf"({_CJK})(?=[A-Za-z(])"), r"\1 "),
    (re.compile(rf"([A-Za-z)][.:,]?)(?={_CJK})"), r"\1 "),
    (re.compile(r"[(\[{<【〔〈《]{1,3}[ ]?([A-Za-z])[ ]?[)\]}>】〕〉》]{1,3}"), r"(\1)"),
    (re.compile(r"(?m)^[ \t]{0,8}(?:[-•>+]|\d{1,2}[.)])[ \t]{1,4}"), ""),  # list bullets and quotes
)
_LONE_CYRILLIC = re.compile(r"(?<!\w)[АВСЕНІКМОРТХΑΒΕΗΙΚΜΝΟΡΤΧΥΖ](?!\w|[ ][а-яёα-ω])")


def tidy(text: str) -> str:
    """The text without markup, bracketed letters as `(X)`, look-alike letters as A to Z."""
    text = _SPECIAL.sub("\n", text)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    text = text.translate(_TABLE)
    for pattern, replacement in _LATE_REWRITES:
        text = pattern.sub(replacement, text)
    return _LONE_CYRILLIC.sub(lambda m: m[0].translate(_CYRILLIC), text).strip()


_LABEL = re.compile(
    r"(?:(?<=\s)|\A)(?:(?:[Oo]ption|[Cc]hoice|选项) ?)?\(?(?P<letter>[A-Z])(?:\)|[.:,](?=\s|\Z)"
    r"|(?=\n|\Z))[.:]?[ \t]{0,4}"
)


# "Let's look at the options:": what follows is no choice, even where only one item follows.
_LISTING = re.compile(
    r"(?:\A|\n)(?![^\n]*\b(?:best|safest|correct|answer|choose|pick|select)\b)[^\n]*"
    r"\b(?:options|choices|(?:each|every) (?:option|choice))(?: (?:are|given|listed))?[ ]?:\s*\Z",
    re.I,
)
# "The best answer is:" on the line above the last letter.
_STATED_ABOVE = re.compile(r"\b(?:answer|choice|option|is|be)[ ]?:\s*\Z", re.I)
_Item = tuple[int, int, str]  # start, stop, letter


def blank_recital(text: str, options: Mapping[str, str]) -> str:
    """The text without options that are merely listed: two or more labels in rising order.

    Args:
        text: tidied reply.
        options: tidied text of each offered letter.
    """
    parts, position = [], 0
    for run in _runs(text, options):
        for start, stop, _ in _merely_listed(text, run):
            parts.append(text[position:start])
            position = stop
    return "".join([*parts, text[position:]]).strip()


def _runs(text: str, options: Mapping[str, str]) -> list[list[_Item]]:
    """The labelled items of a text, cut where the letters cease to rise."""
    listed: list[_Item] = []
    runs: list[list[_Item]] = []
    for label in _LABEL.finditer(text):
        stop = _item_end(text, label, options.get(label["letter"], ""))
        if stop is None:
            continue
        item = (label.start(), stop, label["letter"])
        if listed and listed[-1][2] < item[2]:
            listed.append(item)
        else:
            listed = [item]
            runs.append(listed)
    return runs


def _merely_listed(text: str, run: list[_Item]) -> list[_Item]:
    """The items of a run that choose nothing."""
    before_first, before_last = (text[max(0, item[0] - 80) : item[0]] for item in (run[0], run[-1]))
    if len(run) == 1:
        return run if _LISTING.search(before_first) and not _bare(text, run[0]) else []
    if _bare(text, run[-1]) and _STATED_ABOVE.search(before_last):
        run = run[:-1]
    # A bare first line is an answer with an explanation below it, unless all that
    # follows is bare too.
    if _bare(text, run[0]) and not any(_bare(text, item) for item in run[1:2]):
        return run[1:]
    return run


def _bare(text: str, item: _Item) -> bool:
    return item[1] - item[0] < 24 and len(text[item[0] : item[1]].strip(" .:()")) == 1


def _item_end(text: str, label: re.Match[str], option: str) -> int | None:
    """Where a listed item ends; None for a label that neither starts a line nor has its option."""
    wanted = option.rstrip(" .")
    if (
        wanted
        and text.startswith(wanted[:40], label.end())
        and text.startswith(wanted, label.end())
    ):
        stop = label.end() + len(wanted)
        return stop + 1 if text.startswith(".", stop) else stop
    starts_line = text[max(0, label.start() - 1) : label.start()] in ("", "\n")
    if not starts_line:
        return None
    stop = text.find("\n", label.end())
    return len(text) if stop < 0 else stop
