// Anchor's own TypeScript client, which knows nothing but the IDL, against what the Rust crates make: every instruction,
// account, struct, record, event and error of the vectors, and the addresses that it finds by itself.

import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import anchor from '@anchor-lang/core';

const { BN, EventParser, Program, ProgramError, parseIdlErrors, translateError, web3 } = anchor;
const { PublicKey } = web3;

// The guide reads the IDL as somebody does who stands in the checkout.
process.chdir(fileURLToPath(new URL('../../..', import.meta.url)));
const idl = JSON.parse(readFileSync('idl/kedge.json', 'utf8'));
const vectors = JSON.parse(readFileSync(process.env.KEDGE_VECTORS, 'utf8'));
/** Accounts that an endpoint would have, by address. */
const chain = new Map();
const connection = {
    getAccountInfo: async (address) => chain.get(address.toBase58()) ?? null,
    getAccountInfoAndContext: async (address) => ({
        context: { slot: 1 },
        value: chain.get(address.toBase58()) ?? null,
    }),
};
const program = new Program(idl, { connection });

/** What a vector says, as Anchor wants it. `named` is the type in the IDL, `ours` the same with Anchor's names. */
function given(named, ours, value) {
    if (named.defined) return defined(named.defined.name, value);
    if (named.vec || named.array) {
        const [item, our] = named.vec ? [named.vec, ours.vec] : [named.array[0], ours.array[0]];
        return item === 'u8' ? [...bytes(value)] : value.map((each) => given(item, our, each));
    }
    switch (named) {
        case 'pubkey':
            return new PublicKey(bytes(value));
        case 'bytes':
            return Buffer.from(bytes(value));
        case 'bool':
            return value;
        case 'u64':
        case 'i64':
            return new BN(value);
        default:
            return Number(value);
    }
}

function defined(name, value) {
    const index = idl.types.findIndex((each) => each.name === name);
    const [type, ours] = [idl.types[index].type, program.idl.types[index].type];
    if (type.kind === 'enum') return { [ours.variants[Number(value)].name]: {} };
    const entry = (field, at) => [ours.fields[at].name, given(field.type, ours.fields[at].type, value[field.name])];
    return Object.fromEntries(type.fields.map(entry));
}

const bytes = (text) => Buffer.from(text.replace(/^0x/, ''), 'hex');

