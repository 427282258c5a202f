import { eventually, labAddress, onHost } from "./lab.ts";

/**
 * Perl: writes entries with the numbers FROM to TO into NAME.log of a folder, each at a time of its own, and renames the file every three seconds, as an application under load
 * does; the first one later, since the agent looks for new names every five. It goes on where it stopped, as the files there say. Of an application whose process is MAIN it is
 * the last to end.
 */
export const WRITER = String.raw`
use strict; use IO::Handle; use Time::HiRes qw(time sleep); use POSIX qw(strftime);
my ($folder, $name, $from, $to, $pause, $main) = @ARGV; my ($out, $opened, $ends, $last); my $lasts = 10; my $path = "$folder/$name.log";
$SIG{TERM} = sub { $main ? $ends = 1 : exit };
sub begin { open($out, ">>", $path) or die $!; $out->autoflush(1); $opened = time }
sub rotate { close $out; rename $path, "$folder/$name." . strftime("%Y-%m-%dT%H-%M-%S", gmtime) . ".log"; begin() }
for my $file (glob "$folder/$name*.log") {
  open(my $in, "<", $file) or die $!;
  while (<$in>) { $from = $1 + 1 if /"number":(\d+)/ and $1 >= $from }
}
begin();
for my $n ($from .. $to) {
  my $t = time;
  printf $out qq({"timestamp":"%s.%06dZ","level":"INFO","number":%d}\n), strftime("%Y-%m-%dT%H:%M:%S", gmtime $t), ($t - int $t) * 1e6, $n;
  $last = $t + 0.3 if $ends and not $last and not kill 0, $main;
  exit if $last and $t > $last;
  sleep $pause;
  if (time - $opened > $lasts) { rotate(); $lasts = 3 }
}
sleep 1.1; rotate();`;

interface Stream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [nanoseconds: string, line: string])[];
}

/** What Loki answers, oldest first. */
async function query(text: string, start: string, limit = 5000): Promise<readonly Stream[]> {
  const answer = await onHost(
    "mon",
    `curl -sfG ${labAddress("mon")}:8080/loki/api/v1/query_range -d direction=forward -d start=${start} -d limit=${limit} --data-urlencode 'query=${text}'`,
  );
  return (JSON.parse(answer) as { data: { result: readonly Stream[] } }).data.result;
}

/** The numbers that Loki has of app-prod since this second, as often as it has them. */
async function numbersSince(start: string): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (let from = start; ; ) {
    const values = (await query('{host="app-prod"} |= "number"', from)).flatMap(({ values }) => values);
    // What an agent reads from the middle of a line is an entry of its own, and no whole one (docs/agents.md).
    const whole = values.map(([, line]) => line).filter((line) => line.startsWith("{"));
    numbers.push(...whole.map((line) => (JSON.parse(line) as { number: number }).number));
    const last = values.map(([at]) => BigInt(at)).reduce((a, b) => (a > b ? a : b), 0n);
    if (values.length < 5000) return numbers;
    from = String(last + 1n);
  }
}

/** The numbers up to this one that are not there, as ranges. */
function missing(numbers: readonly number[], count: number): readonly string[] {
  const found = new Set(numbers);
  const starts = Array.from({ length: count }, (_, at) => at + 1).filter(
    (n) => !found.has(n) && (n === 1 || found.has(n - 1)),
  );
  const end = (start: number): number => {
    let n = start;
    while (n < count && !found.has(n + 1)) n += 1;
    return n;
  };
  return starts.map((from) => `${from} to ${end(from)}`);
}

/** Waits until Loki has all numbers up to this one since this second; returns how many entries it has of them. Throws with those that are missing. */
export async function allNumbers(start: string, count: number): Promise<number> {
  let numbers: readonly number[] = [];
  await eventually(
    "all entries; missing",
    120,
    async () => {
      numbers = await numbersSince(start);
      return missing(numbers, count);
    },
    (left) => left.length === 0,
  );
  return numbers.length;
}
