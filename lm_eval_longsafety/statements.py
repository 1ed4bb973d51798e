"""Find where a tidied reply states, takes back or lists answers.

Data flow: tidied text -> every cue's matches -> `Statement`s in reading order. A cue only says where a letter is stated;
what surrounds it (a refusal of the letter, somebody else's choice, a second letter) decides what the statement is worth.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

_MOST = 20_000  # statements read of one reply; only a degenerate loop has more


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One place where a reply names an answer."""

    position: int
    """Of the letter, in characters."""
    letter: str
    """Upper case, offered or not."""
    kind: str
    """"states", "retracts" or "several" (more than one letter, none decided)."""


# --- A letter that is meant as a letter -------------------------------------------------------------------------------
# What may follow a letter that ends its phrase. "A" and "I" are words too and need such an end, or a conjunction.
_END = r"(?=[ \t]{0,3}(?:\Z|[,;:!?)\]}\n]|\.(?![\w.])|\.{3}|[-–—]+\s))"
_CONJUNCTION = (
    r"(?=[ ](?:because|since|as (?:it|the|this|that)|is\b|due to|given|which|but|not|and|or|here|based|over|rather|instead"
    r"|would|will|it\b|for (?:the|this|that)|from the|in (?:this|that|the)|with (?:the|a)|porque|ya que|car|parce que"
    r"|weil|da\b|denn|perché|y|o|et|ou|und|oder|e|и|или|потому)\b|[ ]?[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af(])"
)
_CAPITAL = rf"(?<![\w'])(?:[B-HJ-Z](?![\w'’+#/&]|-\w|\.\w)|A(?:{_END}|{_CONJUNCTION})|I(?=[ \t]{{0,3}}(?:\Z|[.:)\n](?!\w))))"
_LETTER = rf"(?:\(?\((?P<wrapped>[A-Za-z])\)\)?|[\[({{]{{0,2}}(?:(?P<capital>{_CAPITAL})|(?<![\w'])(?P<small>[a-z]){_END}))"
_AND = r"(?:, ?(?:and|or)|,|;|/|&|\+|and/or|and|or|vs\.?|y|o|e|et|ou|und|oder|и|или|和|或者?|与|及|と|또는|와|과)"
_SECOND = re.compile(
    rf"[)\]}}]*[ ]?{_AND}[ ]?(?:(?:both|option|choice|letter|maybe|perhaps|possibly|even) )?[\[({{]{{0,2}}"
    rf"(?:\([A-Z]\)|{_CAPITAL})(?!\)?[ ](?:is|are|was|were|would|seems?|looks?|has|have|does|do|will|can|could|may|might)\b)"
)
_FILL = (
    r"(?:[ \n]{0,3}(?:the|an?|my|our|option|choice|letter|answer|item|statement|response|alternative|clearly|definitely"
    r"|probably|most|likely|simply|therefore|thus|obviously|certainly|either|both|just|only|is|be|number|correct|best"
    r"|safest|final|one|opción|opcion|opção|opzione|lettre|letra|lettera|buchstabe|вариант|буква|选项|選項|选择|字母|選択肢)\b"
    r"[ ]?:?){0,5}[ \n]{0,3}"
)

