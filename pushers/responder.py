"""What hubs ask and how they are answered.

A hub's question names users and feeds, and with `want` the positions that its sockets hold. It renews the interest and
is answered from the recorded state; only a user who was not watched without a break is read first.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pushers.layer import Message
from pushers.ownership import Ownership
from pushers.publisher import Publisher, Sender
from pushers.refresher import Refresher
from pushers.watchers import Watchers

REPLY_SIZE = 256_000  # characters of documents in one answer


@dataclass(frozen=True, slots=True)
class Question:
    """What a hub asked, `asked` being its own clock: user -> feed -> positions held, and whether it needs documents."""

    hub: str
    asked: float
    docs: bool
    users: dict[str, dict[str, list[list[int]]]]


class Responder:
    """Answers the hubs' questions on behalf of the owner of the users."""

    def __init__(
        self,
        publisher: Publisher,
        watchers: Watchers,
        refresher: Refresher,
        sender: Sender,
        ownership: Ownership,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publisher, self._watchers, self._refresher = publisher, watchers, refresher
        self._sender, self._ownership, self._clock = sender, ownership, clock
        # user -> (hub, with documents?) -> its last unanswered question
        self._waiting: dict[str, dict[tuple[str, bool], Question]] = {}
        refresher.on_refreshed = self.refreshed

    def on_want(self, message: Message) -> None:
        """Answer a hub whose sockets lack something: with documents."""
        self._ask(Question(message["hub"], message["asked"], True, message["users"]))

    def on_list(self, message: Message) -> None:
        """Answer a hub's list of everybody who watches in some shards: with positions."""
        users: dict[str, dict[str, list[list[int]]]] = {
            user: {feed: [] for feed in feeds} for _, listed in message["shards"] for user, feeds in listed.items()
        }
        self._ask(Question(message["hub"], message["asked"], False, users))

    def _ask(self, question: Question) -> None:
        """Note the interest, and answer at once what is recorded; what is not is read and answered then."""
        now = self._clock()
        answers: dict[str, Any] = {}
        unread: list[str] = []
        for user, wanted in question.users.items():
            self._watchers.add(user, (feed for feed in wanted if feed in self._publisher.feeds), now)
            if self._ownership.epoch_of(user) is None:
                continue
            if self._publisher.is_ready(user, wanted):
                answers[user] = self._publisher.answer(user, wanted, docs=question.docs)
                continue
            if not self._refresher.is_reading(user):  # else `refreshed` sees whether that read was enough
                unread.append(user)
            recorded = {} if question.docs else self._publisher.answer(user, wanted, docs=False)
            if recorded:  # what is known of the other feeds must not wait for the slowest
                answers[user] = recorded
            else:
                self._waiting.setdefault(user, {})[question.hub, question.docs] = question
        self._refresher.request(unread)
        self._reply(question, answers)

    def refreshed(self, users: list[str]) -> None:
        """Answer the questions that waited for these users' read. A feed that failed is answered as stale."""
        answered: dict[int, tuple[Question, dict[str, Any]]] = {}  # by question, so that it gets one answer for all
        for user in users:
            due = self._watchers.feeds(user)
            for key, question in list(self._waiting.get(user, {}).items()):
                wanted = question.users[user]
                answer = self._publisher.answer(user, wanted, docs=question.docs)
                if answer.keys() >= wanted.keys() & due:
                    del self._waiting[user][key]
                    answered.setdefault(id(question), (question, {}))[1][user] = answer
                else:  # a feed came to be watched while the read was under way
                    self._refresher.request([user])
            if not self._waiting.get(user, True):
                del self._waiting[user]
        for question, answers in answered.values():
            self._reply(question, answers)

    def forget(self, user: str) -> None:
        """Drop the open questions for a user whom nobody watches any more."""
        self._waiting.pop(user, None)

    def clear(self, shards: set[int]) -> None:
        """Drop the open questions of shards: somebody else answers them now, and the hubs ask again."""
        for user in [user for user in self._waiting if self._ownership.shard(user) in shards]:
            del self._waiting[user]

    def _reply(self, question: Question, answers: dict[str, Any]) -> None:
        """Answer in messages of moderate size: Redis cuts a subscriber off that has more than 32 MB to read."""
        part: dict[str, Any] = {}
        size = 0
        for user, answer in answers.items():
            if not answer:
                continue
            part[user] = answer
            size += sum(len(text or "") for _, _, text, *_ in answer.values())
            if size > REPLY_SIZE:
                self._send(question, part)
                part, size = {}, 0
        self._send(question, part)

    def _send(self, question: Question, answers: dict[str, Any]) -> None:
        fences = {user: fence for user in answers if (fence := self._ownership.fence_of(user)) is not None}
        if fences:
            owned = {user: answers[user] for user in fences}
            cuts = {user: self._publisher.cut(user) for user in owned}
            reply = {"type": "answer", "asked": question.asked, "docs": question.docs, "users": owned, "cuts": cuts}
            self._sender.to_channel(set(fences.values()), question.hub, reply)
