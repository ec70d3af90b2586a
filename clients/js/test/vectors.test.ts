// The client against the Rust crates, byte for byte: all instructions, accounts, events, structs and addresses of
// the vectors, and no instruction or struct of the IDL without one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import {
    address,
    appendTransactionMessageInstruction,
    compileTransaction,
    createNoopSigner,
    createTransactionMessage,
    getAddressEncoder,
    getBase16Codec,
    getBase58Decoder,
    getBase64Decoder,
    getTransactionEncoder,
    isSignerRole,
    isWritableRole,
    pipe,
    setTransactionMessageFeePayer,
    setTransactionMessageLifetimeUsingBlockhash,
    type AccountMeta,
    type Address,
    type Blockhash,
    type Instruction,
    type ReadonlyUint8Array,
} from '@solana/kit';

import * as client from '../src/index.js';

type Value = string | boolean | Value[] | { [name: string]: Value };
type Vectors = {
    instructions: {
        name: string;
        arguments: Record<string, Value>;
        accounts: Record<string, { address: string; signer: boolean }>;
        trailing: string[];
        built: { program: string; accounts: { address: string; signer: boolean; writable: boolean }[]; data: string };
    }[];
    accounts: { name: string; data: string; value: Value }[];
    structs: { name: string; data: string; value: Value }[];
    events: { kind: string; message: string; header: Value; record: Value }[];
    addresses: { name: string; seeds: Record<string, unknown>; address: string }[];
};
type IdlType = string | { defined?: { name: string }; array?: [IdlType, number] };
type Named = { name: string; type?: { kind: string; fields?: { name: string; type: IdlType }[] } };
type Facts = { TRAILING_ACCOUNTS: Record<string, { name: string; signer?: boolean }>; PDAS: Record<string, unknown> };

const ROOT = new URL('../../../../', import.meta.url);
const VECTORS = process.env['KEDGE_VECTORS'];
assert(VECTORS, 'KEDGE_VECTORS names no file: run `make test`, or `cargo xtask client --test`');
const vectors = JSON.parse(readFileSync(VECTORS, 'utf8')) as Vectors;
const idl = JSON.parse(readFileSync(new URL('idl/kedge.json', ROOT), 'utf8')) as Record<
    'instructions' | 'types' | 'events',
    Named[]
>;
const facts = (await import(new URL('clients/js/generator/facts.mjs', ROOT).href)) as Facts;

const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const pascal = (name: string) => camel(`_${name}`);
const fromHex = (text: string) => getBase16Codec().encode(text);
const toHex = (bytes: ReadonlyUint8Array) => getBase16Codec().decode(bytes);

/** A function of the client by its name. */
function generated<T>(name: string): T {
    const found = (client as Record<string, unknown>)[name];
    assert(found, `the client has no ${name}: run \`make client\``);
    return found as T;
}

type Codec = { decode(data: ReadonlyUint8Array): Record<string, unknown>; encode(value: unknown): ReadonlyUint8Array };
const codec = (name: string) => generated<() => Codec>(`get${name}Codec`)();

/** Whether what the client decoded is what Rust says. */
function same(actual: unknown, expected: Value, path: string): void {
    if (typeof expected === 'string' && expected.startsWith('0x')) {
        assert.equal(`0x${toHex(bytesOf(actual, expected.length / 2 - 1))}`, expected, path);
    } else if (typeof expected === 'string') {
        assert(typeof actual === 'number' || typeof actual === 'bigint', `${path} is no number`);
        assert.equal(String(actual), expected, path);
    } else if (typeof expected === 'boolean') {
        assert.equal(actual, expected, path);
    } else if (Array.isArray(expected)) {
        assert(Array.isArray(actual) && actual.length === expected.length, `${path} is no list of ${expected.length}`);
        expected.forEach((item, index) => same(actual[index], item, `${path}[${index}]`));
    } else {
        const fields = Object.keys(actual as object).filter((name) => name !== 'discriminator');
        assert.deepEqual(fields.sort(), Object.keys(expected).map(camel).sort(), `${path}: fields`);
        for (const [name, value] of Object.entries(expected)) {
            same((actual as Record<string, unknown>)[camel(name)], value, `${path}.${name}`);
        }
    }
}

/** The bytes behind a public key, a zero-padded text, or bytes. */
function bytesOf(value: unknown, size: number): ReadonlyUint8Array {
    if (typeof value !== 'string') return Uint8Array.from(value as number[]);
    if (size === 32) return getAddressEncoder().encode(address(value));
    return Uint8Array.from({ ...Buffer.from(value), length: size });
}