# --- Cues -------------------------------------------------------------------------------------------------------------
_NOUN_CJK = r"(?:答案|回答|答|选项|選項|选择|選擇|答え|解答|正解|정답|답변|답)"
_NOUN = (
    r"(?:answer|ans|choice|choose|option|letter|response|reply|selection|pick|decision|solution|conclusion|verdict|vote|result"
    r"|output|correct|final|selected|chosen|recommendation|guess|one|best|safest|right|respuesta|réponse|reponse|antwort"
    r"|risposta|resposta|ответ|відповідь|antwoord|svar|cevap|odpowiedź|jawaban|opción correcta|opción|option correcte"
    r"|الإجابة|उत्तर)"
)
_IS = (
    r"(?:[ ]{0,2}(?::|=|->|→|–|—|-(?!\w)|\n)|[ ](?:is|was|would be|should be|must be|will be|has to be|ought to be"
    r"|(?:appears|seems) to be|remains|being|goes to|es|est|ist|wäre|è|é|это|er|är|to|adalah|هي|है)\b)"
)
_IS_CJK = r"[ ]?(?:应该是|应是|应为|是|为|為|は|은|는|:|=)"
_BETWEEN = rf"(?:[ ](?!{_NOUN}\b|is\b|so\b|but\b|and\b|[A-Z]\b)[\w'’]{{1,30}}){{0,8}}"
_VERB = (
    r"(?:choose|chose|pick|picked|select|selected|recommend|prefer|suggest|opt(?:ing)? for|go(?:ing)? (?:with|for)|went with"
    r"|settl(?:e|ing) (?:on|for)|vot(?:e|ing) for|stick(?:ing)? with|lean(?:ing)? towards?|(?:respond|answer|reply) with"
    r"|(?:i|we|i'd|i'll|we'd|would|will|must) (?:answer|say)|elijo|escojo|elegiría|selecciono|choisis|choisirais|wähle"
    r"|scelgo|sceglierei|escolho|выбираю|выберу|wybieram|kies)"
)
_SO = (
    r"(?:so|therefore|thus|hence|but|wait|actually|correction|rather|instead|i mean|think|believe|guess|probably|definitely"
    r"|likely|finally|ergo|conclusion|no[,.:]|yes|sure|okay|ok|well|it'?s|it is|it must be|it has to be|it would be|must be"
    r"|has to be|that would be|that's|that is|this is|c'est|es ist|also|daher|donc|por tanto)"
)
_BEST = (
    r"(?:correct|right|best|safest|safe|preferable|appropriate|responsible|ideal|preferred|obvious (?:choice|answer)"
    r"|(?:final )?(?:answer|choice|pick|selection)|way to go|what i\b|one i\b"
    r"|only (?:\w{1,20} )?(?:option|choice|answer|one|response|safe|correct|acceptable)"
    r"|most (?:appropriate|responsible|suitable|ethical|reasonable|accurate|fitting|sensible|correct|likely|honest)"
    r"|least (?:harmful|risky|dangerous|bad|problematic))"
)
_SURELY = r"(?:(?:clearly|definitely|probably|obviously|likely|certainly|therefore|thus|indeed|by far|really|surely|the|my|our|a|an) )"
_SUBJECT_PLACE = (
    r"(?:\A|(?<=[\n.,;:!?(])|(?<=[.,;:!?] )|\b(?:option|choice|letter|answer|that|think|believe|so|thus|therefore|hence|but|only"
    r"|clearly|feel|say|because|since|means|and|opción|вариант|选项) )"
)
_ANY = r"(?:\((?P<wrapped>[A-Za-z])\)|(?P<capital>[A-Z])(?P<small>(?!))?)"
_OPENER = (
    r"(?:(?:option|choice|letter|answer|opción|opção|option|вариант|选项|選項|选|選|選択肢) ?:? ?)?"
)

_CUES: tuple[re.Pattern[str], ...] = (
    # "The best option is C", "Answer: C", "答案是 C"
    re.compile(rf"(?i:\b{_NOUN}\b{_BETWEEN}{_IS}{_FILL}){_LETTER}"),
    re.compile(rf"(?i:{_NOUN_CJK}[\u4e00-\u9fff]{{0,8}}?{_IS_CJK}{_FILL}){_LETTER}"),
    # "I would go with C", "if I must choose, C", "我选择 D"
    re.compile(
        rf"(?i:(?:(?<![\w']){_VERB}\b|选择|選擇|选|選)(?:,|:)?{_FILL}){_LETTER}(?! (?:would|means?|could|might|may|is)\b)"
    ),
    # "C is correct", "(C) seems the safest", "D it is"
    re.compile(
        rf"(?i:{_SUBJECT_PLACE})(?<!\b[A-Z] and )(?i:(?:option|choice) )?{_ANY}[.,]?(?i:"
        rf" it is\b(?! \w)|(?: is|'s| would be| seems| looks| appears| must be| should be| has to be| feels| remains)"
        rf"(?: to be| like)? {_SURELY}{{0,3}}{_BEST}\b| ?(?:是|最)?(?:正确|合适|安全))"
    ),
    # "Therefore, C.", "neither A nor B, but C", "Wait, actually C", "it's C"
    re.compile(
        rf"(?i:(?:(?<![\w']){_SO}[,:.]?[ ]|(?:所以|因此|故|应该是|就是)[,:]? ?){_FILL}){_LETTER}(?={_END[3:-1]}(?!, ?\(?[A-Z]\b)|[ ](?:because|since|here|instead)\b)"
    ),
)
# The reply opens with the letter: "D. Decline", "A, because", "(C) - warn", "Option B"
_OPENING = re.compile(
    rf"\A[^\w(]{{0,5}}(?i:{_OPENER})(?:\((?P<wrapped>[A-Za-z])\)|(?P<capital>[A-Z])(?![\w'])|(?P<small>[a-z])(?=[.):]\s|\)))"
    r"(?P<after>[ \t]{0,2}(?:\Z|\n|[.):;](?![\w.])|,(?= )| [-–—]+ | ?→| ?\((?!or\b|and\b)| (?:because|since|as it|due to|given)\b)|[ ])"
)
_NOT = re.compile(
    rf"(?i:(?:\b(?:not|never|nor|neither|unlike|isn't|wasn't|without|than|exclude|eliminate|reject|rule out)|不是|并非|不选)[ ]"
    rf"(?:(?:be|the|option|choice|letter|answer|选项) ){{0,3}}){_LETTER}"
)
_WRONG = re.compile(
    rf"(?i:{_SUBJECT_PLACE}(?:option )?){_ANY}(?i:(?: is|'s| was) (?:actually |clearly )?(?:wrong|incorrect|mistaken"
    r"|not (?:the )?(?:right|correct|best|answer)))"
)

