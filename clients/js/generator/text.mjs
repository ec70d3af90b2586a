// What the renderer has no option for, changed in the text that it wrote. A change that finds nothing to change fails.

import { readFileSync } from 'node:fs';

/** Functions that stand in files of src in place of Kit's. */
const OURS = ['accounts', 'checked'].map((file) => {
    const text = readFileSync(new URL(`../src/${file}.ts`, import.meta.url), 'utf8');
    return [file, [...text.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, name]) => name)];
});

/** The text of a generated file at `path` below src/generated. */
export function finished(path, text) {
    text = checkedImports(inferred(text));
    if (path.startsWith('accounts/') && !path.endsWith('index.ts')) text = checkedAccount(text);
    if (path === 'errors/kedge.ts') text = withoutProcess(text);
    return text;
}

function replaced(text, pattern, by) {
    const changed = text.replace(pattern, by);
    if (changed === text) throw new Error(`the renderer writes no ${pattern} any more`);
    return changed;
}

/** The renderer states the plugin's type as an older Kit did; Kit 8 has another, which the compiler finds by itself. */
function inferred(text) {
    return text.replace(/\): Omit<T, "\w+"> & \{ \w+: \w+ \} =>/, ') =>');
}

/** Takes from our own files what is there. */
function checkedImports(text) {
    return text.replace(/import \{([^}]*)\} from "@solana\/kit";\n/, (_, list) => {
        let kit = list
            .split(',')
            .map((name) => name.trim())
            .filter(Boolean);
        const lines = [];
        for (const [file, ours] of OURS) {
            const here = kit.filter((name) => ours.includes(name));
            kit = kit.filter((name) => !here.includes(name));
            if (here.length > 0) lines.push(imported(here, `../../${file}.js`));
        }
        if (kit.length > 0) lines.unshift(imported(kit, '@solana/kit'));
        return lines.join('');
    });
}

function imported(names, from) {
    const one = `import { ${names.join(', ')} } from "${from}";\n`;
    return one.length <= 81 ? one : `import {\n${names.map((name) => `  ${name},\n`).join('')}} from "${from}";\n`;
}

/** Decoders of accounts look at kind, version and size. */
function checkedAccount(text) {
    const [, kind] = /export function get(\w+)Decoder\(/.exec(text);
    const version = `${kind.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}_VERSION`;
    text = replaced(
        text,
        /(export function get\w+Decoder\(\)[^{]*\{\s*return )(getStructDecoder\(\[[\s\S]*?\n  \]\));/,
        `$1accountDecoder(KedgeAccount.${kind}, ${version}, $2);`,
    );
    return replaced(
        text,
        'import { decodeAccount } from "../../accounts.js";\n',
        `import { accountDecoder, decodeAccount } from "../../accounts.js";
import { ${version} } from "../constants.js";
import { KedgeAccount } from "../programs/kedge.js";
`,
    );
}

/** Error texts in every build, and no `process`, which browsers do not have. */
function withoutProcess(text) {
    text = replaced(text, /let kedgeErrorMessages[\s\S]*?\n\}\n/, '');
    text = replaced(
        text,
        /(export function getKedgeErrorMessage[^{]*\{)[\s\S]*?\n\}\n/,
        '$1\n  return KEDGE_ERRORS.get(code)?.message ?? `error ${code} is unknown`;\n}\n',
    );
    return replaced(
        text,
        /(import \{ KEDGE_PROGRAM_ADDRESS \})/,
        'import { KEDGE_ERRORS } from "../errorTable.js";\n$1',
    );
}
