// Opens pages in a browser, takes the steps in each that stdin asks for, and prints what they
// returned, what was asked for, and all that the console says and that failed.
const { readFileSync } = require("node:fs");
const { chromium } = require("playwright-core");

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// So many milliseconds later or earlier, as a clock that is wrong has it.
function wrongClock(error) {
  const Real = Date;
  const now = () => Real.now() + error;
  globalThis.Date = class extends Real {
    constructor(...said) {
      super(...(said.length ? said : [now()]));
    }
    static now() {
      return now();
    }
  };
}

async function visit(browser, { url, steps, error, script, picture, fullPage = true, until, ...more }) {
  const context = await browser.newContext(more);
  if (error) await context.addInitScript(wrongClock, error);
  const page = await context.newPage();
  const said = [];
  const asked = [];
  page.on("console", (one) => said.push(`${one.type()}: ${one.text()}`));
  page.on("pageerror", (one) => said.push(`error: ${one.message}`));
  page.on("requestfailed", (one) => said.push(`failed: ${one.method()} ${one.url()}`));
  page.on("response", (one) => asked.push([one.request().method(), one.url(), one.status()]));
  await page.goto(url, { waitUntil: "load" });
  if (script) await page.evaluate(readFileSync(require.resolve(script), "utf8"));
  if (picture) await page.screenshot({ path: picture, fullPage });
  const returned = [];
  for (const step of steps) returned.push((await page.evaluate(step)) ?? null);
  if (until) await page.waitForSelector(until);
  // What is sent when a page is left comes after it.
  await page.goto("about:blank");
  await page.waitForTimeout(300);
  await context.close();
  return { said, asked, returned };
}

async function main() {
  const { program, visits } = JSON.parse(readFileSync(0, "utf8"));
  const browser = await chromium.launch({ executablePath: program, args: FLAGS });
  const made = [];
  for (const one of visits) made.push(await visit(browser, one));
  await browser.close();
  console.log(JSON.stringify(made));
}

main();
