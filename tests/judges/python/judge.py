"""What somebody with Python reads who has only the guide: docs/layouts.md says where every field stands, solders speaks to
the chain, and the guide's own code decodes a fill. Held against what the Rust crates make: the vectors in the file that the first argument names."""

import http.server
import json
import os
import re
import struct
import subprocess
import sys
import threading
from pathlib import Path

from solders.instruction import AccountMeta, Instruction
from solders.message import Message
from solders.pubkey import Pubkey
from solders.rpc.responses import GetTransactionResp, SimulateTransactionResp

ROOT = Path(__file__).resolve().parents[3]
INTEGERS = {"u8": "<B", "u16": "<H", "u32": "<I", "u64": "<Q", "i64": "<q"}
# From the guide's section on events.
CALL_TAG = bytes.fromhex("e445a52e51cb9a1d")


class Layouts:
    """The tables of the page."""

    def __init__(self, text):
        self.structs, self.discriminators, self.enums, self.instructions = {}, {}, {}, {}
        name = None
        for line in text.splitlines():
            cells = [cell.strip(" `") for cell in line.split("|")[1:-1]]
            if line.startswith("### "):
                name = line[4:]
                self.structs[name] = []
            elif line.startswith("## "):
                name = line[3:]
            elif found := re.match(r"Discriminator `(\w+)`", line):
                self.discriminators[name] = bytes.fromhex(found[1])
            elif len(cells) == 4 and cells[0].isdigit():
                self.structs[name].append((int(cells[0]), cells[1], cells[2]))
            elif name == "Enums" and len(cells) == 2 and cells[1][:1].isdigit():
                self.enums[cells[0]] = dict(re.findall(r"(\d+) (\w+(?: \(\w+\))?)", cells[1]))
            elif name == "Instructions" and len(cells) == 3 and re.fullmatch(r"[0-9a-f]{16}", cells[1]):
                self.instructions[cells[0]] = (bytes.fromhex(cells[1]), re.findall(r"`(\w+)` ([^,|]*[^,| ])", line))

    def size(self, name):
        return self.structs[name][-1][0] - self.structs[name][0][0]

    def read(self, name, data):
        """The fields of a struct, by its offsets."""
        rows = self.structs[name]
        return {
            field: self.value(kind, data[offset:end])
            for (offset, field, kind), (end, _, _) in zip(rows, rows[1:])
        }

    def value(self, kind, data):
        if found := re.fullmatch(r"(\d+) × (\w+)", kind):
            count, item = int(found[1]), found[2]
            if item == "u8":
                return "0x" + data.hex()
            step = len(data) // count
            return [self.value(item, data[step * at : step * (at + 1)]) for at in range(count)]
        if kind in INTEGERS:
            return str(struct.unpack(INTEGERS[kind], data)[0])
        if kind == "bool":
            return {0: False, 1: True}[data[0]]
        if kind == "pubkey":
            return "0x" + bytes(Pubkey(data)).hex()
        if kind in self.enums:
            assert str(data[0]) in self.enums[kind], f"{kind} has no {data[0]}"
            return str(data[0])
        return self.read(kind, data)

    def write(self, kind, value):
        """The bytes of an argument."""
        if kind.startswith("vec of "):
            if isinstance(value, str):
                items = [bytes.fromhex(value[2:])]
                count = len(items[0])
            else:
                items = [self.write(kind[len("vec of ") :], item) for item in value]
                count = len(items)
            return struct.pack("<I", count) + b"".join(items)
        if kind == "bytes":
            data = bytes.fromhex(value[2:])
            return struct.pack("<I", len(data)) + data
        if isinstance(value, str) and value.startswith("0x"):
            return bytes.fromhex(value[2:])
        if isinstance(value, bool):
            return bytes([value])
        if kind in INTEGERS:
            return struct.pack(INTEGERS[kind], int(value))
        if kind in self.enums:
            return bytes([int(value)])
        if found := re.fullmatch(r"(\d+) × (\w+)", kind):
            return b"".join(self.write(found[2], item) for item in value)
        return b"".join(self.write(kind, value[field]) for _, field, kind in self.structs[kind][:-1])


def same(actual, expected, what):
    if actual != expected:
        raise SystemExit(f"{what}\n  from the page: {actual}\n  from Rust:     {expected}")


