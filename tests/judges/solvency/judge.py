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
        check(Signature.from_string(signature.strip()).verify(signer, body.encode()), "a statement is not signed")
        check(fields["previous"] == previous.hex(), "a statement does not continue the one before")
        equal = all(left == right for left, right, _ in (line.split(" ", 2) for line in fields["equation"]))
        check(fields["holds"] == ("yes" if equal and not fields["broken"] else "no"), "a wrong verdict")
        previous = sha(part.encode())
        found.append(fields)
    return found


def main(folder):
    files = pathlib.Path(folder)
    said = statements((files / "statements.txt").read_text())
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
