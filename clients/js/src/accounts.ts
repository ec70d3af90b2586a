// What the generated code reads accounts with. Kit's own functions read any account as any kind; these refuse another
// program's account, another kind, another version and another size.

import {
    createDecoder,
    type Account,
    type Decoder,
    type EncodedAccount,
    type MaybeAccount,
    type MaybeEncodedAccount,
    type ReadonlyUint8Array,
} from '@solana/kit';

import { identifyKedgeAccount, KEDGE_PROGRAM_ADDRESS, KedgeAccount } from './generated/programs/kedge.js';

/** Account data that is not what it was read as. */
export class KedgeAccountError extends Error {
    override readonly name = 'KedgeAccountError';
}

/** Reads an account's data from its discriminator on, when it is of this kind, version and size. */
export function accountDecoder<D extends Decoder<any>>(kind: KedgeAccount, version: number, decoder: D): D {
    const read = (bytes: ReadonlyUint8Array | Uint8Array, offset: number) => {
        const data = offset === 0 ? bytes : bytes.slice(offset);
        const refuse = (what: string): never => {
            throw new KedgeAccountError(what);
        };
        const found = kindOf(data) ?? refuse(`this is no account of the exchange, and no ${KedgeAccount[kind]}`);
        if (found !== kind) refuse(`this is a ${KedgeAccount[found]}, not a ${KedgeAccount[kind]}`);
        if (data[8] !== version) {
            refuse(`this ${KedgeAccount[kind]} has layout ${data[8]}, this client reads ${version}: update the client`);
        }
        if ('fixedSize' in decoder && data.length !== decoder.fixedSize) {
            refuse(`a ${KedgeAccount[kind]} has ${decoder.fixedSize} bytes, this has ${data.length}`);
        }
        return decoder.read(bytes, offset);
    };
    return createDecoder({ ...decoder, read } as any) as D;
}

function kindOf(data: ReadonlyUint8Array): KedgeAccount | undefined {
    try {
        return identifyKedgeAccount(data);
    } catch {
        return undefined;
    }
}

export function decodeAccount<T extends object, A extends string = string>(
    account: EncodedAccount<A>,
    decoder: Decoder<T>,
): Account<T, A>;
export function decodeAccount<T extends object, A extends string = string>(
    account: MaybeEncodedAccount<A>,
    decoder: Decoder<T>,
): MaybeAccount<T, A>;
/** Reads a fetched account that belongs to the exchange; one that does not exist passes. */
export function decodeAccount<T extends object, A extends string = string>(
    account: EncodedAccount<A> | MaybeEncodedAccount<A>,
    decoder: Decoder<T>,
): Account<T, A> | MaybeAccount<T, A> {
    if ('exists' in account && !account.exists) return account;
    if (account.programAddress !== KEDGE_PROGRAM_ADDRESS) {
        throw new KedgeAccountError(`${account.address} belongs to ${account.programAddress}, not to the exchange`);
    }
    try {
        return Object.freeze({ ...account, data: decoder.decode(account.data) });
    } catch (error) {
        if (error instanceof KedgeAccountError) throw new KedgeAccountError(`${account.address}: ${error.message}`);
        throw error;
    }
}