def instructions(layouts, vectors):
    for vector in vectors:
        name, built = vector["name"], vector["built"]
        discriminator, arguments = layouts.instructions[name]
        data = discriminator + b"".join(layouts.write(kind, vector["arguments"][arg]) for arg, kind in arguments)
        same(data.hex(), built["data"], name)
        metas = [AccountMeta(Pubkey.from_string(m["address"]), m["signer"], m["writable"]) for m in built["accounts"]]
        instruction = Instruction(Pubkey.from_string(built["program"]), data, metas)
        message = Message.from_bytes(bytes(Message([instruction], metas[0].pubkey)))
        same(bytes(message.instructions[0].data).hex(), built["data"], f"{name} in a message")


def accounts(layouts, vectors):
    for vector in vectors:
        name, data = vector["name"], bytes.fromhex(vector["data"])
        same(data[:8], layouts.discriminators[name], f"discriminator of {name}")
        value = dict(vector["value"])
        orders = value.pop("orders", [])
        same(layouts.read(name, data), value, name)
        if name == "SubAccount":
            tail, size = data[1552:], layouts.size("Order")
            found = [layouts.read("Order", tail[at : at + size]) for at in range(0, len(tail), size)]
            same(found, orders, "the tail of orders")


def records(layouts, vectors, program):
    """Each record as an indexer gets it: in the answer of getTransaction."""
    kinds = {number: re.fullmatch(r"(\w+) \((\w+)\)", name) for number, name in layouts.enums["KedgeEvent"].items()}
    for vector in vectors:
        data = base58(CALL_TAG + bytes.fromhex(vector["message"]))
        landed = GetTransactionResp.from_json(answer(program, data)).value
        assert landed.transaction.meta.err is None
        call = landed.transaction.meta.inner_instructions[0].instructions[0]
        message = from_base58(call.data)
        assert message.startswith(CALL_TAG)
        message = message[len(CALL_TAG) :]
        header = layouts.read("EventHeader", message)
        same(header, vector["header"], vector["kind"])
        offset = layouts.size("EventHeader")
        record = layouts.read("RecordHeader", message[offset:])
        offset += layouts.size("RecordHeader")
        kind = kinds[record["kind"]]
        same(kind[1], vector["kind"], "kind")
        same(layouts.read(kind[2], message[offset : offset + int(record["length"])]), vector["record"], kind[1])


def guide():
    """The code of the integrator's guide, as it stands there."""
    text = (ROOT / "docs/guides/integrator.md").read_text()
    return re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]


def events_of_the_guide(vectors, program):
    """Every event by the guide's functions, with the record of another behind it: messages hold several."""
    code = {"__name__": "guide"}
    exec(compile(guide(), "the guide", "exec"), code)
    types, header_size = code["TYPES"], 56

    def plain(kind, value):
        """What the vectors write, as the guide's code reads it."""
        if kind == "pubkey":
            return str(Pubkey(bytes.fromhex(value[2:])))
        if kind == "bool":
            return value
        if isinstance(kind, str):
            return int(value)
        if "array" in kind:
            return list(bytes.fromhex(value[2:])) if isinstance(value, str) else [plain(kind["array"][0], v) for v in value]
        defined = types[kind["defined"]["name"]]
        if defined["kind"] == "enum":
            return defined["variants"][int(value)]["name"]
        return {field["name"]: plain(field["type"], value[field["name"]]) for field in defined["fields"]}

    def expected(vector):
        kind = {"defined": {"name": vector["kind"]}}
        return vector["kind"], plain(kind, vector["record"])

    for vector, other in zip(vectors, vectors[1:] + vectors[:1]):
        both = bytes.fromhex(vector["message"]) + bytes.fromhex(other["message"])[header_size:]
        landed = GetTransactionResp.from_json(answer(program, base58(CALL_TAG + both))).value
        [message] = code["messages"](landed)
        found = list(code["events"](message))
        same([each[1:] for each in found], [expected(vector), expected(other)], vector["kind"])
        same(found[0][0], plain({"defined": {"name": "EventHeader"}}, vector["header"]), "header")
    unknown = bytearray.fromhex(vectors[0]["message"])
    unknown[header_size] = 255
    same(list(code["events"](bytes(unknown))), [], "an unknown kind")
    failed = answer(program, base58(CALL_TAG + both)).replace('"err": null', '"err": "AccountInUse"', 1)
    failed = failed.replace('{"Ok": null}', '{"Err": "AccountInUse"}')
    same(list(code["messages"](GetTransactionResp.from_json(failed).value)), [], "a failed transaction")


