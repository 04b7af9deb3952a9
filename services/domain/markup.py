"""Slack's markup in a text: mentions, channels, groups, dates and links in angle brackets. Pure.

docs.slack.dev, "Formatting message text" and "Implementing slash commands": `<@U…>`, `<#C…|general>`,
`<!subteam^S…|@team>`, `<!date^1392734382^{date}|18 Feb>`, `<!here>`, `<https://…|label>`. Ids are capitals and digits.
Nothing else in angle brackets is markup: `<@ you>`, `<T|U>` and `<b>` are text.
"""

from __future__ import annotations

import re

_MARKUP = re.compile(
    r"<(?P<what>(?P<sign>@)[UW][A-Z0-9]+|(?P<hash>#)[CDG][A-Z0-9]+|!subteam\^S[A-Z0-9]+|!date\^[0-9]+(?:\^[^<>|]*)?"
    r"|!(?P<word>here|channel|everyone)|(?P<address>(?:[A-Za-z][A-Za-z0-9+.-]*://|mailto:|tel:)[^<>|\s]+))"
    r"(?:\|(?P<label>[^<>]*))?>"
)


def is_nameless(text: str) -> bool:
    """Return whether `text` mentions what Slack gave no name of: a person, a channel, a group, a date."""
    return any(not _name(found) for found in _MARKUP.finditer(text))


def as_read(text: str) -> str:
    """`text` as people read it: each label in the place of its markup, a link without one as its address.

    A mention becomes its name behind an @ or #, which notifies nobody; what has no name its id. No markup is left.
    """
    text = _MARKUP.sub(lambda found: _name(found) or found["what"].removeprefix("!"), text)
    return text.replace("<", "") if _MARKUP.search(text) else text  # what stood inside of another


def _name(found: re.Match[str]) -> str:
    """Return what is read in the place of markup; "" where Slack did not say."""
    sign, label = found["sign"] or found["hash"] or "", (found["label"] or "").strip()
    if label:
        return sign + label.removeprefix(sign)
    return found["word"] or (found["address"] or "").removeprefix("mailto:")
