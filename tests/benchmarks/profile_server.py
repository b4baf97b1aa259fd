"""Where a server's time goes: `python -m tests.benchmarks.profile_server [--seconds 10] [--steady] [--stock]`.

Starts the server with 2,000 sockets, pushes as row 4 does (--steady: as row 5), has py-spy look 100 times a second, and
prints the functions in which most looks fell: in the function itself, and in it or what it calls. The stacks go to
--output, in the format that flame graph programs read.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.rows.server_push import go_steady, saturate
from tests.benchmarks.senders import RedisPipe, SteadyOwner
from tests.benchmarks.stage import ROOT, Stage

LOOKS = 100  # a second: each halts the process for a moment
SHOWN = 30  # functions
THREAD = "Thread._bootstrap "  # what the stack of every thread but the event loop's begins with


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.profile_server", description=__doc__)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--sockets", type=int, default=2000)
    parser.add_argument("--steady", action="store_true", help="1,000 pushes a second instead of as many as it takes")
    parser.add_argument("--stock", action="store_true", help="profile stock Channels instead of the site")
    parser.add_argument("--output", type=Path, default=ROOT / "var" / "server.stacks", help="default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name, Stage(Path(name)) as stage:
        database = stage.new_database()
        stage.migrate(database)
        stage.use_django(database)
        asyncio.run(_profile(stage, database, options))
    report(options.output.read_text().splitlines())


async def _profile(stage: Stage, database: str, options: argparse.Namespace) -> None:
    from asgiref.sync import sync_to_async

    from tests.benchmarks.contestants import Site, Stock
    from tests.benchmarks.sign_ins import sign_in_new_users

    users, keys = await sync_to_async(sign_in_new_users)(options.sockets)
    pipe = RedisPipe()
    await pipe.connect(stage.redis_url)
    server = (Stock if options.stock else Site)("server", database, users, keys, pipe)
    server.owner = SteadyOwner(map(str, users))
    await server.owner.start()
    await server.start(stage)
    await server.swarm.connect(server.port, options.sockets)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).with_name("py-spy")), "record", "--format", "raw", "--rate", str(LOOKS)]
    command += ["--pid", str(server.process.pid), "--duration", str(options.seconds), "--output", str(options.output)]
    spy = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    push = go_steady if options.steady else saturate
    spent = await push(server, options.sockets, options.seconds + 1.0)
    print(f"{spent.per_second:,.0f} pushes a second, {spent.micros:.1f} us of processor each, under the profiler")
    await spy.wait()
    server.stop()
    server.owner.stop()
    pipe.close()


def report(stacks: Iterable[str]) -> None:
    """Print the event loop's functions with the most looks. Lines of the file are "function;function;... looks"."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in stacks:
        if line.startswith(THREAD):
            continue  # it mostly waits
        stack, _, looks = line.rpartition(" ")
        frames = [frame.rpartition(":")[0] or frame for frame in stack.split(";")]  # without the line's number
        own[frames[-1]] += int(looks)
        whole.update({frame: int(looks) for frame in set(frames)})
    total = sum(own.values())
    for title, counts in (("in itself", own), ("with what it calls", whole)):
        print(f"\n{title}")
        for frame, looks in counts.most_common(SHOWN):
            print(f"  {looks / total:6.1%}  {frame}")


if __name__ == "__main__":
    main()
