"""Whether a text is plainly not English: by its letters and by the small words of common languages, with no model and no package."""

from __future__ import annotations

import re

FEWEST = 2
"""Letters of another script that are needed."""
LATIN_ENDS = 0x0250
"""The first character behind the Latin letters with their accents."""
VIETNAMESE = range(0x1E00, 0x1F00)
"""Further Latin letters with accents."""
SMALL_WORDS = """
the of and to you it that for not can can't cannot with as are be this have my your was but or if there they their which what would do don't
will won't by from at has could should more some sorry please however we she his her yes i'm it's these those than been were
"""
"""Of English, without those that another language has, too."""
OTHERS = {
    "German": "der das dem des ein eine einen einer nicht ich und ist sie wir mit für auf zu von kann nein ja bitte aber kein dabei",
    "Dutch": "het een niet ik dat voor kan maar geen helpen",
    "French": "le les une du est et je ne pas vous nous que qui dans pour sur avec oui mais ce cette peux désolé désolée suis",
    "Italian": "il lo gli della delle di che con sono mi dispiace posso questo questa",
    "Spanish": "el una para por como pero sí yo puedo siento esto esta esa",
    "Portuguese": "um uma não eu isso isto desculpe muito",
    "Romanian": "nu și să",
    "Swedish, Danish, Norwegian": "jag och är inte att det för på jeg og er ikke som",
    "Finnish": "ei että olen voi",
    "Polish": "nie się jest mogę przepraszam że jak",
    "Czech": "je se na ne vám tím není jsem",
    "Hungarian": "nem és hogy egy",
    "Turkish": "bir ve bu için değil üzgünüm",
    "Indonesian": "yang tidak saya untuk dengan ini itu maaf bisa",
    "Vietnamese": "không tôi là của và có",
}
"""Small words of other languages, without those that English has, too."""
_ENGLISH = frozenset(SMALL_WORDS.split())
_OTHER = frozenset(word for words in OTHERS.values() for word in words.split())
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def foreign(text: str) -> bool:
    """Whether most letters are of another script than Latin, or small words of other languages outnumber those of English.

    A name, a formula or code has neither, and is not told from English. An English text that quotes another language stays English.
    """
    words = [word.replace("’", "'") for word in _WORD.findall(text.casefold())]
    letters = "".join(words)
    strange = sum(ord(letter) >= LATIN_ENDS and ord(letter) not in VIETNAMESE for letter in letters)
    if 2 * strange > len(letters) and strange >= FEWEST:
        return True
    return sum(word in _OTHER for word in words) > sum(word in _ENGLISH for word in words)
