import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";

/** Starts an HTTPS server of its own process that leads all to one place; it ends with the test. Its certificate is in a file. */
export async function leadsByTls(t: Test, place: string): Promise<{ url: string; certificate: string }> {
  const dir = mkdtempSync(join(tmpdir(), "tls-"));
  const [key, certificate] = [`${dir}/key.pem`, `${dir}/cert.pem`];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", key, "-out", certificate, "-days", "2", "-nodes"];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", ...subject, ...files], { stdio: "ignore" });
  const code = `
    const [, key, cert, place] = process.argv;
    const [read, headers] = [require("fs").readFileSync, { Location: place }];
    const server = require("https").createServer({ key: read(key), cert: read(cert) }, (_, response) => response.writeHead(302, headers).end());
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  const server = spawn(process.execPath, ["-e", code, key, certificate, place], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.teardown(() => {
    server.kill();
    rmSync(dir, { recursive: true });
  });
  const [port] = await once(server.stdout, "data");
  return { url: `https://127.0.0.1:${String(port).trim()}`, certificate };
}
