import { beside, lines, type Script, sh, trusted } from "../shell/sh.ts";
import { compare, defineResource, ProbeError } from "./resource.ts";

export interface HttpDesired {
  /** Asked by the host itself, so "localhost" is the host. A redirect is an answer: it is not followed. */
  readonly url: string;
  /** 200 unless given. */
  readonly status?: number;
  /** Text that must be in the first 1 MiB of the body. */
  readonly contains?: string;
  /** A certificate on the host that the server's own may be signed by, besides those that all trust. */
  readonly caFile?: string | undefined;
  /** Whatever the server's certificate is: true where nobody can have one, as for 127.0.0.1. */
  readonly anyCertificate?: boolean;
  /** `address:port` to ask at in the place of what the URL's name stands for; needs curl. */
  readonly connectTo?: string | undefined;
  /** How long to wait for it; 60 unless given, 0 asks once. */
  readonly timeoutSeconds?: number;
  /** Names it in reports; the URL unless given. */
  readonly name?: string;
}

interface HttpCurrent {
  /** Three digits, "000" for no answer within 5 s, "none" where the host has nothing to ask with. */
  readonly status: string;
  /** Whether the body contains what it must. */
  readonly found: boolean;
}

/** A service that answers as it should. Apply changes nothing: it waits for the answer and fails when the time is over. */
export const http = defineResource<HttpDesired, HttpCurrent>({
  name: "http",
  condition: true,
  id: check,
  // All at once: the slowest one is the wait for all.
  probe: (all) =>
    beside(sh`
    if command -v curl >/dev/null; then
      ${byCurl(all)}
    else
      ( ${ask}
      ${lines(all.map((desired, index) => sh`( ask ${index} ${target(desired)} ) &`))}
      wait
      ${lines(all.map((_, index) => sh`read -r status found <"$dir"/${`${index}.answer`}; echo ${index} "$status"; [ "$found" = missing ] || echo ${index} found`))} )
    fi`),
  parse(stdout, all) {
    const answers = stdout.split("\n").filter(Boolean).map(parseAnswer);
    return all.map((_, index) => {
      const [status = "000", found] = answers.filter(([of]) => of === index).map(([, answer]) => answer);
      return { status, found: found === "found" };
    });
  },
  diff: (desired, current) => compare({ health: describe(desired) }, { health: answered(desired, current) }),
  apply: waitFor,
});

function check({ url, name, timeoutSeconds = 60 }: HttpDesired): string {
  if (!/^https?:\/\/[!-~]+$/.test(url)) throw new TypeError(`not an http or https URL: ${JSON.stringify(url)}`);
  if (!Number.isSafeInteger(timeoutSeconds) || timeoutSeconds < 0)
    throw new TypeError(`http ${url}: timeoutSeconds is a whole number, not ${timeoutSeconds}`);
  return name ?? url;
}

function target({
  url,
  contains = "",
  caFile = "",
  connectTo = "",
  anyCertificate = false,
}: HttpDesired): readonly string[] {
  return [url, contains, caFile, connectTo, anyCertificate ? "yes" : ""];
}

/** One process for all, where curl can (since 7.66), and one more for each whose body is looked at. */
function byCurl(all: readonly HttpDesired[]): Script {
  const asked = all.map((desired, index) => {
    const kept = desired.contains === undefined ? sh`/dev/null` : sh`"$dir"/${index}`;
    return sh`${CURL} -o ${kept} -w ${`${index} %{http_code}\\n`} ${curlOptions(desired)} --url ${desired.url}`;
  });
  const each = lines([...asked.map((one) => sh`curl ${one} &`), sh`wait`]);
  // A user's own file is left out by a first option only.
  const atOnce = trusted(`curl -q -Z ${asked.map(({ text }) => text).join(" --next ")}`);
  // 2 is an option that it does not know, or a transfer that was none.
  const ask = all.length > 1 ? sh`${atOnce} 2>/dev/null || [ $? != 2 ] || { ${each}; }` : each;
  const found = all.flatMap(({ contains }, index) =>
    contains === undefined
      ? []
      : [sh`case $(head -c 1048576 -- "$dir"/${index}; echo x) in *${contains}*x) echo ${index} found ;; esac`],
  );
  if (found.length === 0) return ask;
  return sh`
    ( dir=$(mktemp -d)
    trap 'rm -rf -- "$dir"' EXIT
    ${ask}
    ${lines(found)} )`;
}

