// Writes src/generated from idl/kedge.json; with --check, fails when what is there differs.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { renderVisitor } from '@codama/renderers-js';

import { nodesOf } from './nodes.mjs';
import { constantsPage, errorsPage } from './pages.mjs';
import { finished } from './text.mjs';

const PACKAGE = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const IDL = resolve(PACKAGE, '../../idl/kedge.json');
const FOLDER = 'src/generated';
/** The same as a Codama tree, for its other renderers: with what the IDL's format has no word for. */
const TREE = resolve(PACKAGE, '../../idl/kedge.codama.json');

async function generate(folder, tree) {
    const idl = JSON.parse(readFileSync(IDL, 'utf8'));
    const codama = nodesOf(idl);
    writeFileSync(tree, `${JSON.stringify(JSON.parse(codama.getJson()), null, 1)}\n`);
    await codama.accept(
        renderVisitor(folder, { generatedFolder: FOLDER, kitImportStrategy: 'rootOnly', syncPackageJson: false }),
    );
    const generated = join(folder, FOLDER);
    writeFileSync(join(generated, 'constants.ts'), constantsPage(idl));
    writeFileSync(join(generated, 'errorTable.ts'), errorsPage(idl));
    writeFileSync(join(generated, 'index.ts'), 'export * from "./constants";\nexport * from "./errorTable";\n', {
        flag: 'a',
    });
    for (const file of files(generated)) {
        writeFileSync(file, finished(relative(generated, file), withExtensions(file)));
    }
}

/** ES modules of Node name the file: './types' becomes './types/index.js'. */
function withExtensions(file) {
    const text = readFileSync(file, 'utf8');
    return text.replace(/(from\s+)"(\.{1,2}(?:\/[^"]*)?)"/g, (_, from, path) => {
        const target = join(dirname(file), path);
        const isFolder = existsSync(target) && statSync(target).isDirectory();
        return `${from}"${path}${isFolder ? '/index.js' : '.js'}"`;
    });
}

function files(folder) {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
        .sort();
}

async function check() {
    const folder = mkdtempSync(join(tmpdir(), 'kedge-client-'));
    try {
        const tree = join(folder, 'tree.json');
        await generate(folder, tree);
        const read = (root) =>
            new Map(
                existsSync(root) ? files(root).map((file) => [relative(root, file), readFileSync(file, 'utf8')]) : [],
            );
        const [fresh, committed] = [read(join(folder, FOLDER)), read(join(PACKAGE, FOLDER))];
        const names = [...new Set([...fresh.keys(), ...committed.keys()])].sort();
        const different = names.filter((name) => fresh.get(name) !== committed.get(name));
        const sameTree = existsSync(TREE) && readFileSync(TREE, 'utf8') === readFileSync(tree, 'utf8');
        return sameTree ? different : [relative(PACKAGE, TREE), ...different];
    } finally {
        rmSync(folder, { recursive: true });
    }
}

if (process.argv.includes('--check')) {
    const different = await check();
    if (different.length > 0) {
        console.error(`clients/js/${FOLDER} or its tree differs from the IDL; run \`make client\` and commit it:`);
        different.slice(0, 20).forEach((name) => console.error(`  ${name}`));
        process.exit(1);
    }
} else {
    await generate(PACKAGE, TREE);
}
