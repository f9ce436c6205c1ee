"""What several files must say alike is read from each and compared; docs hold no stale figure."""

from __future__ import annotations

import re

from payments.aws.settings import FORBIDDEN_URL_WORDS

from local.template import read_template
from simulator.core import callback_url
from tests.unit.test_docs import DOCUMENTS, ROOT

TEMPLATE = read_template(ROOT / "template.yaml")


def test_the_words_that_safaricom_refuses_are_the_same_everywhere() -> None:
    words = set(FORBIDDEN_URL_WORDS)
    assert not [word for word in words if any(each in word for each in words - {word})]
    assert set(callback_url.FORBIDDEN_WORDS) == words
    for parameter in ("CallbackUrlBase", "DomainName"):
        pattern = TEMPLATE["Parameters"][parameter]["AllowedPattern"]
        [listed] = re.findall(r"\(\?!\.\*\((?:\?i:)?([a-z|-]+)\)\)", pattern)
        assert set(listed.split("|")) == words
    texts = [TEMPLATE["Parameters"]["CallbackUrlBase"]["Description"]]
    texts += [" ".join(path.read_text().split()) for path in DOCUMENTS]
    lists = [each for text in texts for each in re.findall(r"mpesa, m-pesa, ([a-z, ]+)\.", text)]
    assert len(lists) >= 2
    assert {frozenset(each.split(", ")) | {"mpesa", "m-pesa"} for each in lists} == {
        frozenset(words)
    }