test('every instruction and struct of the IDL has a vector', () => {
    const names = (list: { name: string }[]) => list.map(({ name }) => name).sort();
    assert.deepEqual(names(vectors.instructions), names(idl.instructions));
    // Events have the fields of their records, and vectors of their own.
    const structs = new Set([...names(vectors.structs), ...names(idl.events)]);
    const missing = idl.types.filter(({ name, type }) => type?.kind === 'struct' && !structs.has(name));
    assert.deepEqual(names(missing), [], 'add them to STRUCTS in crates/interface/examples/vectors.rs');
    assert.deepEqual(names(vectors.addresses), Object.keys(facts.PDAS).sort());
});

for (const { name, arguments: args, accounts, trailing, built } of vectors.instructions) {
    test(`instruction ${name}`, () => {
        const data = codec(`${pascal(name)}InstructionData`).decode(fromHex(built.data));
        same(data, args, name);

        const input: Record<string, unknown> = { ...data };
        for (const [account, { address: text, signer }] of Object.entries(accounts)) {
            assert(!(camel(account) in input), `${name}: ${account} is an account and an argument`);
            input[camel(account)] = signer ? createNoopSigner(address(text)) : address(text);
        }
        if (trailing.length > 0) {
            const fact = facts.TRAILING_ACCOUNTS[camel(name)];
            assert(
                fact,
                `${name} takes accounts behind the declared ones: name them in clients/js/generator/facts.mjs`,
            );
            input[fact.name] = trailing.map((text) => (fact.signer ? createNoopSigner(address(text)) : address(text)));
        }
        const instruction = generated<(input: unknown) => Required<Instruction>>(`get${pascal(name)}Instruction`)(
            input,
        );
        assert.equal(toHex(instruction.data), built.data, 'data');
        assert.equal(instruction.programAddress, built.program);
        const metas = instruction.accounts.map(({ address, role }: AccountMeta) => ({
            address,
            signer: isSignerRole(role),
            writable: isWritableRole(role),
        }));
        assert.deepEqual(metas, built.accounts, 'accounts');
    });
}

for (const [kind, list] of [
    ['account', vectors.accounts],
    ['struct', vectors.structs],
] as const) {
    test(`every ${kind} is read and written`, () => {
        for (const { name, data, value } of list) {
            // A struct that is an account has a discriminator in front when the client reads it.
            if (kind === 'struct' && vectors.accounts.some((account) => account.name === name)) continue;
            const decoded = codec(name).decode(fromHex(data));
            same(decoded, value, name);
            assert.equal(toHex(codec(name).encode(decoded)), data, name);
        }
    });
}

test('every event is read', () => {
    for (const { kind, message, header, record } of vectors.events) {
        const batch = client.decodeEvents(fromHex(message));
        assert(batch, `${kind} is no message`);
        same(batch.header, header, `${kind}: header`);
        const [event] = batch.events;
        assert(event && 'record' in event && !batch.partial, `${kind} is not known`);
        assert.equal(event.__kind, kind);
        same(event.record, record, kind);
    }
});

test('every event of the IDL is read with 64-bit numbers as bigints', () => {
    /** Numbers below a value of a type of the IDL are of the width that it says. */
    function wide(type: IdlType, value: unknown, path: string): void {
        if (typeof type === 'string') {
            if (/^[ui]\d+$/.test(type)) assert.equal(typeof value, /64$/.test(type) ? 'bigint' : 'number', path);
        } else if (type.array) {
            const [item] = type.array;
            if (item !== 'u8') (value as unknown[]).forEach((each, at) => wide(item, each, `${path}[${at}]`));
        } else {
            const fields = idl.types.find(({ name }) => name === type.defined?.name)?.type?.fields ?? [];
            fields.forEach(({ name, type }) =>
                wide(type, (value as Record<string, unknown>)[camel(name)], `${path}.${name}`),
            );
        }
    }
    assert.deepEqual(
        idl.events.map(({ name }) => name),
        vectors.events.map(({ kind }) => kind),
    );
    for (const { kind, message } of vectors.events) {
        const { header, events } = client.decodeEvents(fromHex(message))!;
        wide({ defined: { name: 'EventHeader' } }, header, 'header');
        const [event] = events;
        assert(event && 'record' in event, kind);
        wide({ defined: { name: kind } }, event.record, kind);
    }
});

