# Sourced by script/demo and script/test: what a fresh Debian with any Node from 20 on and npm lacks.
# Everything that can goes into .tools; only Redis, Chromium and Python come from the system.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
TOOLS=$PWD/.tools
mkdir -p "$TOOLS"

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# Runs the rest only if the files named before `--` are others, or have changed, since it last succeeded: unless_done STAMP FILE… -- COMMAND…
unless_done() {
  local stamp=$TOOLS/$1.done files=()
  shift
  while [ "$1" != -- ]; do
    files+=("$1")
    shift
  done
  shift
  local state
  state=$(sha256sum "${files[@]}" | sha256sum)
  [ "$(cat "$stamp" 2>/dev/null)" = "$state" ] && return
  "$@"
  mkdir -p "$(dirname "$stamp")"
  printf '%s\n' "$state" >"$stamp"
}

use_node() {
  has node && has npm || fail "Node and npm are needed: install Node 24 (or any from 20 on, then 24 comes from npm)."
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 24 ] && return
  if [ ! -x "$TOOLS/node/node_modules/node/bin/node" ]; then
    say "Node $major is too old: putting Node 24 from npm into .tools"
    npm install --silent --no-audit --no-fund --no-save --prefix "$TOOLS/node" node@24 || fail "npm could not install node@24."
  fi
  PATH=$TOOLS/node/node_modules/node/bin:$PATH
}

install_modules() {
  [ -d node_modules ] || rm -f "$TOOLS/npm.done"
  unless_done npm package.json package-lock.json -- npm_ci
}
npm_ci() {
  say "Installing the packages of package-lock.json"
  # npm ci refuses a lock in which the binaries of another system are missing; npm install takes it as it is.
  npm ci --silent --no-audit --no-fund 2>/dev/null || npm install --silent --no-save --no-audit --no-fund || fail "npm could not install the packages."
}

# from_apt WHAT PACKAGE…
from_apt() {
  local what=$1
  shift
  has apt-get || fail "${what^} is needed, and this system has no apt-get to install it with."
  [ "$(id -u)" = 0 ] || fail "${what^} is needed: run \`apt-get install $*\` as root, then this again."
  say "Installing $what with apt-get: $*"
  apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    fail "apt-get could not install $*."
}

use_redis() { has redis-server || has valkey-server || from_apt "a Redis server" redis-server; }

use_chromium() {
  has "${CHROMIUM:-chromium}" || has chromium-browser || has google-chrome || from_apt "Chromium, for the tests in a browser," chromium
}

# Python environments for the fleet, by the names of fleet/requirements: use_python NAME…
use_python() {
  python3 -c 'import ensurepip, venv' 2>/dev/null || from_apt "Python 3 with venv, for the Celery workers," python3 python3-venv
  say "Looking after the Python environments $*"
  fleet/install.sh "$@" || fail "The Python environments of the fleet could not be made."
}

# Builds the pages unless nothing that they are made of has changed.
build_pages() {
  [ -f .next/BUILD_ID ] || rm -f "$TOOLS/build.done"
  local sources
  mapfile -d '' sources < <(find app components lib public server/built-pages.ts next.config.mjs package-lock.json postcss.config.mjs tsconfig.json \
    -type f ! -name '*.test.ts' ! -name '*.test.tsx' -print0 2>/dev/null | sort -z)
  unless_done build "${sources[@]}" -- npm_build
}
npm_build() {
  say "Building the pages"
  npm run --silent build >"$TOOLS/build.log" 2>&1 || {
    cat "$TOOLS/build.log" >&2
    fail "The build failed."
  }
}
