/** `[web]`, `[web:vars]`, alone on its line. */
const HEADING = /^\[[^\][{}"',]+\]\s*(?:[#;].*)?$/;

/** `web-1`, `web[01:20].example.com:2222`, with `name=value` behind it or not; YAML's keys end in a colon. */
const HOST = /^[\p{L}\p{N}_[][^\s{}"',#;=]*(?<!:)(?:\s+\w+\s*=.*)?(?:\s+[#;].*)?$/u;

/** Whether a text is an inventory in Ansible's other format: its first line that says something decides. */
export function isIni(text: string): boolean {
  const first = text.split("\n").find((line) => !/^\s*(?:[#;].*)?$/.test(line));
  return first !== undefined && [HEADING, HOST].some((pattern) => pattern.test(first.trim()));
}
