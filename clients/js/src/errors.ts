// Which rule a failed transaction broke.

import { isSolanaError, SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM } from '@solana/kit';

import { KEDGE_ERRORS } from './generated/index.js';

/** An error of the program. */
export type KedgeFailure = {
    /** Number. */
    readonly code: number;
    /** Name, as in the IDL. */
    readonly name: string;
    /** What happened and what to do. */
    readonly message: string;
    /** Index of the instruction in its transaction. */
    readonly instruction: number;
};

/**
 * The program's error behind a failed transaction; `undefined` when it was something else, or nothing failed.
 *
 * Takes what sending or simulating threw, the value of a simulation, the `meta` of a past transaction, or the `err` of
 * either, of a signature's status or of a log.
 *
 * Numbers of custom errors belong to the program that failed. In a transaction with other programs' instructions, look
 * at `instruction` too.
 */
export function kedgeFailure(error: unknown): KedgeFailure | undefined {
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
        if (isSolanaError(cause, SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM)) {
            return failure(cause.context.index, cause.context.code);
        }
    }
    const stated = property(error, 'err') ?? error;
    const [instruction, reason] = list(property(stated, 'InstructionError'));
    return failure(instruction, property(reason, 'Custom'));
}

function failure(instruction: unknown, code: unknown): KedgeFailure | undefined {
    // Answers of endpoints have bigints in these places.
    const known = code === undefined ? undefined : KEDGE_ERRORS.get(Number(code));
    return known && { code: Number(code), ...known, instruction: Number(instruction) };
}

function property(value: unknown, name: string): unknown {
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function list(value: unknown): readonly unknown[] {
    return Array.isArray(value) ? value : [];
}
