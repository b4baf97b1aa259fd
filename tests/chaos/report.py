"""What is said at the end: a table per kind of fault, the bars that were broken, and one JSON line."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.faults import Done
from tests.chaos.judge import Verdict
from tests.chaos.repair import longest

LEASE_SECONDS = 4.0
MOST_REPAIR = {"redis": 5.0, "pusher_kill": LEASE_SECONDS + 2.0}  # seconds, by the beginning of the fault's name
NEVER_OFFENCES = ("foreign", "torn", "contradiction", "epoch_back", "old_epoch", "final", "broken")


@dataclass
class Report:
    """Everything that was found out in a run."""

    seed: int
    server: str
    seconds: float
    clients: int
    updates: int
    wanted_updates: int
    verdict: Verdict
    repaired: list[tuple[Done, float, int]]
    divergent: list[dict[str, Any]]
    lease_offences: list[str]
    leaks: list[str]
    crashes: list[str]
    repairs_apart: bool = True
    figures: dict[str, Any] = field(default_factory=dict)

    def broken_bars(self) -> list[str]:
        """Return what must not have happened and did, as sentences; [] for a run that passed."""
        offences, said = self.verdict.offences, []
        if self.divergent:
            said.append(f"{len(self.divergent)} clients do not show what the database has: {self.divergent[:3]}")
        if self.verdict.wrong_live:
            said.append(f"{len(self.verdict.wrong_live)} clients showed a wrong state as live for too long")
        said += [f"{offences[name]} times {name}" for name in NEVER_OFFENCES if offences[name]]
        said += self.lease_offences[:10] + self.leaks + self.crashes
        for kind, seconds in longest(self.repaired).items():
            most = next((limit for name, limit in MOST_REPAIR.items() if kind.startswith(name)), None)
            if self.repairs_apart and most is not None and seconds > most:
                said.append(f"{kind} took {seconds} s to repair, at most {most:g} are promised")
        if self.updates < self.wanted_updates:
            said.append(f"only {self.updates} of {self.wanted_updates} row versions were committed")
        return said

    def line(self) -> str:
        """Return the closing JSON line."""
        offences = self.verdict.offences
        return json.dumps(
            {
                "seed": self.seed,
                "server": self.server,
                "seconds": round(self.seconds),
                "clients": self.clients,
                "updates": self.updates,
                "faults": len(self.repaired),
                "divergent": len(self.divergent),
                "foreign": offences["foreign"],
                "wrong_live": len(self.verdict.wrong_live),
                "longest_wrong_s": round(self.verdict.longest_wrong, 1),
                "torn": offences["torn"] + offences["contradiction"],
                "older_epochs": offences["epoch_back"] + offences["old_epoch"],
                "lease_overlaps": len(self.lease_offences),
                "leaks": len(self.leaks),
                "crashes": len(self.crashes),
                "repair_s": longest(self.repaired),
                **self.figures,
                "passed": not self.broken_bars(),
            }
        )

    def table(self) -> str:
        """Return kind, count, clients hit at most, longest and mean repair as a Markdown table."""
        counts = Counter(fault.kind for fault, *_ in self.repaired)
        rows = ["| fault | times | clients hit, at most | repaired after, longest | mean |", "|---|---|---|---|---|"]
        for kind, seconds in longest(self.repaired).items():
            own = [(repair, hit) for fault, repair, hit in self.repaired if fault.kind == kind]
            mean = sum(repair for repair, _ in own) / len(own)
            most = max(hit for _, hit in own)
            rows.append(f"| `{kind}` | {counts[kind]} | {most} | {seconds:.1f} s | {mean:.1f} s |")
        return "\n".join(rows)
