import { type Said, type Script, Secret, sh } from "hostwright";

/** What a server answered; `code` is 0 where none did. */
export interface Answer {
  readonly code: number;
  readonly body: string;
  /** Why none did, in curl's words. */
  readonly reason: string;
}

/** A request as one of the hosts makes it. */
export interface Request {
  readonly url: string;
  /** Of the query, encoded for the URL here. */
  readonly query?: Readonly<Record<string, string>>;
  /** User and password; they reach curl on stdin, where no list of processes has them. */
  readonly login?: readonly [user: string, password: Secret | string];
  readonly timeoutSeconds?: number;
  /** Only the status matters. */
  readonly discard?: boolean;
}

/** Script that prints the body and, on a last line, the status. Read it by `answerOf`. */
export function get({ url, query = {}, login, timeoutSeconds = 10, discard = false }: Request): Script {
  const fields = Object.entries(query).flatMap(([name, value]) => ["--data-urlencode", `${name}=${value}`]);
  // A certificate is the business of who reads in earnest: here it is asked whether there is an answer.
  const more = [...(discard ? ["-o", "/dev/null"] : []), ...(url.startsWith("https:") ? ["-k"] : [])];
  const options = ["-q", "-sS", "-g", "-m", String(timeoutSeconds), "-w", "\n%{http_code}", ...more, "-G", ...fields];
  if (!login) return sh`curl ${options} -- ${url}`;
  return sh`printf '%s\\n' ${loginLine(login)} | curl -q -K - ${options.slice(1)} -- ${url}`;
}

/** One line of a curl configuration: in quotes, with backslashes before what ends them. */
function loginLine([user, password]: readonly [string, Secret | string]): Secret {
  const plain = `${user}:${password instanceof Secret ? password.reveal() : password}`;
  return new Secret(`user = "${plain.replace(/[\\"]/g, "\\$&")}"`, "login");
}

/** Reads what `get` printed. */
export function answerOf({ status, stdout, stderr }: Said): Answer {
  const [, body = "", code = "0"] = /^(.*)\n(\d{3})\s*$/s.exec(stdout) ?? [];
  return { code: Number(code), body, reason: status === 0 ? "" : stderr.replace(/^curl: /m, "").trim() };
}

/** The body as JSON; undefined where it is none. */
export function jsonOf<T>({ body }: Answer): T | undefined {
  try {
    return JSON.parse(body) as T;
  } catch {
    return undefined;
  }
}

/** Script that says whether a port can be reached: "open", "refused", "no answer (filtered?)", or why not. */
export function reach(url: string): Script {
  // Whose certificate it is, is not asked here.
  const more = url.startsWith("https:") ? ["-k"] : [];
  const options = ["-q", "-s", "-m", "3", ...more, "-o", "/dev/null", "-w", "%{time_connect}"];
  return sh`
    rc=0
    time=$(curl ${options} -- ${url}) || rc=$?
    case $rc:$time in
      *:*[1-9]*) echo open ;;
      0:*) echo open ;;
      6:*) echo 'not found: its name has no address' ;;
      7:*) echo refused ;;
      28:*) echo 'no answer: filtered, as by a security group' ;;
      *) echo "unreachable (curl says $rc)" ;;
    esac`;
}
