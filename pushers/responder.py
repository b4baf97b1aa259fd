"""What hubs ask and how they are answered.

A hub's question names, per user and feed, the positions its sockets hold. It renews the interest and is answered from
the recorded state; only a user who was not watched without a break is read first.
"""

import time
from collections.abc import Callable
from typing import Any

from pushers.layer import Message
from pushers.publisher import Publisher, Sender
from pushers.refresher import Refresher
from pushers.watchers import Watchers

REPLY_SIZE = 256_000  # characters of documents in one answer


class Responder:
    """Answers the hubs' questions on behalf of the owner of the users."""

    def __init__(
        self,
        publisher: Publisher,
        watchers: Watchers,
        refresher: Refresher,
        sender: Sender,
        epoch: Callable[[], int | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publisher, self._watchers, self._refresher = publisher, watchers, refresher
        self._sender, self._epoch, self._clock = sender, epoch, clock
        # user -> (hub, with documents?) -> its last unanswered question
        self._waiting: dict[str, dict[tuple[str, bool], Message]] = {}
        refresher.on_refreshed = self.refreshed

    def on_want(self, message: Message) -> None:
        """Note the interest, and answer at once what is recorded; what is not is read and answered then."""
        now, owned = self._clock(), self._epoch() is not None
        answers: dict[str, Any] = {}
        unread: list[str] = []
        for user, wanted in message["users"].items():
            self._watchers.add(user, (feed for feed in wanted if feed in self._publisher.feeds), now)
            if self._publisher.is_ready(user, wanted):
                answers[user] = self._publisher.answer(user, wanted, docs=message["docs"])
            elif owned:
                unread.append(user)
                recorded = {} if message["docs"] else self._publisher.answer(user, wanted, docs=False)
                if recorded:  # what is known of the other feeds must not wait for the slowest
                    answers[user] = recorded
                else:
                    self._waiting.setdefault(user, {})[message["hub"], message["docs"]] = message
        if owned:
            self._refresher.request(unread)
            self._reply(message, answers)

    def refreshed(self, users: list[str]) -> None:
        """Answer the questions that waited for these users' read. A feed that failed is answered as stale."""
        answered: dict[int, tuple[Message, dict[str, Any]]] = {}  # by question, so that it gets one answer for all
        for user in users:
            due = self._watchers.feeds(user)
            for key, message in list(self._waiting.get(user, {}).items()):
                wanted = message["users"][user]
                answer = self._publisher.answer(user, wanted, docs=message["docs"])
                if answer.keys() >= wanted.keys() & due:
                    del self._waiting[user][key]
                    answered.setdefault(id(message), (message, {}))[1][user] = answer
                else:  # a feed came to be watched while the read was under way
                    self._refresher.request([user])
            if not self._waiting.get(user, True):
                del self._waiting[user]
        for message, answers in answered.values():
            self._reply(message, answers)

    def forget(self, user: str) -> None:
        """Drop the open questions for a user whom nobody watches any more."""
        self._waiting.pop(user, None)

    def clear(self) -> None:
        """Drop all open questions: somebody else answers them now, and the hubs ask again."""
        self._waiting.clear()

    def _reply(self, message: Message, answers: dict[str, Any]) -> None:
        """Answer in messages of moderate size: Redis cuts a subscriber off that has more than 32 MB to read."""
        part: dict[str, Any] = {}
        size = 0
        for user, answer in answers.items():
            if not answer:
                continue
            part[user] = answer
            size += sum(len(text or "") for _, _, text, *_ in answer.values())
            if size > REPLY_SIZE:
                self._send(message, part)
                part, size = {}, 0
        self._send(message, part)

    def _send(self, message: Message, answers: dict[str, Any]) -> None:
        epoch = self._epoch()
        if epoch is not None and answers:
            reply = {"type": "answer", "asked": message["asked"], "docs": message["docs"], "users": answers}
            self._sender.to_channel(epoch, message["hub"], reply)
