// What Codama does not render: constants, and error texts that are there in production too.

const HEAD = '// Generated from idl/kedge.json; do not edit.\n\n';

/** `constants` of the IDL. */
export function constantsPage(idl) {
    // Seeds are in the functions that derive addresses.
    const told = idl.constants.filter(({ name }) => !name.endsWith('_SEED'));
    const types = "import type { ReadonlyUint8Array } from '@solana/kit';\n\n";
    return HEAD + types + told.map(constant).join('');
}

/** A constant: 64-bit numbers are bigints, as in accounts and records. */
function constant({ name, docs, type, value }) {
    const doc = docs ? `/** ${docs.join(' ')} */\n` : '';
    if (type === 'bytes') return `${doc}export const ${name}: ReadonlyUint8Array = new Uint8Array(${value});\n`;
    return `${doc}export const ${name} = ${value}${/^[ui]64$/.test(type) ? 'n' : ''};\n`;
}

/** Numbers, names and texts of the errors. */
export function errorsPage(idl) {
    const entries = idl.errors.map(
        ({ code, name, msg }) => `    [${code}, { name: ${JSON.stringify(name)}, message: ${JSON.stringify(msg)} }],\n`,
    );
    return `${HEAD}/** Name and text of every error of the program, by number. */
export const KEDGE_ERRORS: ReadonlyMap<number, { readonly name: string; readonly message: string }> = new Map([
${entries.join('')}]);
`;
}
