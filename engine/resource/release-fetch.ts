import { type Script, sh } from "../shell/sh.ts";

/** What a release says of its download. */
export interface Download {
  readonly url: string;
  readonly hosts?: readonly string[];
  readonly maxBytes?: number;
}

/** No archive of a program comes near this. */
const MAX_BYTES = 1024 ** 3;
const MAX_HOPS = 5;

// A transfer that all but stands still is given up, a slow one is not. Redirects are followed here, not by curl, whatever its user's file says.
const CURL = [
  ...["-fsSg", "--no-location", "--retry", "3", "--connect-timeout", "15", "--speed-limit", "1024"],
  ...["--speed-time", "60", "-w", "%{redirect_url}", "-o", "archive"],
];

/** Script that has the archive in its own folder before the turn of `install`. Where that fails, `install` says why. */
export function fetchEarly(desired: Download): Script {
  return sh`
    refuse() { exit 1; }
    ${fetchArchive(desired)}`;
}

/**
 * Script that makes `./archive` what the URL leads to: over hosts that are named only, and not larger than it may be.
 * Expects `refuse TEXT`, which says that and ends the script.
 */
export function fetchArchive({ url, hosts = [], maxBytes = MAX_BYTES }: Download): Script {
  return sh`
    at=${url} hops=0 max=${maxBytes}
    ${redirects(url, hosts)}
    ${clients}
    while :; do
      $ask
      [ $rc != 63 ] && { [ ! -e archive ] || [ "$(wc -c <archive)" -le "$max" ]; } ||
        refuse "what "${url}" sends is larger than $max bytes: is the URL right? (maxBytes of the release allows more)"
      [ $rc = 0 ] || [ -n "$next" ] || refuse "cannot download "${url}" ($by): is the version right, and can this host reach it?"
      [ -n "$next" ] || break
      follow "$next"
    done`;
}

/** Defines `follow URL`, which makes it `$at` where it may be: an allowed host, and no way from https to http. */
function redirects(url: string, hosts: readonly string[]): Script {
  return sh`
    host_of() {
      host=$(printf %s "$1" | tr A-Z a-z)
      case $host in http://* | https://*) host=\${host#*://}; host=\${host%%[/?#]*} ;; *) host=; return 0 ;; esac
      # With a login in front it stays whole, and is no host that anybody allowed.
      case $host in *@*) ;; \\[*) host=\${host%%]*}] ;; *) host=\${host%%:*} ;; esac
    }
    allowed() {
      host_of "$1"
      for known in ${[new URL(url).hostname, ...hosts]}; do
        if [ "$host" = "$known" ]; then return 0; fi
      done
      refuse ${url}" leads on to \${host:-$1}, which is none of its hosts: if its authors publish there, allow that host (hosts of the release, var release_hosts)"
    }
    follow() {
      allowed "$1"
      case $at in [Hh][Tt][Tt][Pp][Ss]:*)
        case $1 in [Hh][Tt][Tt][Pp]:*) refuse ${url}" leads on to http, which anybody on the way can read and change: $host" ;; esac
      esac
      hops=$((hops + 1))
      [ $hops -le ${MAX_HOPS} ] || refuse ${url}" leads on more than "${MAX_HOPS}" times: in a circle?"
      at=$1
    }`;
}

/** Defines `$ask`: it gets `$at` into `./archive`, its exit code into `$rc`, and where that leads on into `$next`. */
const clients = sh`
  # The kernel keeps the disk from filling, whatever a server says of the size. Who ends this shell ends the client.
  bounded() { trap '' XFSZ; ulimit -f $((max / 512 + 1)) 2>/dev/null || :; exec "$@"; }
  waits() { client=$!; trap 'kill $client; exit 1' TERM; rc=0; wait $client || rc=$?; trap - TERM; }
  led() { sed -n 's/^ *[Ll]ocation: *//p' led | tr -d '\\r'; }
  by_curl() {
    by='curl says why above'
    bounded curl ${CURL} --max-filesize "$max" --url "$at" >led &
    waits
    if [ $rc = 0 ]; then next=$(cat led); else next=; fi
  }
  by_wget() {
    bounded wget -q -S -t 3 -T 60 --max-redirect=0 -O archive "$at" 2>led &
    waits
    by="wget ended with $rc" next=
    if [ $rc = 8 ]; then next=$(led | tail -n 1); fi
    case $next in //*) next=\${at%%:*}:$next ;; /*) next=$(printf '%s\n' "$at" | sed 's,^\\([^:]*://[^/?#]*\\).*,\\1,')$next ;; esac
  }
  # It follows by itself, so where it was led is looked at afterwards. It knows no time limits: Debian's crashes at -T.
  by_busybox() {
    bounded wget -q -S -O archive "$at" 2>led &
    waits
    by="wget ended with $rc" next=
    for place in $(led); do
      case $place in *://* | //*) allowed "$place" ;; esac
    done
  }
  if command -v curl >/dev/null; then ask=by_curl
  elif ! command -v wget >/dev/null; then refuse 'neither curl nor wget is here: install one of them first (apt-get install curl)'
  elif wget --version >/dev/null 2>&1; then ask=by_wget
  else ask=by_busybox; fi`;
