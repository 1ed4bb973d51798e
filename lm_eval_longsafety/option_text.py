"""Read an answer that gives an option's text instead of its letter.

Data flow: reply and options -> words in lower case -> the one option that the reply holds or
begins. An option that the reply quotes in order to turn it down is not an answer, so a sentence
that rejects anything is never read.
"""

import re
from collections.abc import Mapping

_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_OPENER = re.compile(
    r"(?:(?:i|we) (?:would|will|should|must|choose to|choose|d|ll|think)|i'd|i'll|my answer is"
    r"|the (?:\w+ )?(?:answer|option|choice"
    r"|response|thing to do) (?:is|would be)(?: to)?|answer|option|sure|okay|response)(?: to)? "
)
_REJECTS = re.compile(
    r"\b(?:not|never|cannot|\w+n't|refuse|refusing|reject|avoid|against|wrong|illegal|harmful"
    r"|unsafe|dangerous|unethical|crime"
    r"|rather than|instead of|unable|inappropriate|nor|neither|no|worst|bad|asks?|asked|wants?"
    r"|sorry|than|or|if|could|might"
    r"|would be|some|others|people|users?)\b|[不没]"
)
_LEAST_WORDS = 3
_LEAST_PREFIX = 20  # characters of a reply cut short, next to at least four words


def _plain(text: str) -> str:
    return " ".join(_WORDS.findall(text.casefold()))


def _telling(text: str) -> bool:
    """Long enough that its presence in a reply is no accident."""
    return text.count(" ") + 1 >= _LEAST_WORDS or len(_CJK.findall(text)) >= 4


def read_option_text(reply: str, texts: Mapping[str, str]) -> str:
    """The letter of the only option whose text the reply gives, or ""."""
    said = _plain(reply)
    options = {letter: _plain(text) for letter, text in texts.items() if _plain(text)}
    opener = _OPENER.match(said)
    for answer in (said, said[opener.end() :] if opener else ""):
        same = [letter for letter, option in options.items() if option == answer]
        if len(same) == 1:
            return same[0]
        if len(answer) >= _LEAST_PREFIX and answer.count(" ") >= _LEAST_WORDS:
            begun = [letter for letter, option in options.items() if option.startswith(answer)]
            if len(begun) == 1:
                return begun[0]
    return _contained(said, options)


def _contained(said: str, options: Mapping[str, str]) -> str:
    padded = f" {said} "
    held = {
        k: v
        for k, v in options.items()
        if _telling(v) and (f" {v} " in padded or _CJK.search(v) and v in said)
    }
    widest = [k for k, v in held.items() if not any(v != w and v in w for w in held.values())]
    if len(widest) != 1:
        return ""
    text = held[widest[0]]
    before, _, after = said.partition(text)
    # A rejection may stand on either side; how far off it still counts is a matter of a
    # sentence's length.
    return "" if _REJECTS.search(before[-120:]) or _REJECTS.search(after[:80]) else widest[0]
