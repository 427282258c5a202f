/**
 * awk, in what mawk, gawk and busybox share, for the three readers of a dotenv file: a shell (`. ./.env`), systemd
 * (`EnvironmentFile=`) and Docker compose (`env_file:`). They agree on most of where an entry begins; a backslash at a line's
 * end, or a quote inside a word, goes on over lines for some of them only. A line counts as an entry where all begin one.
 */

/** Each takes a line in what state the lines before left its reader, and returns the state after: "" where it is done. */
const READERS = String.raw`
  function shell(line, state,   i, c, q) {
    if (state == "" && line ~ /^[ \t]*;/) return ""
    q = state ~ /^\\/ ? "" : state
    for (i = 1; i <= length(line); i++) {
      c = substr(line, i, 1)
      if (q == "'") { if (c == q) q = "" }
      else if (c == "\\") { if (i == length(line) && q == "") return starts_word(line, i, state) ? "\\ " : "\\"; i++ }
      else if (q != "") { if (c == q) q = "" }
      else if (c == "#" && starts_word(line, i, state)) return ""
      else if (c == "'" || c == "\"") q = c
    }
    return q
  }
  function starts_word(line, i, state) {
    return i == 1 ? state == "" || state == "\\ " : substr(line, i - 1, 1) ~ /[ \t]/
  }
  # Before version 254 a backslash takes a comment over to the next line.
  function systemd(line, state, is_old,   i, c) {
    if (state == "comment" || (state == "" && line ~ /^[ \t\r]*[#;]/)) return is_old && line ~ /\\$/ ? "comment" : ""
    if (state == "\\") state = "value"
    for (i = 1; i <= length(line); i++) {
      c = substr(line, i, 1)
      if (state == "'") { if (c == state) state = "before" }
      else if (state == "\"") { if (c == "\\") i++; else if (c == state) state = "before" }
      else if (c == "\r") state = ""
      else if (state == "") { if (c !~ /[ \t]/) state = "key" }
      else if (state == "key") { if (c == "=") state = "before" }
      else if (c == "\\") { if (i == length(line)) return c; i++; state = "value" }
      else if (state == "before" && (c == "'" || c == "\"")) state = c
      else if (state == "value" || c !~ /[ \t]/) state = "value"
    }
    return state == "'" || state == "\"" ? state : ""
  }
  function compose(line, state,   i, c) {
    for (i = 1; ; i++) {
      if (state == "") {
        line = substr(line, i)
        if (line ~ /^[ \t\r]*#/ || !match(line, /^[^=:]*[=:][ \t\r]*/)) return ""
        state = substr(line, RLENGTH + 1, 1)
        if (state != "'" && state != "\"") return ""
        i = RLENGTH + 2
      }
      for (; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c == "\\") i++
        else if (c == state) break
      }
      if (i > length(line)) return state
      state = ""
    }
  }`;

/**
 * Reads the wanted lines, then the file; says of each wanted key where it stands and what keeps it from being changed. The first
 * letter of a wanted line is its kind: "p" and "s" a value, plain or secret; "w" a word among others' words, "x" that word gone;
 * "g" an entry gone whose value is this, or begins so where it ends in "*".
 */
