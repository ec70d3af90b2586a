// What the generated code encodes with. Kit's own functions write text for a number as zero, cut what is too long, and
// take numbers that are no longer exact; these refuse.

import {
    createEncoder,
    fixEncoderSize as kitFixEncoderSize,
    getBooleanEncoder as kitGetBooleanEncoder,
    getEnumEncoder as kitGetEnumEncoder,
    getI64Encoder as kitGetI64Encoder,
    getStructEncoder as kitGetStructEncoder,
    getU16Encoder as kitGetU16Encoder,
    getU32Encoder as kitGetU32Encoder,
    getU64Encoder as kitGetU64Encoder,
    getU8Encoder as kitGetU8Encoder,
    type Encoder,
    type FixedSizeEncoder,
    type ReadonlyUint8Array,
} from '@solana/kit';

/** An encoder that first looks at the value. */
function checked<E extends Encoder<any>>(encoder: E, check: (value: unknown) => void): E {
    const looking =
        <R>(then: (value: unknown, ...rest: any[]) => R) =>
        (value: unknown, ...rest: any[]) => {
            check(value);
            return then(value, ...rest);
        };
    const write = looking(encoder.write);
    return createEncoder(
        'getSizeFromValue' in encoder
            ? { ...encoder, write, getSizeFromValue: looking(encoder.getSizeFromValue) }
            : ({ ...encoder, write } as any),
    ) as E;
}

const shown = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value) : String(value));

/** Whole numbers from `low` to `high`: a `number` only where it can be told from its neighbours, up to 2^53. */
function integer<E extends FixedSizeEncoder<bigint | number>>(encoder: E, low: bigint, high: bigint): E {
    return checked(encoder, (value) => {
        if (typeof value === 'number' && !Number.isSafeInteger(value)) {
            const why = Number.isInteger(value) ? 'is over 2^53 and not exact: pass a bigint' : 'is no whole number';
            throw new RangeError(`${value} ${why}`);
        }
        if (typeof value !== 'number' && typeof value !== 'bigint') {
            throw new TypeError(`${shown(value)} is no number`);
        }
        if (value < low || value > high) throw new RangeError(`${value} is not between ${low} and ${high}`);
    });
}

const unsigned = <E extends FixedSizeEncoder<bigint | number>>(encoder: E) =>
    integer(encoder, 0n, 2n ** BigInt(8 * encoder.fixedSize) - 1n);

/** One byte. */
export const getU8Encoder = () => unsigned(kitGetU8Encoder());
/** Two bytes, little-endian. */
export const getU16Encoder = () => unsigned(kitGetU16Encoder());
/** Four bytes, little-endian. */
export const getU32Encoder = () => unsigned(kitGetU32Encoder());
/** Eight bytes, little-endian. */
export const getU64Encoder = () => unsigned(kitGetU64Encoder());
/** Eight bytes, little-endian, in two's complement. */
export const getI64Encoder = () => integer(kitGetI64Encoder(), -(2n ** 63n), 2n ** 63n - 1n);

/** One byte, of nothing but `true` and `false`. */
export const getBooleanEncoder = () =>
    checked(kitGetBooleanEncoder(), (value) => {
        if (typeof value !== 'boolean') throw new TypeError(`${shown(value)} is neither true nor false`);
    });

/** The number of a variant. Text is no variant, also not its name: names can be misspelt. */
export const getEnumEncoder = ((variants: Record<string, string | number>) =>
    checked(kitGetEnumEncoder(variants), (value) => {
        if (typeof value === 'number' && typeof variants[value] === 'string') return;
        const names = Object.keys(variants).filter((name) => Number.isNaN(Number(name)));
        throw new TypeError(`${shown(value)} is no variant: use the enum (${names.join(', ')})`);
    })) as unknown as typeof kitGetEnumEncoder;

/** Text of at most `size` bytes, zero-padded, or exactly so many bytes. */
export const fixEncoderSize = (<T, S extends number>(encoder: Encoder<T>, size: S) =>
    checked(kitFixEncoderSize(encoder, size), (value) => {
        if (typeof value === 'string') {
            const length = new TextEncoder().encode(value).length;
            if (length > size) throw new RangeError(`${shown(value)} has ${length} bytes, more than ${size}`);
        } else if ((value as ReadonlyUint8Array | undefined)?.length !== size) {
            throw new RangeError(`${size} bytes are wanted`);
        }
    })) as unknown as typeof kitFixEncoderSize;

/** Fields one after the other; what is refused is told with the field's name. */
export const getStructEncoder = ((fields: readonly (readonly [string, Encoder<any>])[]) =>
    kitGetStructEncoder(
        fields.map(([name, encoder]) => [name, named(name, encoder)] as const),
    )) as unknown as typeof kitGetStructEncoder;

function named<E extends Encoder<any>>(name: string, encoder: E): E {
    const telling =
        <A extends unknown[], R>(act: (...values: A) => R) =>
        (...values: A) => {
            try {
                return act(...values);
            } catch (error) {
                if (error instanceof RangeError) throw new RangeError(`${name}: ${error.message}`);
                if (error instanceof TypeError) throw new TypeError(`${name}: ${error.message}`);
                throw error;
            }
        };
    const write = telling(encoder.write);
    return createEncoder(
        'getSizeFromValue' in encoder
            ? { ...encoder, write, getSizeFromValue: telling(encoder.getSizeFromValue) }
            : ({ ...encoder, write } as any),
    ) as E;
}