/** Without the user's own file, in silence, with brackets as they stand, for 5 s at most. */
const CURL = ["-q", "-s", "-g", "-m", "5"];

function curlOptions({ caFile, connectTo, anyCertificate }: HttpDesired): readonly string[] {
  return [
    ...(caFile ? ["--cacert", caFile] : []),
    ...(connectTo ? ["--connect-to", `::${connectTo}`] : []),
    ...(anyCertificate ? ["-k"] : []),
  ];
}

/** First its status, then whether the text was found. */
function parseAnswer(line: string): readonly [number, string] {
  const [, index, answer] = /^(\d+) (\d{3}|none|found)$/.exec(line) ?? [];
  if (!answer) throw new ProbeError(`http: unexpected line: ${line}`);
  return [Number(index), answer];
}

function describe({ status = 200, contains }: HttpDesired): string {
  return contains === undefined ? `HTTP ${status}` : `HTTP ${status} with ${JSON.stringify(contains)}`;
}

function answered(desired: HttpDesired, { status, found }: HttpCurrent): string {
  if (status === "none") return "no curl or wget";
  if (status === "000") return "no answer";
  if (status !== String(desired.status ?? 200) || desired.contains === undefined) return `HTTP ${status}`;
  return found ? describe(desired) : `HTTP ${status} without ${JSON.stringify(desired.contains)}`;
}

function waitFor(desired: HttpDesired): Script {
  const { status = 200, timeoutSeconds = 60 } = desired;
  return sh`
    ${ask}
    wait=${timeoutSeconds}
    deadline=$(($(date +%s) + wait))
    while :; do
      ask 0 ${target(desired)}
      answer=$(cat -- "$dir/0.answer")
      case $answer in
        ${`${status} found`}) exit 0 ;;
        none*) echo "has neither curl nor wget: install one of them first" >&2; exit 1 ;;
      esac
      [ "$(date +%s)" -lt "$deadline" ] || break
      sleep 1
    done
    case $answer in 000*) said="no answer" ;; *) said="HTTP \${answer%% *}" ;; esac
    printf '%s after %s s, wanted %s; the body begins: ' "$said" ${timeoutSeconds} ${describe(desired)} >&2
    head -c 300 -- "$dir/0.body" | tr '\\n\\t' '  ' | tr -d '[:cntrl:]' >&2
    echo >&2
    exit 1`;
}

/** Defines `ask NUMBER URL TEXT`: one attempt of 5 s at most; the answer is then in $dir/NUMBER.answer. */
const ask = sh`
  dir=$(mktemp -d)
  trap 'rm -rf -- "$dir"' EXIT
  with_curl() {
    curl ${CURL} -o "$1.body" -w '%{http_code}' \${3:+--cacert "$3"} \${4:+--connect-to "::$4"} \${5:+-k} -- "$2" || { echo; echo 000; }
  }
  with_wget() {
    options= rc=0
    case $(wget --version 2>&1) in "GNU Wget"*) options="--tries=1 --max-redirect=0 --content-on-error" ;; esac
    timeout 5 wget -q -S $options \${4:+--no-check-certificate} \${3:+"--ca-certificate=$3"} -O "$1.body" -- "$2" 2>"$1.headers" || rc=$?
    [ "$rc" -lt 124 ] || { echo 000; return; }
    sed -n 's|^ *HTTP/[0-9.]* \\([0-9][0-9][0-9]\\).*|\\1|p' "$1.headers" | head -n 1
  }
  ask() {
    : >"$dir/$1.body"
    if command -v curl >/dev/null; then status=$(with_curl "$dir/$1" "$2" "$4" "$5" "$6" | tail -n 1)
    elif command -v wget >/dev/null; then status=$(with_wget "$dir/$1" "$2" "$4" "$6")
    else status=none; fi
    found=missing
    case $(head -c 1048576 -- "$dir/$1.body" | tr -d '\\000'; echo x) in *"$3"*x) found=found ;; esac
    printf '%s %s\\n' "\${status:-000}" "$found" >"$dir/$1.answer"
  }`;
