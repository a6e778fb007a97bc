# Where Go, pip and npm keep what they download and compile. Read this file with `.` in a shell whose folder is the checkout.
#
# A cache that exists already, or that the user has configured, is used: all other builds of this user share it.
# Otherwise the cache goes to .tools/cache, so that nothing appears outside the checkout.
home=${HOME:-/nonexistent}
caches=$PWD/.tools/cache
go_settings=${GOENV:-${XDG_CONFIG_HOME:-$home/.config}/go/env}
go_telemetry=${XDG_CONFIG_HOME:-$home/.config}/go/telemetry

configured() { # variable folder...: the variable is set, in the environment or by `go env -w`, or one of the folders exists
  eval "[ -n \"\${$1:-}\" ]" && return
  if [ -r "$go_settings" ]; then
    while IFS= read -r line; do
      case $line in "$1="*) return 0 ;; esac
    done <"$go_settings"
  fi
  shift
  for folder in "$@"; do [ -d "$folder" ] && return; done
  return 1
}

configured PIP_CACHE_DIR "${XDG_CACHE_HOME:-$home/.cache}/pip" "$home/Library/Caches/pip" || export PIP_CACHE_DIR="$caches/pip"
configured npm_config_cache "$home/.npm" || export npm_config_cache="$caches/npm"
configured GOCACHE "${XDG_CACHE_HOME:-$home/.cache}/go-build" "$home/Library/Caches/go-build" || export GOCACHE="$caches/go-build"
go_writable=''
if ! configured GOPATH "$home/go/pkg"; then
  go_writable=-modcacherw # otherwise `make clean` cannot remove the modules
  export GOPATH="$caches/go" GOFLAGS="${GOFLAGS:+$GOFLAGS }$go_writable"
fi

# Go counts its own runs in the user's configuration folder. Where it has not done so before, the count stays in the checkout.
run_go() {
  if [ -d "$go_telemetry" ]; then
    go "$@"
  else
    env GOENV="$go_settings" XDG_CONFIG_HOME="$caches/config" go "$@"
  fi
}