def fill_of_the_guide(vectors, program):
    """The guide's script, as it is typed, against an endpoint."""
    vector = next(each for each in vectors if each["kind"] == "Fill")
    said = answer(program, base58(CALL_TAG + bytes.fromhex(vector["message"]))).encode()

    class Endpoint(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200 if asked["method"] == "getTransaction" else 400)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        script = [sys.executable, "-c", guide(), url, "1" * 64]
        printed = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False)
        server.shutdown()
    header, record = vector["header"], vector["record"]
    side, source = ["Long", "Short"][int(record["side"])], ["Book", "Amm", "Jit"][int(record["source"])]
    taker = str(Pubkey(bytes.fromhex(record["taker"]["authority"][2:])))
    line = " ".join([header["market"], header["seq"], taker, side, record["size"], record["quote"], source])
    same(printed.stdout, line + "\n", f"the guide's script says {printed.stderr}")


def answer(program, data):
    """What an endpoint says of a transaction with one call of the program to itself."""
    meta = {
        "err": None, "status": {"Ok": None}, "fee": 5000, "preBalances": [1, 1], "postBalances": [1, 1],
        "innerInstructions": [
            {"index": 0, "instructions": [{"programIdIndex": 1, "accounts": [], "data": data, "stackHeight": 2}]}
        ],
        "logMessages": [], "preTokenBalances": [], "postTokenBalances": [], "rewards": [],
        "loadedAddresses": {"writable": [], "readonly": []},
    }
    message = {
        "header": {"numRequiredSignatures": 1, "numReadonlySignedAccounts": 0, "numReadonlyUnsignedAccounts": 1},
        "accountKeys": ["11111111111111111111111111111112", program], "recentBlockhash": str(Pubkey.default()),
        "instructions": [{"programIdIndex": 1, "accounts": [], "data": "", "stackHeight": None}],
    }
    transaction = {"signatures": ["1" * 64], "message": message}
    result = {"slot": 1, "blockTime": None, "meta": meta, "transaction": transaction}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result})


ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def from_base58(text):
    number = 0
    for digit in text:
        number = number * 58 + ALPHABET.index(digit)
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return b"\0" * (len(text) - len(text.lstrip("1"))) + body


def addresses(vectors, program):
    prefix = {"subAccount": "sub"}
    for vector in vectors:
        seeds = [prefix.get(vector["name"], vector["name"]).encode()]
        for seed in vector["seeds"].values():
            seeds.append(bytes(Pubkey.from_string(seed)) if isinstance(seed, str) else struct.pack("<H", seed))
        found, _ = Pubkey.find_program_address(seeds, Pubkey.from_string(program))
        same(str(found), vector["address"], vector["name"])


def errors(vectors, idl):
    names = {error["code"]: (error["name"], error["msg"]) for error in idl["errors"]}
    for vector in vectors:
        value = {"err": {"InstructionError": [0, {"Custom": vector["code"]}]}, "logs": [], "unitsConsumed": 0}
        said = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"context": {"slot": 1}, "value": value}})
        code = SimulateTransactionResp.from_json(said).value.err.err.code
        same(names[code], (vector["name"], vector["message"]), "error")


def main():
    vectors = json.loads(Path(sys.argv[1]).read_text())
    # The guide reads the IDL as somebody does who stands in the checkout.
    os.chdir(ROOT)
    layouts = Layouts((ROOT / "docs/layouts.md").read_text())
    idl = json.loads((ROOT / "idl/kedge.json").read_text())
    instructions(layouts, vectors["instructions"])
    accounts(layouts, vectors["accounts"])
    records(layouts, vectors["events"], idl["address"])
    events_of_the_guide(vectors["events"], idl["address"])
    fill_of_the_guide(vectors["events"], idl["address"])
    addresses(vectors["addresses"], idl["address"])
    errors(vectors["errors"], idl)
    print("solders: instructions, accounts, records, addresses and errors are those of the Rust crates, and the guide decodes them")


main()
