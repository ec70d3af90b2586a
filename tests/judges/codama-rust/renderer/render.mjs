// Writes ../src/generated from the Codama tree, and nothing beside it.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { renderVisitor } from '@codama/renderers-rust';
import { visit } from '@codama/visitors-core';

const tree = new URL('../../../../idl/kedge.codama.json', import.meta.url);
const folder = fileURLToPath(new URL('..', import.meta.url));
const options = { deleteFolderBeforeRendering: true, formatCode: false, syncCargoToml: false };
visit(JSON.parse(readFileSync(tree, 'utf8')), renderVisitor(folder, options));
