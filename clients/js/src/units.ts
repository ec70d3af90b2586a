// Decimal text to the exchange's integers and back, without a floating-point number in between.

/** Decimals of prices. */
export const PRICE_DECIMALS = 6;
/** Decimals of amounts in the quote asset. */
export const QUOTE_DECIMALS = 6;
/** Decimals of sizes and positions. */
export const BASE_DECIMALS = 9;
/** Decimals of ratios: parts per million. */
export const RATIO_DECIMALS = 6;

/** Largest integer that the exchange has a place for. */
const MOST = 2n ** 64n - 1n;
/** Digits of a decimal number that a floating-point number always keeps. */
const KEPT = 15;

/**
 * The integer that stands for a decimal number: `toUnits('1.5', 6)` is `1_500_000n`. Text is read as the command line
 * reads it: digits with at most one point and no exponent, `_` between digits, zeros behind the last decimal; here a sign
 * too.
 *
 * @throws RangeError when it is no decimal number, has more decimals, or is a `number` of more than 15 digits, which is not
 * what was written: nothing is rounded.
 */
export function toUnits(value: string | number | bigint, decimals: number): bigint {
    const text = String(value);
    const match = /^(-?)(\d+(?:_+\d+)*)?(?:\.(\d+(?:_+\d+)*)?)?$/.exec(text);
    const [, sign, whole = '', fraction = ''] = match ?? [];
    const digits = whole.replaceAll('_', '');
    const behind = fraction.replaceAll('_', '').replace(/0+$/, '');
    if (!match || (whole === '' && fraction === '') || behind.length > decimals) {
        throw new RangeError(`${text} is not a decimal number with up to ${decimals} decimals`);
    }
    if (typeof value === 'number' && (digits + behind).replace(/^0+/, '').length > KEPT) {
        throw new RangeError(`${text} has more digits than a number keeps: pass text`);
    }
    const units = BigInt(digits + behind.padEnd(decimals, '0'));
    if (units > MOST) throw new RangeError(`${text} is too large`);
    return sign ? -units : units;
}

/** The exact decimal text of an integer: `fromUnits(1_500_000n, 6)` is `'1.5'`. */
export function fromUnits(units: bigint, decimals: number): string {
    const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
    const cut = digits.length - decimals;
    const fraction = digits.slice(cut).replace(/0+$/, '');
    return `${units < 0n ? '-' : ''}${digits.slice(0, cut)}${fraction && `.${fraction}`}`;
}

/** A price in the quote asset, such as `price('181.25')`. */
export const price = (value: string | number | bigint): bigint => toUnits(value, PRICE_DECIMALS);
/** An amount of the quote asset, such as `quote('100')`. */
export const quote = (value: string | number | bigint): bigint => toUnits(value, QUOTE_DECIMALS);
/** A size or position, such as `base('2.5')`. */
export const base = (value: string | number | bigint): bigint => toUnits(value, BASE_DECIMALS);
