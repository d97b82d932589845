// A program that uses a PostHog SDK for Node, by the name of its package.
//
// It does the calls that stdin asks for, then shuts the SDK down, and prints what they returned.
const { readFileSync } = require("node:fs");
const { PostHog } = require(process.argv[2]);

// A call is a method's name and its arguments; a `timestamp` in the first is given as a Date.
async function call(client, method, args) {
  const [first] = args;
  if (first?.timestamp) first.timestamp = new Date(first.timestamp);
  return (await client[method](...args)) ?? null;
}

async function main() {
  const script = JSON.parse(readFileSync(0, "utf8"));
  const client = new PostHog(script.token, { host: script.host, ...script.options });
  const returned = [];
  for (const [method, args] of script.calls) returned.push(await call(client, method, args));
  await client.shutdown();
  console.log(JSON.stringify(returned));
}

main();