/** Values that can be compared. */
function plain(value) {
    if (BN.isBN(value)) return value.toString();
    if (value instanceof PublicKey) return value.toBase58();
    if (value instanceof Uint8Array) return [...value];
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

const same = (actual, expected, what) => assert.deepEqual(plain(actual), plain(expected), what);

test('every instruction is the bytes and accounts of the Rust builder', async () => {
    assert.equal(vectors.instructions.length, idl.instructions.length);
    for (const { name, arguments: args, accounts, trailing, built } of vectors.instructions) {
        const index = idl.instructions.findIndex((each) => each.name === name);
        const [named, ours] = [idl.instructions[index], program.idl.instructions[index]];
        const values = named.args.map((arg, at) => given(arg.type, ours.args[at].type, args[arg.name]));
        const keys = Object.fromEntries(
            ours.accounts.flatMap(({ name }, at) => {
                const account = accounts[named.accounts[at].name];
                return account ? [[name, new PublicKey(account.address)]] : [];
            }),
        );
        const rest = trailing.map((text) => ({ pubkey: new PublicKey(text), isSigner: false, isWritable: false }));
        // Accounts with a fixed address are left to Anchor.
        const instruction = await program.methods[ours.name](...values)
            .accountsPartial(keys)
            .remainingAccounts(rest)
            .instruction();
        assert.equal(instruction.data.toString('hex'), built.data, name);
        const declared = instruction.keys.map(({ pubkey, isSigner, isWritable }) => ({
            address: pubkey.toBase58(),
            signer: isSigner,
            writable: isWritable,
        }));
        const expected = built.accounts.map((meta, at) =>
            at < named.accounts.length ? meta : { ...meta, signer: false, writable: false },
        );
        assert.deepEqual(declared, expected, `${name}: accounts`);
    }
});

test('text for an enum is refused', async () => {
    const { arguments: args } = vectors.instructions.find(({ name }) => name === 'place_orders');
    const [order] = given({ vec: { defined: { name: 'OrderParams' } } }, { vec: {} }, args.orders);
    const place = (changes) =>
        program.methods
            .placeOrders([{ ...order, ...changes }])
            .accountsPartial({ signer: PublicKey.default, market: PublicKey.default, subAccount: PublicKey.default })
            .instruction();
    const { data } = await place({ kind: { limit: {} }, side: { short: {} } });
    assert.deepEqual([...data.subarray(-4, -2)], [1, 1]);
    await assert.rejects(place({ kind: 'limit' }));
    await assert.rejects(place({ side: { sell: {} } }));
});

test('every account and struct is read', () => {
    for (const { name, data, value } of vectors.accounts) {
        const at = idl.accounts.findIndex((each) => each.name === name);
        const decoded = program.coder.accounts.decode(program.idl.accounts[at].name, bytes(data));
        const { orders, ...head } = value;
        same(decoded, defined(name, head), name);
        // The tail, for which the IDL has no word.
        orders?.forEach((order, slot) => {
            const slice = bytes(data).subarray(1_552 + 96 * slot, 1_552 + 96 * (slot + 1));
            same(program.coder.types.decode('order', slice), defined('Order', order), `order in slot ${slot}`);
        });
    }
    for (const { name, data, value } of vectors.structs) {
        const at = idl.types.findIndex((each) => each.name === name);
        const decoded = program.coder.types.decode(program.idl.types[at].name, bytes(data));
        same(decoded, defined(name, value), name);
    }
});

test('every record is read behind its header', () => {
    const [HEADER, RECORD] = [56, 8];
    for (const { kind, message, header, record } of vectors.events) {
        const data = bytes(message);
        same(program.coder.types.decode('eventHeader', data), defined('EventHeader', header), kind);
        const { kind: number } = program.coder.types.decode('recordHeader', data.subarray(HEADER));
        // The enum of records has the number in front of the record, and nothing else.
        const tagged = Buffer.concat([Buffer.from([number]), data.subarray(HEADER + RECORD)]);
        const [[variant, found]] = Object.entries(program.coder.types.decode('kedgeEvent', tagged));
        const name = kind[0].toLowerCase() + kind.slice(1);
        assert.equal(variant, name);
        const variants = idl.types.find((each) => each.name === 'KedgeEvent').type.variants;
        const { type } = variants.find((each) => each.name === kind).fields[0];
        same(found.record, defined(type.defined.name, record), kind);
    }
});

/** The code of the integrator's guide, as it stands there. */
async function guide() {
    const [, code] = /```js\n([\s\S]*?)```/.exec(readFileSync('docs/guides/integrator.md', 'utf8'));
    // Here, for its packages to be found.
    const file = new URL('.guide.mjs', import.meta.url);
    writeFileSync(file, code);
    try {
        return await import(file);
    } finally {
        rmSync(file);
    }
}

test('every event is decoded by the code of the guide', async () => {
    const { messageEvents, transactionEvents } = await guide();
    const HEADER = 56;
    const names = [];
    vectors.events.forEach(({ kind, message, header, record }, at) => {
        // With the record of another behind it: messages hold several.
        const other = vectors.events[(at + 1) % vectors.events.length];
        const two = Buffer.concat([bytes(message), bytes(other.message).subarray(HEADER)]);
        const call = Buffer.concat([Buffer.from('e445a52e51cb9a1d', 'hex'), two]);
        for (const found of [[...messageEvents(program, two)], [...transactionEvents(program, landed(call))]]) {
            assert.equal(found.length, 2, kind);
            same(found[0].header, defined('EventHeader', header), kind);
            same(found[0].data, defined(kind, record), kind);
            same(found[1].data, defined(other.kind, other.record), other.kind);
            names.push(found[0].name);
        }
        const failed = landed(call);
        failed.meta.err = { InstructionError: [0, { Custom: 6000 }] };
        assert.deepEqual([...transactionEvents(program, failed)], []);
    });
    assert.deepEqual([...new Set(names)].sort(), program.idl.events.map(({ name }) => name).sort());
    const unknown = bytes(vectors.events[0].message);
    unknown[HEADER] = 255;
    assert.deepEqual([...messageEvents(program, unknown)], []);
});

/** What web3.js says of a transaction in which the program called itself with this. */
function landed(call) {
    const [payerKey, programId] = [PublicKey.unique(), program.programId];
    const recentBlockhash = PublicKey.unique().toBase58();
    const instructions = [{ programId, keys: [], data: Buffer.alloc(0) }];
    const message = new web3.TransactionMessage({ payerKey, recentBlockhash, instructions }).compileToV0Message();
    const data = anchor.utils.bytes.bs58.encode(call);
    const inner = [{ index: 0, instructions: [{ programIdIndex: 1, accounts: [], data }] }];
    const meta = { err: null, innerInstructions: inner, loadedAddresses: { writable: [], readonly: [] } };
    return { transaction: { message }, meta };
}

test("Anchor's own parser of logs finds no event, as the guide says, and in cut records each", () => {
    const parser = new EventParser(program.programId, program.coder);
    const logs = (data) => [
        `Program ${idl.address} invoke [1]`,
        `Program data: ${data.toString('base64')}`,
        `Program ${idl.address} success`,
    ];
    for (const { kind, message, record } of vectors.events) {
        assert.deepEqual([...parser.parseLogs(logs(bytes(message)))], [], kind);
        const [event] = [...parser.parseLogs(logs(bytes(message).subarray(56)))];
        same(event.data, defined(kind, record), kind);
    }
});

test('every error has its name without a log line of its own', () => {
    const known = parseIdlErrors(idl);
    for (const { code, name, message } of vectors.errors) {
        const logs = [`Program ${idl.address} failed: custom program error: 0x${code.toString(16)}`];
        const sent = Object.assign(new Error(`Simulation failed: custom program error: 0x${code.toString(16)}`), {
            logs,
        });
        const found = translateError(sent, known);
        assert(found instanceof ProgramError, name);
        assert.deepEqual([found.code, found.msg], [code, message], name);
    }
    assert.equal(vectors.errors.length, idl.errors.length);
});

test('addresses are found by the seeds of the IDL', async () => {
    const address = (wanted) => vectors.addresses.find(({ name }) => name === wanted);
    const { authority, id } = address('subAccount').seeds;
    const trader = address('trader').address;
    const put = (kind, at, changes) => {
        const account = vectors.accounts.find(({ name }) => name === kind);
        const data = bytes(account.data);
        changes(data);
        chain.set(at, { data, owner: program.programId, executable: false, lamports: 1 });
    };
    put('Trader', trader, (data) => data.writeUInt16LE(id, 8 + 4));
    const somebody = new PublicKey(authority);
    const created = await program.methods
        .createSubAccount([...Buffer.alloc(16)], 4)
        .accounts({ payer: somebody, authority: somebody })
        .pubkeys();
    assert.equal(created.trader.toBase58(), trader);
    assert.equal(created.subAccount.toBase58(), address('subAccount').address);
    assert.equal(created.exchange.toBase58(), address('exchange').address);

    const bank = new PublicKey(address('bank').address);
    put('Bank', bank.toBase58(), (data) => data.writeUInt16LE(address('vault').seeds.index, 8 + BANK_INDEX));
    const deposit = await program.methods
        .deposit(new BN(1))
        .accountsPartial({ depositor: somebody, bank, subAccount: somebody, source: somebody })
        .pubkeys();
    assert.equal(deposit.vault.toBase58(), address('vault').address);
});

/** Where a bank's index stands. */
const BANK_INDEX = offset('Bank', 'index');

function offset(name, field) {
    const { fields } = idl.types.find((each) => each.name === name).type;
    const before = fields.slice(
        0,
        fields.findIndex((each) => each.name === field),
    );
    return before.reduce((sum, { type }) => sum + size(type), 0);
}

function size(type) {
    if (type.array) return size(type.array[0]) * type.array[1];
    return { u8: 1, bool: 1, u16: 2, u32: 4, u64: 8, i64: 8, pubkey: 32 }[type] ?? 1;
}
