// Runs one of emulate's services and ends with whoever started it: its standard input is a pipe that
// closes when that process is gone, however it went.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createEmulator } from "emulate";

const [service, seedFile, baseUrl] = process.argv.slice(2);
const seed = JSON.parse(readFileSync(seedFile, "utf8"));

// The emulator does not tell which port it took where a base URL is given, so one is chosen for it.
const port = await new Promise((resolve, reject) => {
  const probe = createServer().on("error", reject);
  probe.listen(0, "127.0.0.1", () => {
    const taken = probe.address().port;
    probe.close(() => resolve(taken));
  });
});
await createEmulator({ service, port, baseUrl: baseUrl || `http://127.0.0.1:${port}`, seed });
console.log(port);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
process.stdin.on("error", () => process.exit(0));
