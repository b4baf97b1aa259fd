"""A leash for child processes: whatever happens to the parent, even kill -9, the child does not outlive it."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # from <sys/prctl.h>


def die_with_parent(number: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """Return a function that, called in a child of this process, has the kernel send it `number` when we die.

    Meant as `preexec_fn`, which Popen calls after the change of user that would make the kernel forget the request.
    Does nothing on systems other than Linux, which have no such call.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def put_on() -> None:
        prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # we died between fork and prctl: nobody is left to send the signal
            os.kill(os.getpid(), number)

    return put_on