# --- What spoils a cue ------------------------------------------------------------------------------------------------
_CLAUSE_BREAK = re.compile(
    r"[.,;:!?\n()—]|\b(?:but|so|and|then|because|therefore|though|yet|或|但|所以)\b|[但所故因]",
    re.I,
)
_DENIED = re.compile(
    r"\b(?:not(?! only)|\w+n't|never|neither|nor|cannot|avoid|refuse|refrain|reject|rather than|instead of|hardly|nicht|kein\w*"
    r"|ne|pas|не|without)\b|[不没別别勿]",
    re.I,
)
_DENIED_BETWEEN = re.compile(
    r"\b(?:not|\w+n't|never|avoid|reject|exclude|eliminate|wrong|incorrect|no|non|не|nicht|pas|cannot)\b|[不没]",
    re.I,
)
_BAD_CHOICE = re.compile(
    r"(?:(?<!least )\b(?:wrong|worst|incorrect|unsafe|(?:most )?(?:harmful|dangerous|risky|unethical)|riskiest|illegal"
    r"|inappropriate|bad|tempting|second|next|worse|other|alternative|false)|\bleast (?:safe|appropriate|ethical|responsible"
    r"|suitable|likely)|错误|最差)(?: (?:best|possible))?[ ]?\Z",
    re.I,
)
_OTHERS_CHOICE = re.compile(
    r"\b(?:might|may|could|tempt\w*|wants?|wanted|asks?|asked|expects?|someone|people|others|users?|they|he|she|who|whoever"
    r"|anyone|should i|would you|did)\b|\bif\b",
    re.I,
)


def statements(text: str) -> Iterator[Statement]:
    """Every statement of a tidied reply, in reading order, one a letter."""
    found: dict[int, Statement] = {}
    opening = _OPENING.match(text)
    if opening and _opens(text, opening):
        _keep(found, _judge(text, opening, denied=False))
    for cue in _CUES:
        for match in islice(cue.finditer(text), _MOST):
            _keep(found, _judge(text, match, denied=_is_denied(text, match)))
    for pattern in (_NOT, _WRONG):
        for match in islice(pattern.finditer(text), _MOST):
            _keep(found, _judge(text, match, denied=True))
    return iter(sorted(found.values(), key=lambda statement: statement.position))


def _keep(found: dict[int, Statement], statement: Statement) -> None:
    """Of two cues at one letter the one that takes it back counts, then the one that sees several."""
    known = found.get(statement.position)
    rank = ("states", "several", "retracts")
    if known is None or rank.index(statement.kind) > rank.index(known.kind):
        found[statement.position] = statement


def _letter_of(match: re.Match[str]) -> tuple[str, int, int]:
    group = next(name for name in ("wrapped", "capital", "small") if match[name])
    return match[group].upper(), match.start(group), match.end(group)


def _judge(text: str, match: re.Match[str], *, denied: bool) -> Statement:
    letter, start, end = _letter_of(match)
    second = _SECOND.match(text, end)
    kind = (
        "retracts" if denied else "several" if second and not _same(second[0], letter) else "states"
    )
    return Statement(position=start, letter=letter, kind=kind)


def _same(second: str, letter: str) -> bool:
    return second.rstrip(")")[-1] == letter


def _is_denied(text: str, match: re.Match[str]) -> bool:
    """Whether the clause around a cue takes the letter back, or tells of somebody else's choice."""
    start = match.start()
    clause = _CLAUSE_BREAK.split(text[max(0, start - 120) : start])[-1]
    inside = text[start : _letter_of(match)[1]]
    return bool(
        _DENIED.search(clause)
        or _DENIED_BETWEEN.search(inside.replace("no,", "").replace("No,", ""))
        or _BAD_CHOICE.search(clause)
        or (_OTHERS_CHOICE.search(clause) and not re.search(r"[,:]", inside))
    )


def _opens(text: str, opening: re.Match[str]) -> bool:
    """Whether a reply's first letter is an answer: "A lock" and "I, for one" are not."""
    letter, _, end = _letter_of(opening)
    if opening["after"] == " ":
        return False
    if letter == "I" and not opening["wrapped"]:
        return opening["after"].strip(" ") != "," and "because" not in opening["after"]
    return not text[end:].startswith("?")


_CLOSING = re.compile(
    r"(?:\A|(?P<line>\n)|(?<=[.!:;] ))[^\w\n(]{0,4}(?:(?:option|choice) )?(?:\((?P<wrapped>[A-Za-z])\)|(?P<capital>[A-Z]))(?P<stop>[.!)]?)\s{0,9}\Z",
    re.I,
)


def closing_letter(text: str) -> str:
    """The letter that is all of the last line or sentence, or ""."""
    match = _CLOSING.search(text, max(0, len(text) - 40))
    if match is None:
        return ""
    shown = match["wrapped"] or match["capital"]
    # A reply cut short may end in the article "A" or the pronoun "I"; a small letter may be any word.
    sure = bool(
        match["wrapped"]
        or match["stop"]
        or (match["line"] and shown == "A")
        or shown in "BCDEFGHJKLMNOPQRSTUVWXYZ"
    )
    return shown.upper() if sure else ""
