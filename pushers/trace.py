"""What the present work was caused by: a request, or a tick. Empty where nobody has said so.

A nudge carries it to the push service, and the push that follows carries it on, so that one change can be followed
through the logs of all processes.
"""

from contextvars import ContextVar

TRACE: ContextVar[str] = ContextVar("trace", default="")
