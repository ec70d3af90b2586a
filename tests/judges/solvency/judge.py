"""Statements and proofs of solvency, read as docs/solvency.md has them: hashes by hashlib, signatures by solders."""

import hashlib
import json
import pathlib
import sys

from solders.pubkey import Pubkey
from solders.signature import Signature

CHECKS = 0


def check(true, what):
    global CHECKS
    CHECKS += 1
    if not true:
        sys.exit(f"judge: {what}")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def encode(sums):
    return b"".join(amount.to_bytes(16, "little") for amount in sums)


def root_of(proof):
    """Hash and sums that a proof leads to; None when a sum leaves 128 bits."""
    sums = [int(amount) for amount in proof["amounts"]]
    node = sha(b"\0", bytes(Pubkey.from_string(proof["account"])), encode(sums))
    for step in proof["path"]:
        other, more = bytes.fromhex(step["hash"]), [int(amount) for amount in step["sums"]]
        left, right = ((other, more), (node, sums)) if step["left"] else ((node, sums), (other, more))
        sums = [a + b for a, b in zip(left[1], right[1], strict=True)]
        if any(total >= 1 << 128 for total in sums):
            return None
        node = sha(b"\1", left[0], encode(left[1]), right[0], encode(right[1]))
    return node, sums


SUMMED = {
    "balances = deposits": ["tokens"],
    "users' longs = open interest": ["longs"],
    "users' shorts = open interest": ["shorts"],
    "claims of positions = the market's total": ["claims", "debts"],
}
VAULT = "deposits + pools + protocol + stakes = tokens in the vault"


class Unsound(Exception):
    pass


def require(true, what):
    if not true:
        raise Unsound(what)


def require_columns(fields):
    """Columns and equations fit: each that belongs to the other is there, once, with the same sum."""
    columns = {name: int(total) for total, name in (column.split(" ", 1) for column in fields["column"])}
    equations = {what: int(left) for left, _, what in (line.split(" ", 2) for line in fields["equation"])}
    require(len(columns) == len(fields["column"]) and len(equations) == len(fields["equation"]), "a name twice")
    require("bank 0: balances = deposits" in equations, "no quote bank")
    summed = set()
    for what, left in equations.items():
        of, _, rule = what.partition(": ")
        if rule not in SUMMED:
            continue
        names = [f"{of} {part}" for part in SUMMED[rule]]
        require(all(name in columns for name in names), f"no columns for {what}")
        require(rule != "balances = deposits" or f"{of}: {VAULT}" in equations, f"no vault of {of}")
        first, *others = (columns[name] for name in names)
        require(first - sum(others) == left, f"other sums than {what}")
        summed.update(names)
    require(summed == set(columns), "a column without an equation")


def statements(text):
    """Fields of each statement, its signatures and chain checked."""
    previous, found = bytes(32), []
    for part in text.rstrip("\n").split("\n\n"):
        part = part + "\n"
        body, _, signature = part.rpartition("signature ")
        fields = {"column": [], "equation": [], "broken": []}
        for line in body.splitlines()[1:]:
            word, _, rest = line.partition(" ")
            if word in ("column", "equation", "broken"):
                fields[word].append(rest)
            else:
                fields[word] = rest
        signer = Pubkey.from_string(fields["signer"])
        require(Signature.from_string(signature.strip()).verify(signer, body.encode()), "a statement is not signed")
        require(fields["previous"] == previous.hex(), "a statement does not continue the one before")
        if found:
            require(fields["signer"] == found[-1]["signer"], "another signer")
            require(int(fields["slot"]) >= int(found[-1]["slot"]), "an earlier slot")
        equal = all(left == right for left, right, _ in (line.split(" ", 2) for line in fields["equation"]))
        require(fields["holds"] == ("yes" if equal and not fields["broken"] else "no"), "a wrong verdict")
        require_columns(fields)
        previous = sha(part.encode())
        found.append(fields)
    return found


def is_sound(text):
    try:
        return bool(statements(text))
    except (Unsound, ValueError, KeyError):
        return False


def changed(text):
    """The file with one thing changed, in ways that somebody would try."""
    parts = text.split("\n\n")
    yield "\n\n".join(parts[1:])
    yield "\n\n".join([parts[1], parts[0], *parts[2:]])
    for word in ("slot ", "accounts ", "column ", "equation ", "root ", "signer ", "previous "):
        at = text.rindex("\n" + word) + len(word) + 1
        yield text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]


def main(folder):
    files = pathlib.Path(folder)
    text = (files / "statements.txt").read_text()
    said = statements(text)
    for other in changed(text):
        check(other != text and not is_sound(other), "a changed file is believed")
    for fields in said:
        for word in ("column", "equation"):
            for place in range(len(fields[word])):
                less = dict(fields, **{word: [*fields[word][:place], *fields[word][place + 1 :]]})
                try:
                    require_columns(less)
                except Unsound:
                    continue
                check(False, f"a statement without {fields[word][place]} is believed")
    by_slot = {int(fields["slot"]): fields for fields in said}
    proofs = [json.loads(file.read_text()) for file in sorted(files.glob("*.proof.json"))]
    check(len(proofs) == sum(int(fields["accounts"]) for fields in said) > 20, "a proof of each account")
    check(by_slot[100]["root"] == sha(b"\2").hex(), "the root of no accounts")
    for proof in proofs:
        fields = by_slot[proof["slot"]]
        columns = [column.split(" ", 1) for column in fields["column"]]
        wanted = bytes.fromhex(fields["root"]), [int(total) for total, _ in columns]
        check([name for _, name in columns] == proof["columns"], "columns of proof and statement")
        check(root_of(proof) == wanted, f"the proof of {proof['account']} leads elsewhere")
        less = dict(proof, amounts=["0", *proof["amounts"][1:]])
        check(root_of(less) != wanted, "a smaller amount leads to the root too")
        for place, step in enumerate(proof["path"]):
            for change in (
                dict(step, left=not step["left"]),
                dict(step, sums=["0"] * len(step["sums"])),
                dict(step, hash=sha(b"other").hex()),
            ):
                path = [*proof["path"][:place], change, *proof["path"][place + 1 :]]
                check(root_of(dict(proof, path=path)) != wanted, "a changed path leads to the root too")
    print(f"{len(said)} statements, {len(proofs)} proofs, {CHECKS} checks")


main(sys.argv[1])
