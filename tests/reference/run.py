#!/usr/bin/env python3
"""The reference against the model: `tables` writes the exact tables, `fuzz` asks the model over a pipe.

    python3 tests/reference/run.py tables [--check]
    python3 tests/reference/run.py fuzz --model PATH [--cases 100000] [--seed 1] [--formula NAME]
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from draw import Draw  # noqa: E402
from exact import FORMULAS, I64, U64  # noqa: E402

SUBJECTS = "amm_spread", "amm_quote", "amm_update", "auction", "debts", "expiry", "fees", "funding", "liquidation", "margin", "prices", "settlement"
for subject in SUBJECTS:
    __import__(subject)

TABLES = HERE.parent.parent / "crates" / "model" / "tests" / "tables"
# Cases of a formula in its table, edges left aside.
ROWS = 64
BATCH = 4_000


def seed_of(formula, seed, part=0):
    """One stream of inputs a formula, whatever else is asked."""
    return f"{formula.name}/{seed}/{part}"


def checked(formula, args):
    assert len(args) == len(formula.inputs), (formula.name, len(args), len(formula.inputs))
    for name, value in zip(formula.inputs, args):
        assert -I64 - 1 <= value <= U64, (formula.name, name, value)
    return args


def table(subject):
    """The text of a subject's table: its edges, then rows of as many different answers as random inputs give."""
    parts = []
    for formula in FORMULAS.values():
        if formula.subject != subject:
            continue
        r = Draw(seed_of(formula, "table"))
        rows, seen = [], {}
        wanted = list(formula.edges)
        for _ in range(40 * ROWS):
            args = checked(formula, tuple(formula.make(r)))
            # Few rows of each refusal and of each answer that says nothing.
            answer = formula.answer(args)
            kind = answer if answer.startswith("!") or set(answer) <= set("0 ") else ""
            seen[kind] = seen.get(kind, 0) + 1
            if seen[kind] > (4 if kind else ROWS):
                continue
            wanted.append(args)
        for args in wanted:
            answer = formula.answer(args)
            rows.append([list(args), answer if answer.startswith("!") else [int(word) for word in answer.split()]])
        head = {"formula": formula.name, "inputs": formula.inputs, "outputs": formula.outputs}
        lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        parts.append(json.dumps(head)[:-1] + ', "rows": [\n' + lines + "\n]}")
    return "[\n" + ",\n".join(parts) + "\n]\n"


def tables(check):
    TABLES.mkdir(exist_ok=True)
    stale = [p.name for p in TABLES.glob("*.json") if p.stem not in SUBJECTS]
    for subject in SUBJECTS:
        path, text = TABLES / f"{subject}.json", table(subject)
        if check:
            if not path.exists() or path.read_text() != text:
                stale.append(path.name)
        else:
            path.write_text(text)
            print(f"{path.name}: {text.count(chr(10) + '[')} rows, {len(text)} bytes")
    if stale:
        sys.exit("not what the reference computes: " + ", ".join(stale) + " (python3 tests/reference/run.py tables)")


class Model:
    """The model behind its pipe."""

    def __init__(self, path):
        self.pipe = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, lines):
        """The answers to a batch of lines. The model answers once the batch is whole, so that no pipe runs full."""
        self.pipe.stdin.write(f"{len(lines)}\n" + "\n".join(lines) + "\n")
        self.pipe.stdin.flush()
        answers = [self.pipe.stdout.readline().rstrip("\n") for _ in lines]
        if not answers[-1]:
            sys.exit(f"the model has ended: {self.pipe.wait()}")
        return answers


def line(formula, args):
    return formula.name + " " + " ".join(map(str, args))


def shrink(formula, model, args):
    """Smaller inputs that still disagree: each towards zero, towards a round number, or halved."""
    args = list(args)
    # A value stays a value and an error the same error, or another disagreement would be shown than the one found.
    kind = lambda answer: answer if answer.startswith("!") else ""
    wanted, got = formula.answer(args), model.ask([line(formula, args)])[0]
    kinds = kind(wanted), kind(got)
    for _ in range(40):
        changed = False
        for at, value in enumerate(args):
            digits = 10 ** max(0, len(str(abs(value))) - 2)
            options = [0, 1, value // 2, int(value / digits) * digits if digits > 1 else 0, value - 1 if value > 0 else value + 1]
            options = [args[:at] + [o] + args[at + 1 :] for o in options if abs(o) < abs(value)]
            for option in options:
                try:
                    wanted = formula.answer(option)
                except (ArithmeticError, AssertionError, ValueError):
                    continue
                got = model.ask([line(formula, option)])[0]
                if got != wanted and (kind(wanted), kind(got)) == kinds:
                    args, changed = option, True
                    break
        if not changed:
            break
    return args


def fuzz_part(job):
    """One part of a formula's cases: how many, how many refusals, how many panics of checked arithmetic, disagreements."""
    name, path, cases, seed, part = job
    formula, model = FORMULAS[name], Model(path)
    r = Draw(seed_of(formula, seed, part))
    refused, wrong = 0, []
    make, answer = formula.make, formula.answer
    while cases > 0 and not wrong:
        batch = [make(r) for _ in range(min(BATCH, cases))]
        cases -= len(batch)
        answers = model.ask([line(formula, args) for args in batch])
        for args, got in zip(batch, answers):
            wanted = answer(args)
            refused += wanted[0] == "!"
            if got != wanted and len(wrong) < 3:
                wrong.append(tuple(args))
    report = []
    for args in wrong:
        small = args if model.ask([line(formula, args)])[0].startswith("!panic") else shrink(formula, model, args)
        got = model.ask([line(formula, small)])[0]
        pairs = ", ".join(f"{n}={v}" for n, v in zip(formula.inputs, small) if v)
        report.append(f"  {pairs}\n  outputs   {' '.join(formula.outputs)}\n  reference {formula.answer(small)}\n  model     {got}\n  line      {line(formula, small)}")
    model.pipe.stdin.close()
    return name, refused, report


def fuzz(args):
    names = [args.formula] if args.formula else list(FORMULAS)
    # Parts small enough that both cores stay busy to the end.
    parts = max(1, min(200, args.cases // 50_000))
    share = -(-args.cases // parts)
    jobs = [(name, args.model, share, args.seed, part) for part in range(parts) for name in names]
    start, failed, refused, left = time.time(), {}, {}, dict.fromkeys(names, parts)
    with multiprocessing.Pool(args.jobs or os.cpu_count()) as pool:
        for name, more, report in pool.imap_unordered(fuzz_part, jobs):
            refused[name] = refused.get(name, 0) + more
            left[name] -= 1
            if report and name not in failed:
                failed[name] = report
                print(f"{name}: DISAGREES", *report, sep="\n", flush=True)
            elif left[name] == 0 and name not in failed:
                print(f"{name}: {share * parts:,} cases agree ({refused[name]:,} of them refusals)", flush=True)
    print(f"{len(names)} formulas, {share * parts:,} cases each, seed {args.seed}, {time.time() - start:.0f} s")
    if failed:
        sys.exit("disagreements: " + ", ".join(sorted(failed)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("tables").add_argument("--check", action="store_true")
    asks = commands.add_parser("fuzz")
    asks.add_argument("--model", required=True)
    asks.add_argument("--cases", type=int, default=100_000)
    asks.add_argument("--seed", default="1")
    asks.add_argument("--formula", choices=sorted(FORMULAS))
    asks.add_argument("--jobs", type=int, default=0)
    args = parser.parse_args()
    if args.command == "tables":
        tables(args.check)
    else:
        fuzz(args)


if __name__ == "__main__":
    main()
