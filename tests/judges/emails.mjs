// Which features of the emails on standard input (a JSON list of HTML texts) the mail programs named do not support.
import { caniemail } from "caniemail";

const clients = process.argv.slice(2);
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const found = JSON.parse(Buffer.concat(chunks)).map((html) => {
  const { issues } = caniemail({ clients, html });
  const said = {};
  for (const kind of ["errors", "warnings"]) {
    for (const [client, list] of issues[kind]) {
      for (const issue of list) (said[`${kind}: ${issue.title}`] ??= []).push(client);
    }
  }
  return said;
});
process.stdout.write(JSON.stringify(found));
