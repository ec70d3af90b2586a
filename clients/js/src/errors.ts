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
 * The program's error behind what sending or simulating a transaction threw; `undefined` when it was something else.
 *
 * Numbers of custom errors belong to the program that failed. In a transaction with other programs' instructions, look
 * at `instruction` too.
 */
export function kedgeFailure(error: unknown): KedgeFailure | undefined {
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
        if (!isSolanaError(cause, SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM)) continue;
        const { code, index } = cause.context;
        const known = KEDGE_ERRORS.get(code);
        return known && { code, ...known, instruction: index };
    }
    return undefined;
}