const READ = `${READERS}${String.raw`
  FILENAME == "-" || FILENAME == "" {
    at = index($0, "=")
    key = substr($0, 2, at - 2)
    if (!(key in wanted)) { wanted[key] = substr($0, at + 1); keys[++count] = key }
    kind[key] = substr($0, 1, 1)
    accepted[key, substr($0, at + 1)] = 1
    next
  }
  { text[++size] = $0 }
  function read_line(line) {
    key = prefix = value = ""
    if (!match(line, /^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*[ \t]*=/)) return
    key = substr(line, 1, RLENGTH - 1)
    value = substr(line, RLENGTH + 1)
    sub(/[ \t]+$/, "", value)
    match(key, /^[ \t]*(export[ \t]+)?/)
    prefix = substr(key, 1, RLENGTH)
    key = substr(key, RLENGTH + 1)
    # No shell takes blanks here: such an entry is never as it should be.
    if (sub(/[ \t]+$/, "", key)) value = " " value
  }
  function bare(   first) {
    first = substr(value, 1, 1)
    if (length(value) > 1 && (first == "'" || first == "\"") && substr(value, length(value)) == first)
      return substr(value, 2, length(value) - 2)
    return value
  }
  function has_word() { return index(" " bare() " ", " " wanted[key] " ") > 0 }
  # The entry that was read is somebody else's, whatever its name.
  function is_foreign(   all) {
    if (!(key in wanted)) return 1
    if (kind[key] ~ /[ps]/) return 0
    all = wanted[key]
    if (kind[key] != "g" || all !~ /\*$/) return bare() != all
    return index(bare(), substr(all, 1, length(all) - 1)) != 1
  }
  function survey(   n, line, as_is, as_is_compose) {
    as_is = as_is_compose = ""
    in_shell[1] = in_systemd[1] = in_old[1] = in_compose[1] = ""
    for (n = 1; n <= size; n++) {
      as_is = shell(text[n], as_is)
      as_is_compose = compose(text[n], as_is_compose)
      read_line(text[n])
      line = is_foreign() ? text[n] : ""
      # What we write there ends with its line, for every reader to whom it begins there.
      in_shell[n + 1] = shell(in_shell[n] == "" ? line : text[n], in_shell[n])
      in_systemd[n + 1] = systemd(in_systemd[n] == "" ? line : text[n], in_systemd[n], 0)
      in_old[n + 1] = systemd(in_old[n] == "" ? line : text[n], in_old[n], 1)
      in_compose[n + 1] = compose(in_compose[n] == "" ? line : text[n], in_compose[n])
      if (in_systemd[n] == "" || in_old[n] == "") opened = n
    }
    # Who finds a quote open at the end cannot read the file at all, and has no say. systemd takes it as it is.
    shell_reads = as_is !~ /["']/ || in_shell[size + 1] !~ /["']/
    compose_reads = as_is_compose == "" || in_compose[size + 1] == ""
    for (n = 1; n <= size; n++) {
      read_line(text[n])
      if (!(key in wanted)) continue
      if (is_foreign()) {
        if (begins(n) == "none") continue
        if (has_word()) shared[key] = n
        else foreign[key] = n
      } else if (begins(n) == "all") { entry[n] = key; last[key] = n; current[key] = value; if (goes_on(n)) long[key] = n }
      else if (begins(n) == "some") doubt[key] = n
    }
  }
  function begins(n,   yes, no) {
    # Set, or gawk 5.2 and mawk 1.3 lose their way.
    yes = no = 0
    if (in_systemd[n] == "") yes++; else no++
    if (in_old[n] == "") yes++; else no++
    if (shell_reads) { if (in_shell[n] == "") yes++; else no++ }
    if (compose_reads) { if (in_compose[n] == "") yes++; else no++ }
    return no == 0 ? "all" : yes > 0 ? "some" : "none"
  }
  function goes_on(n) {
    if (n == size) return 0
    if (systemd(text[n], "", 0) != "") return 1
    if (shell_reads && shell(text[n], "") != "") return 1
    return compose_reads && compose(text[n], "") != ""
  }
  # Where a reader takes a line further down for the key, only one at the end counts for all of them.
  function place(key) { return (key in last) && !(doubt[key] > last[key]) ? last[key] : 0 }
  function in_sync(key) {
    if (kind[key] == "w" && shared[key] > 0 && shared[key] > foreign[key]) return 1
    if (kind[key] == "w" && foreign[key] > 0) return 0
    if (kind[key] == "x" && shared[key] > 0) return 0
    if (is_gone(key)) return !(key in last) && !(doubt[key] > 0)
    return place(key) && ((key, current[key]) in accepted) && !(key in long)
  }
  function is_gone(key) { return kind[key] ~ /[gx]/ }
  function problem(   i, key) {
    for (i = 1; i <= count; i++) {
      key = keys[i]
      if (in_sync(key)) continue
      if (kind[key] == "w" && foreign[key] > 0)
        return "line " foreign[key] ": " key " is not ours: add " wanted[key] " to its value by hand, then run again"
      if (kind[key] == "x" && shared[key] > 0)
        return "line " shared[key] ": " key " is not ours alone: take " wanted[key] " out of its value by hand, then run again"
      if (is_gone(key) && doubt[key] > 0)
        return "line " doubt[key] ": not every reader finds " key " there: remove it by hand, then run again"
      if (key in long) return "line " long[key] ": " key " goes on over several lines: remove it by hand, then run again"
      if (!is_gone(key) && !place(key) && (in_systemd[size + 1] in_old[size + 1]) ~ /["']/)
        return "line " opened " opens a quote that nothing closes, so " key " cannot be added behind it: close it by hand, then run again"
    }
    return ""
  }
`}`;

/** Says of each wanted key what differs, and on a line of its own why it cannot be changed. */
export const COMPARE = `${READ}${String.raw`
  END {
    survey()
    if (problem() != "") print "! " problem()
    for (i = 1; i <= count; i++) {
      key = keys[i]
      if (in_sync(key)) continue
      shown = current[key]
      sub(/\r$/, "\\r", shown)
      if (!(key in last) && !is_gone(key)) print key " absent"
      # What goes is somebody's password perhaps.
      else print key (kind[key] ~ /[sg]/ ? " secret" : " value " shown)
    }
  }`}`;

/** Keeps one line a wanted key, at the place of the last; what is missing comes at the end. All of it ends in LF alone. */
export const REPLACE = `${READ}${String.raw`
  function put(line) { printf "%s%s", separator, line; separator = "\n" }
  END {
    survey()
    if (problem() != "") { print problem() | "cat >&2"; exit 1 }
    for (n = 1; n <= size; n++) {
      if (!(n in entry) || in_sync(entry[n])) { put(text[n]); continue }
      read_line(text[n])
      if (!is_gone(key) && place(key) == n) put(prefix key "=" wanted[key])
    }
    # An empty line ends what a backslash takes over to the next.
    open = (in_systemd[size + 1] != "" || in_old[size + 1] != "" || \
      (shell_reads && in_shell[size + 1] != ""))
    for (i = 1; i <= count; i++) {
      if (place(keys[i]) || is_gone(keys[i]) || in_sync(keys[i])) continue
      if (open) { put(""); open = 0 }
      put(keys[i] "=" wanted[keys[i]])
      ends = "yes"
    }
    if (ends == "yes" && separator != "") printf "\n"
  }`}`;
