"""A leash for child processes: whatever happens to the parent, even kill -9, the child does not outlive it."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # from <sys/prctl.h>


def die_with_parent(number: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """Return a `preexec_fn` after which the kernel sends the child `number` when its parent dies.

    Does nothing on systems other than Linux, which have no such call. Set the child's user before it (as Popen does):
    the kernel forgets the request at a change of user.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def preexec() -> None:
        prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # the parent died between fork and prctl: nobody is left to send the signal
            os.kill(os.getpid(), number)

    return preexec
