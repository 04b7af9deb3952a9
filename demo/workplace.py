"""The rest of the company: colleagues who never connected, its leave calendar, and what its admin sets up for all.

Maya is the admin. All goes through the doors that an admin uses: the form of the workspace, the page that asks for a
consent, `/quo digest` in a channel.
"""

from __future__ import annotations

from datetime import date, timedelta

from demo.feeds import Feed, Feeds
from demo.people import OFFICE_ZONE, plans_of
from emulators.slack import LocalSlack

ADMIN = "U0MAYA0001"

COLLEAGUES = (
    "Nora Lindqvist", "Tomás Achebe", "Robert Okonkwo", "Ines Carvalho", "Lukas Brandt", "Aoife Byrne", "Kenji Mori",
    "Sofia Rossi", "Mateusz Wójcik", "Grace Owusu", "Elif Demir", "Oscar Nyström", "Chloé Martin", "Daniel Kim",
    "Hannah Schäfer", "Ravi Patel", "Lena Fischer", "Marco Bianchi", "Zoe Papadaki", "Henrik Olsen", "Amara Diallo",
    "Julia Novak", "Pedro Santos", "Freya Larsen", "Emil Kovács",
)  # fmt: skip
"""Twenty-five who have allowed nothing and connected nothing."""

LEAVE = """3 days Nora Lindqvist (Paid Vacation - 3 days)
all day Tomás Achebe (Sick Leave - 1 day)
2 days Bob Okonkwo (Paid Vacation - 2 days)
all day Lena Fischer (3 yrs)"""
"""The leave calendar as its HR system writes it: two of it never connected; one is called something else in Slack."""

HOLIDAY = "Company Holiday - Founders' Day"


def colleagues(slack: LocalSlack, team_id: str) -> None:
    """Everybody else, in #general as well."""
    general = slack.general(team_id)
    for number, real_name in enumerate(COLLEAGUES):
        handle = real_name.split()[0].lower()
        member = slack.add_person(
            f"U0MORE{number:04d}", handle, real_name, team_id=team_id, tz=OFFICE_ZONE, locale="en-GB"
        )
        general.members.add(member.user_id)


def leave_feed(feeds: Feeds, first: date) -> Feed:
    """The company's leave calendar, from `first` on, as a feed."""
    feed = Feed("Who is away", "hr@example.com", OFFICE_ZONE)
    for plan in plans_of(LEAVE, first):
        feed.book.add(plan)
    feed.book.add({"title": HOLIDAY, "day": (first + timedelta(days=9)).isoformat(), "all_day": True, "days": 1})
    feeds.of_company = feed
    return feed
