"""Read an answer that gives an option's text instead of its letter.

Data flow: reply and options -> words in lower case -> the one option that the reply holds or
begins. An option that the reply quotes in order to turn it down is not an answer: a sentence that
rejects anything is never read, nor one that the next sentence turns down.
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
# An option that is a sentence of its own is followed by reasons, which are full of the words above;
# only these turn it down.
_GOOD = (
    r"(?:the |an? )?(?:right|correct|best|good|safe|ethical|legal|appropriate|acceptable|answer"
    r"|option|choice)"
)
_TURNED_DOWN = re.compile(
    r"\A(?:no|not|never|wrong|incorrect|or|unless|if)\b"
    r"|\b(?:i|we) (?:\w+ )?(?:\w+n't|not|never|cannot|refuse|reject|decline|avoid|disagree)\b"
    r"|\b(?:this|that|it|which|the (?:first|above))(?: (?:option|choice|answer|response|one))?"
    r"(?:(?: is|'s| was| would be| seems)(?: (?:so|very|clearly|also|an?|the|highly|most)){0,2}"
    r" (?:wrong|incorrect|illegal|harmful|unsafe|dangerous|unethical|inappropriate|bad|worst|crime)"
    rf"|(?: is not|'s not| was not| would not be| isn't| wasn't| wouldn't be) {_GOOD})\b|[不没]"
)
_SENTENCE_END = re.compile(r"[ ]?[)]?(?:[.!](?=\W)|\n|[.!]?\s*\Z)")
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
    return _contained(reply, said, options)


def _contained(reply: str, said: str, options: Mapping[str, str]) -> str:
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
    if _ends_sentence(reply, text):
        turned_down = _TURNED_DOWN.search(after.lstrip()[:160])
    else:
        turned_down = _REJECTS.search(after[:80])
    return "" if turned_down or _REJECTS.search(before[-120:]) else widest[0]


def _ends_sentence(reply: str, option: str) -> bool:
    """Whether the reply's first mention of an option's words ends its sentence."""
    mention = re.search(r"[\W_]+".join(map(re.escape, option.split())), reply.casefold())
    return mention is not None and bool(_SENTENCE_END.match(reply.casefold(), mention.end()))
