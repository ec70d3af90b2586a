// What Codama does not render: constants, and error texts that are there in production too.

const HEAD = '// Generated from idl/kedge.json; do not edit.\n\n';

/** `constants` of the IDL. */
export function constantsPage(idl) {
    // Seeds are in the functions that derive addresses.
    const numbers = idl.constants.filter(({ type }) => type !== 'bytes');
    return HEAD + numbers.map(({ name, value }) => `export const ${name} = ${value};\n`).join('');
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
