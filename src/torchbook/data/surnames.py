"""The stand-in for names: Faker's surnames, for Japanese also given names, of 20 languages in Latin letters.

At most 400 of each. The tables change from version to version: the SHA-256 is tested for the version that is pinned.
"""

from __future__ import annotations

from functools import lru_cache
import importlib
from importlib.metadata import version
import unicodedata

FAKER = f"Faker {version('faker')}"
MOST = 400  # names of a language
FAKER_TABLES = {  # locale.table
    "Chinese": ("zh_CN.last_romanized_names", "zh_TW.last_romanized_names"), "Croatian": ("hr_HR.last_names",),
    "Czech": ("cs_CZ.last_names",), "Dutch": ("nl_NL.last_names",), "English": ("en_GB.last_names",),
    "Estonian": ("et_EE.last_names_est",), "Finnish": ("fi_FI.last_names",), "French": ("fr_FR.last_names",),
    "German": ("de_DE.last_names",), "Indonesian": ("id_ID.last_names",), "Irish": ("ga_IE.last_names",),
    "Italian": ("it_IT.last_names",), "Japanese": ("ja_JP.last_romanized_names", "ja_JP.first_romanized_names"),
    "Polish": ("pl_PL.unisex_last_names",), "Portuguese": ("pt_PT.last_names", "pt_BR.last_names"),
    "Spanish": ("es_ES.last_names",), "Swedish": ("sv_SE.last_names",), "Turkish": ("tr_TR.last_names",),
    "Yoruba": ("yo_NG.last_names",), "Zulu": ("zu_ZA.last_names",),
}  # fmt: skip


@lru_cache(maxsize=1)
def faker_names() -> dict[str, tuple[str, ...]]:
    """Names by language, sorted; of more than MOST, that many at even distances."""
    found = {}
    for language, tables in FAKER_TABLES.items():
        words = set()
        for table in tables:
            locale, _, attribute = table.partition(".")
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
            words |= {word.title() if word.isupper() else word for word in getattr(provider, attribute)}
        ordered = sorted({unicodedata.normalize("NFC", word) for word in words})
        count = min(MOST, len(ordered))
        found[language] = tuple(ordered[place * len(ordered) // count] for place in range(count))
    return found
