# Shared by the scripts beside it: where things are, and how to speak. Sourced, never run.
# shellcheck shell=bash

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit 1

# Rust's own installer puts its programs here; a shell started without a login does not always know it.
if [[ -d "$HOME/.cargo/bin" && ":$PATH:" != *":$HOME/.cargo/bin:"* ]]; then
  PATH="$HOME/.cargo/bin:$PATH"
fi

# Where cargo builds: beside the sources unless the caller keeps a cache elsewhere. Made absolute for programs that
# are started in another folder.
target="${CARGO_TARGET_DIR:-$root/target}"
[[ "$target" == /* ]] || target="$root/$target"
export CARGO_TARGET_DIR="$target"

# say TEXT: one line of progress.
say() { printf '\033[1m»\033[0m %s\n' "$*"; }

# fail TEXT…: what is wrong and what to do, a line each, then out.
fail() {
  printf '\033[1;31m✗\033[0m %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# fingerprint PATH…: one checksum over the names and contents of everything below the paths.
fingerprint() { find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1; }
