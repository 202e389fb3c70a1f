// Generates src/generated/*.d.ts from the OpenAPI documents that the Python side writes to openapi/.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const documents = ["ops", "panel", "kiosk"];

await mkdir(new URL("../src/generated/", import.meta.url), { recursive: true });
for (const name of documents) {
  const source = new URL(`../openapi/${name}.json`, import.meta.url);
  // A field with a default is always in an answer; only in a request may it be left out.
  const tree = await openapiTS(JSON.parse(await readFile(source, "utf8")), { defaultNonNullable: true });
  await writeFile(
    new URL(`../src/generated/${name}.d.ts`, import.meta.url),
    `// Generated from openapi/${name}.json by dev/types.mjs; not edited.\n${astToString(tree)}`,
  );
}
