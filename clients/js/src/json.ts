// Values as JSON.

/**
 * JSON of any value of this client. Integers of 64 bits are text, which every reader keeps: a JSON number over 2^53 is
 * rounded by most, and `JSON.stringify` refuses them.
 */
export function toJson(value: unknown, indent?: number): string {
    const plain = (_: string, item: unknown) =>
        typeof item === 'bigint' ? item.toString() : item instanceof Uint8Array ? [...item] : item;
    return JSON.stringify(value, plain, indent);
}
