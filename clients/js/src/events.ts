// What a transaction did: the program's records in its calls to itself and in the log.

import { address, getBase58Encoder, getBase64Encoder, type Address, type ReadonlyUint8Array } from '@solana/kit';

import {
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

/** First bytes of a call of the program to itself that carries records. */
const CALL_TAG = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];
/** Version of the format that is read here. */
const VERSION = 1;

/** The records in a message; `undefined` when it is none of this version. */
export function decodeEvents(message: ReadonlyUint8Array): EventBatch | undefined {
    try {
        let [header, offset] = getEventHeaderDecoder().read(message, 0);
        if (header.version !== VERSION) return undefined;
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

/** The part of `getTransaction`'s answer (encoding `json`) that holds records. */
export type LandedTransaction = {
    readonly meta: {
        readonly innerInstructions?:
            | readonly {
                  readonly instructions: readonly { readonly data: string; readonly programIdIndex: number }[];
              }[]
            | null;
        readonly loadedAddresses?: {
            readonly writable: readonly string[];
            readonly readonly: readonly string[];
        } | null;
        readonly logMessages?: readonly string[] | null;
    } | null;
    readonly transaction: { readonly message: { readonly accountKeys: readonly string[] } };
};

/** All records of a landed transaction: those that moved money, then those of the log. */
export function transactionEvents({ meta, transaction }: LandedTransaction): EventBatch[] {
    const loaded = meta?.loadedAddresses;
    const keys = [...transaction.message.accountKeys, ...(loaded?.writable ?? []), ...(loaded?.readonly ?? [])];
    const calls = (meta?.innerInstructions ?? []).flatMap(({ instructions }) => instructions);
    const called = calls.flatMap(({ data, programIdIndex }) => {
        const program = keys[programIdIndex];
        return program === undefined ? [] : (callEvents(address(program), getBase58Encoder().encode(data)) ?? []);
    });
    return [...called, ...logEvents(meta?.logMessages ?? [])];
}

/** The records in an inner instruction; `undefined` when it is not a call of the program to itself. */
export function callEvents(program: Address, data: ReadonlyUint8Array): EventBatch | undefined {
    if (program !== KEDGE_PROGRAM_ADDRESS || CALL_TAG.some((byte, index) => data[index] !== byte)) return undefined;
    return decodeEvents(data.slice(CALL_TAG.length));
}

/**
 * The records in a transaction's log. Only what is written while the program itself runs counts: another program can
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
