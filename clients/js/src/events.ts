// What a transaction did: the program's records in its calls to itself and in the log.

import {
    address,
    getBase58Encoder,
    getBase64Encoder,
    getCompiledTransactionMessageDecoder,
    getTransactionDecoder,
    type Address,
    type ReadonlyUint8Array,
} from '@solana/kit';

import {
    EVENT_CALL_TAG,
    EVENT_VERSION,
    getEventHeaderDecoder,
    getKedgeEventDecoder,
    getRecordHeaderDecoder,
    KEDGE_PROGRAM_ADDRESS,
    type EventHeader,
    type KedgeEvent,
} from './generated/index.js';

/** The records of one instruction. */
export type EventBatch = {
    /** Who, where, and in which order. */
    readonly header: EventHeader;
    /** What. */
    readonly events: readonly KedgeEvent[];
    /** Whether records are missing: kinds of a newer program. */
    readonly partial: boolean;
};

/** The records in a message; `undefined` when it is none of this version. */
export function decodeEvents(message: ReadonlyUint8Array): EventBatch | undefined {
    try {
        let [header, offset] = getEventHeaderDecoder().read(message, 0);
        if (header.version !== EVENT_VERSION) return undefined;
        const events: KedgeEvent[] = [];
        while (offset < message.length) {
            const [record, start] = getRecordHeaderDecoder().read(message, offset);
            offset = start + record.length;
            const event = decodeRecord(record.kind, message.slice(start, offset));
            if (event) events.push(event);
        }
        return { header, events, partial: events.length !== header.count };
    } catch {
        return undefined;
    }
}

/** A record of a known kind and size. */
function decodeRecord(kind: number, body: Uint8Array): KedgeEvent | undefined {
    const tagged = new Uint8Array([kind, ...body]);
    try {
        const [event, end] = getKedgeEventDecoder().read(tagged, 0);
        return end === tagged.length && 'record' in event ? event : undefined;
    } catch {
        return undefined;
    }
}

/** An instruction that another called: as numbers and base58, or as the endpoint has parsed it. */
type Called =
    | { readonly data: string; readonly programIdIndex: number }
    | { readonly data: string; readonly programId: string }
    | { readonly parsed: unknown };

/** The part of `getTransaction`'s answer that holds records, in any encoding. */
export type LandedTransaction = {
    readonly meta: {
        readonly err: unknown;
        readonly innerInstructions?: readonly { readonly instructions: readonly Called[] }[] | null;
        readonly loadedAddresses?: {
            readonly writable: readonly string[];
            readonly readonly: readonly string[];
        } | null;
        readonly logMessages?: readonly string[] | null;
    } | null;
    readonly transaction:
        | readonly [string, 'base64' | 'base58']
        | string
        | { readonly message: { readonly accountKeys: readonly (string | { readonly pubkey: string })[] } };
};

/**
 * All records of a landed transaction: those that moved money, then those of the log. None of a failed one: what its
 * instructions recorded before one of them failed was undone.
 *
 * Fetch it with any `encoding`, and with `maxSupportedTransactionVersion: 0`.
 *
 * @throws Error when the endpoint keeps neither log nor inner instructions of it: nothing is then known of its records.
 */
export function transactionEvents({ meta, transaction }: LandedTransaction): EventBatch[] {
    if (!meta || (!meta.innerInstructions && !meta.logMessages)) {
        throw new Error('the endpoint keeps no record of what this transaction did: ask another one');
    }
    if (meta.err) return [];
    const keys = [...staticKeys(transaction), ...(meta.loadedAddresses?.writable ?? [])];
    keys.push(...(meta.loadedAddresses?.readonly ?? []));
    const calls = (meta.innerInstructions ?? []).flatMap(({ instructions }) => instructions);
    const called = calls.flatMap((call) => {
        // Only programs that the endpoint knows are parsed.
        if (!('data' in call)) return [];
        const program = 'programId' in call ? call.programId : keys[call.programIdIndex];
        return program === undefined ? [] : (callEvents(address(program), getBase58Encoder().encode(call.data)) ?? []);
    });
    return [...called, ...logEvents(meta.logMessages ?? [])];
}

/** The addresses in the transaction itself; those of lookup tables follow them. */
function staticKeys(transaction: LandedTransaction['transaction']): string[] {
    if (typeof transaction === 'object' && 'message' in transaction) {
        const { accountKeys } = transaction.message;
        // As the endpoint parses it, the loaded ones are among them; calls name their program then.
        return accountKeys.map((key) => (typeof key === 'string' ? key : key.pubkey));
    }
    const [text, encoding] = typeof transaction === 'string' ? [transaction, 'base58'] : transaction;
    const bytes = (encoding === 'base64' ? getBase64Encoder() : getBase58Encoder()).encode(text);
    const { messageBytes } = getTransactionDecoder().decode(bytes);
    return [...getCompiledTransactionMessageDecoder().decode(messageBytes).staticAccounts];
}

/** The records in an inner instruction; `undefined` when it is not a call of the program to itself. */
export function callEvents(program: Address, data: ReadonlyUint8Array): EventBatch | undefined {
    if (program !== KEDGE_PROGRAM_ADDRESS || EVENT_CALL_TAG.some((byte, index) => data[index] !== byte)) return undefined;
    return decodeEvents(data.slice(EVENT_CALL_TAG.length));
}

/**
 * The records in a log that a transaction left which did not fail; a subscription says whether it did (`err`). Only what is written while the program itself runs counts: another program can
 * write the same bytes.
 */
export function logEvents(logs: readonly string[]): EventBatch[] {
    const running: string[] = [];
    const batches: EventBatch[] = [];
    for (const line of logs) {
        const [, data] = /^Program data: (\S+)/.exec(line) ?? [];
        const [, program, what] = /^Program (\w+) (invoke \[|success|failed)/.exec(line) ?? [];
        if (data !== undefined && running.at(-1) === KEDGE_PROGRAM_ADDRESS) {
            const batch = decodeEvents(getBase64Encoder().encode(data));
            if (batch) batches.push(batch);
        } else if (program !== undefined && what === 'invoke [') {
            running.push(program);
        } else if (program !== undefined && running.at(-1) === program) {
            running.pop();
        }
    }
    return batches;
}
