// Decimal text to the exchange's integers and back, without a floating-point number in between.

/** Decimals of prices. */
export const PRICE_DECIMALS = 6;
/** Decimals of amounts in the quote asset. */
export const QUOTE_DECIMALS = 6;
/** Decimals of sizes and positions. */
export const BASE_DECIMALS = 9;
/** Decimals of ratios: parts per million. */
export const RATIO_DECIMALS = 6;

/**
 * The integer that stands for a decimal number: `toUnits('1.5', 6)` is `1_500_000n`.
 *
 * @throws RangeError when the text is no decimal number or has more decimals: nothing is rounded.
 */
export function toUnits(value: string | number | bigint, decimals: number): bigint {
    const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(value));
    const [, sign, whole, fraction = ''] = match ?? [];
    if (whole === undefined || fraction.length > decimals) {
        throw new RangeError(`${value} is not a decimal number with up to ${decimals} decimals`);
    }
    const units = BigInt(whole + fraction.padEnd(decimals, '0'));
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