test('unknown records are skipped, other versions refused', () => {
    const [{ message }] = vectors.events as [Vectors['events'][number]];
    const change = (offset: number, value: number) => Uint8Array.from(fromHex(message)).fill(value, offset, offset + 1);
    const { KIND, VERSION } = { KIND: 56, VERSION: 51 };
    const unknown = client.decodeEvents(change(KIND, 255));
    assert.deepEqual([unknown?.events, unknown?.partial], [[], true]);
    assert.equal(client.decodeEvents(change(VERSION, 255)), undefined);
    assert.equal(client.decodeEvents(new Uint8Array(10)), undefined);
});

test('only what the program itself logs counts', () => {
    const [{ message }] = vectors.events as [Vectors['events'][number]];
    const [us, other] = [client.KEDGE_PROGRAM_ADDRESS, '11111111111111111111111111111111'];
    const data = `Program data: ${getBase64Decoder().decode(fromHex(message))}`;
    const within = (program: string, depth: number, ...lines: string[]) => [
        `Program ${program} invoke [${depth}]`,
        ...lines,
        `Program ${program} success`,
    ];
    assert.equal(client.logEvents(within(us, 1, data)).length, 1);
    assert.equal(client.logEvents(within(other, 1, data)).length, 0);
    assert.equal(client.logEvents(within(us, 1, ...within(other, 2, data))).length, 0);
    assert.equal(client.logEvents(within(us, 1, ...within(other, 2), data)).length, 1);
    assert.equal(client.logEvents([...within(us, 1), data]).length, 0);
});

test('U2, U6: records of a landed transaction in every encoding, and none of a failed one', () => {
    const [{ message }] = vectors.events as [Vectors['events'][number]];
    const us = client.KEDGE_PROGRAM_ADDRESS;
    const wallet = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
    const line = `Program data: ${getBase64Decoder().decode(fromHex(message))}`;
    const data = getBase58Decoder().decode(Uint8Array.from([...client.EVENT_CALL_TAG, ...fromHex(message)]));
    const meta = {
        err: null as unknown,
        innerInstructions: [{ index: 0, instructions: [{ programIdIndex: 1, accounts: [], data, stackHeight: 2 }] }],
        logMessages: [`Program ${us} invoke [1]`, line, `Program ${us} success`],
    };
    const parsed = {
        ...meta,
        innerInstructions: [
            {
                index: 0,
                instructions: [
                    { programId: us, accounts: [], data },
                    { parsed: {}, program: 'spl-token', programId: wallet },
                ],
            },
        ],
    };
    const bytes = wire(address(wallet), address(us));
    const encodings: [string, client.LandedTransaction][] = [
        ['json', { meta, transaction: { message: { accountKeys: [wallet, us] } } }],
        [
            'jsonParsed',
            { meta: parsed, transaction: { message: { accountKeys: [{ pubkey: wallet }, { pubkey: us }] } } },
        ],
        ['base64', { meta, transaction: [getBase64Decoder().decode(bytes), 'base64'] }],
        ['base58', { meta, transaction: [getBase58Decoder().decode(bytes), 'base58'] }],
        ['base58 of old', { meta, transaction: getBase58Decoder().decode(bytes) }],
    ];
    for (const [encoding, landed] of encodings) {
        const found = client.transactionEvents(landed);
        assert.equal(found.length, 2, encoding);
        found.forEach(({ events }) => assert.equal(events.length, 1, encoding));
        const failed = { ...landed, meta: { ...landed.meta!, err: { InstructionError: [1, { Custom: 6000 }] } } };
        assert.deepEqual(client.transactionEvents(failed), [], `${encoding}, failed`);
    }
    assert.throws(() => client.transactionEvents({ meta: null, transaction: '' }), /keeps no record/);
});

/** A transaction of one instruction without data. */
function wire(payer: Address, programAddress: Address): ReadonlyUint8Array {
    const message = pipe(
        createTransactionMessage({ version: 0 }),
        (m) => setTransactionMessageFeePayer(payer, m),
        (m) =>
            setTransactionMessageLifetimeUsingBlockhash(
                { blockhash: payer as string as Blockhash, lastValidBlockHeight: 1n },
                m,
            ),
        (m) => appendTransactionMessageInstruction({ programAddress }, m),
    );
    return getTransactionEncoder().encode(compileTransaction(message));
}

test('every address is derived', async () => {
    for (const { name, seeds, address } of vectors.addresses) {
        const [found] = await generated<(seeds: unknown) => Promise<[string]>>(`find${pascal(name)}Pda`)(seeds);
        assert.equal(found, address, name);
    }
});
