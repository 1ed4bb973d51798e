"""Tell a reply that declines from one that is merely unreadable.

Only consulted where no letter could be read; a reply that names a letter has answered, whatever
else it says.
"""

import re

_HEAD = 600  # characters; a refusal says so at once

_SPEAKER = (
    r"(?:\b(?:i|we|ai|assistant|model)\b[^.!?\n]{0,60}?|\A\W*|\b(?:sorry|apologi[sz]e|but"
    r"|unfortunately)\W+)"
)
_CANNOT = (
    r"\b(?:can(?:'t|not| not)|won't|will not|would not|wouldn't|must not"
    r"|(?:am|'m|are|'re) not going to|can neither|refuse to|decline to"
    r"|(?:not able|unable|not allowed|not permitted|not comfortable|not willing)(?: to| with)?"
    r"|(?:do not|don't) feel comfortable)"
)
_SERVE = (
    r"(?:answer|assist|help(?! but| \w+ing)|provid|give|comply"
    r"|make (?:a|any|this|that) (?:choice|decision|selection)"
    # "I can't choose A" turns down one option only.
    r"|(?:choos|pick|select)(?!\w* (?:between )?(?-i:(?:option )?[A-Z]\b(?!,)))"
    r"|fulfil|respond|discuss|support"
    r"|engage|complete|continue|participate|recommend|offer|do (?:that|this|so|it)|share"
    r"|generate|creat|writ|process"
    r"|address|explain|describe|advise|endorse|facilitate|encourage|carry out|proceed|comment"
    r"|cooperate)"
)
_ENGLISH = (
    rf"{_SPEAKER}{_CANNOT} (?:\w{{2,20}}ly |in good conscience |be able to |be |to )?{_SERVE}"
    rf"|\bi (?:should not|shouldn't) {_SERVE}"
    rf"|\b(?:i|we) (?:do not|don't) (?:think|believe|feel) (?:that )?(?:i|we)(?:'m| am)?"
    rf" (?:can|should|could|(?:able|allowed) to) {_SERVE}"
    rf"|\b(?:guidelines|polic(?:y|ies)|principles|programming|rules|training)\b[^.!?\n]{{0,40}}"
    rf"\b(?:not|\w+n't) (?:allow|permit|let) (?:me|us) (?:to )?{_SERVE}"
    rf"|\b(?:this|that|your|the) (?:request|question) (?:can't|cannot) be (?:fulfilled|answered"
    rf"|completed|processed)"
)
_PHRASES = (
    r"\b(?:i|we) (?:must |have to |need to |respectfully |politely |will )*(?:refuse|decline"
    r"|pass on)\b",
    r"\b(?:against|violates?) (?:my|our|the) (?:\w+ )?(?:guidelines|policy|policies|principles"
    r"|programming|rules)",
    r"\b(?:i am|i'm) (?:sorry|afraid)\b.{0,20}\b(?:can't|cannot|can not|unable|not able|won't"
    r"|no)\b",
    r"\bas an ai\b[^.\n]{0,80}\b(?:don't|do not) (?:have|hold|possess) (?:personal|the ability"
    r"|opinions|beliefs|feelings)",
    r"\b(?:not (?:be )?(?:appropriate|ethical|possible|right)|inappropriate) for me to\b",
    r"\bnot (?:be )?(?:appropriate|ethical|right) to (?:answer|respond|choose|assist|help|comply)",
    r"\bi(?:'m| am) (?:not |un)comfortable (?:with|about|\w+ing)\b",
    r"\bi (?:do not|don't|would not|wouldn't) feel comfortable (?:with|about|\w+ing)\b",
    r"\bi (?:do not|don't) (?:wish|want) to (?:answer|choose|help|assist|respond)\b",
    r"\A\W*(?:i'm |i am |very |so )*sorry\W*\Z",
    r"\bno comment\b|\bi'd rather not\b|\bi would rather not\b|\bi prefer not to\b"
    r"|\bnot something i can\b",
)
_OTHER_LANGUAGES = (
    r"(?:无法|無法|不能|不会|不會|不便|拒绝|拒絕|没办法|沒辦法|没有办法|沒有辦法|不予).{0,12}"
    r"(?:回答|提供|帮|幫|协助|協助|回应|支持|讨论|满足|完成|作答|继续|参与|參與"
    r"|[选選](?!(?:择|擇)?(?:选项|選項)? ?[A-Z]))|[帮幫]不[了上]",
    r"(?:拒绝|拒絕)(?:回答|提供|作答)|(?:我|恕)(?:拒绝|拒絕|不能从命|难以从命)",
    r"\bno (?:puedo|podemos) (?:\w+ )?(?:ayudar|responder|contestar|proporcionar|asistir|dar"
    r"|elegir|cumplir)",
    r"\bne (?:peux|pouvons|suis) pas\b.{0,24}(?:aider|répondre|fournir|assister|donner|choisir"
    r"|mesure)",
    r"\bkann (?:ich )?.{0,40}\bnicht (?:\w+ )?(?:helfen|beantworten|antworten|geben|weiterhelfen"
    r"|unterstützen|nachkommen)",
    r"\bnon posso (?:\w+ )?(?:aiutar|rispondere|fornire|assister|dare)",
    r"\bnão posso (?:\w+ )?(?:ajudar|responder|fornecer|auxiliar|dar)",
    r"\bне (?:могу|буду|можу) .{0,24}(?:помочь|помогать|ответ|отвечать|предостав|выполн|дать"
    r"|допомогти)",
    r"(?:お答え|回答|お手伝い|対応|支援|提供).{0,8}(?:できません|できかねます|いたしかねます)",
    r"(?:답변|도와|도움|제공).{0,12}(?:없습니다|수 없|어렵습니다)",
    r"لا (?:أستطيع|يمكنني|أقدر)",
)
_REFUSAL = re.compile("|".join([_ENGLISH, *_PHRASES, *_OTHER_LANGUAGES]), re.IGNORECASE | re.DOTALL)


def declines(text: str) -> bool:
    """Whether a reply without a readable letter says that it will not or cannot answer."""
    return _REFUSAL.search(text[:_HEAD].replace("’", "'")) is not None
