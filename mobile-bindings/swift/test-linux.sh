#!/bin/bash
# test-linux.sh BINDINGS LIBRARIES RELAY [CACHE]: runs the Swift tests.
#   BINDINGS   what folge-bindgen wrote, such as target/bindings
#   LIBRARIES  the folder of libfolge_mobile
#   RELAY      the program folge-relay
#   CACHE      where a Swift toolchain may be put; target/swift-toolchain without it
# Uses the `swift` in PATH (6.0 or newer), on Linux or macOS. Where there is none and this is a
# Debian or Ubuntu and root, Swift 6.0.3 of Debian 13 is put under CACHE (2.9 GB, of which 570 MB
# are downloaded; once) and run there by chroot; nothing is installed on the machine. Otherwise it
# says so and ends with 3: Swift was not run.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage() { sed -n '2,6s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2; }
[ $# -eq 3 ] || [ $# -eq 4 ] || usage
bindings=$(realpath "$1") libraries=$(realpath "$2") relay=$(realpath "$3")
[ -f "$relay" ] || { echo "test-linux.sh: there is no relay $relay" >&2; exit 2; }
cache=${4:-$here/../../target/swift-toolchain}
mkdir -p "$cache"
cache=$(realpath "$cache")
mirror=${MIRROR:-http://deb.debian.org/debian}

not_run() {
    echo "Swift was not run: $1." >&2
    echo "Install Swift 6.0 or newer (https://www.swift.org/install), or run this as root on Debian." >&2
    exit 3
}

# apt for Debian 13 alone, with lists and archives of its own under CACHE: what is installed on
# this machine plays no part, and nothing here is changed.
apt_13() {
    local command=$1 apt=$cache/apt
    shift
    "$command" -o "Dir=$apt" -o "Dir::State::status=$apt/none-installed" -o Acquire::Retries=3 \
        -o "Dir::Etc::sourcelist=$apt/sources.list" -o "Dir::Etc::sourceparts=-" \
        -o "APT::Sandbox::User=root" -o "APT::Install-Recommends=false" "$@"
}

fetch_packages() {
    mkdir -p "$cache"/apt/{etc/apt/preferences.d,var/lib/apt/lists/partial,var/cache/apt/archives/partial}
    : >"$cache/apt/none-installed"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" \
        >"$cache/apt/sources.list"
    apt_13 apt-get update -q &&
        apt_13 apt-get install -q -y --download-only base-files bash coreutils dash libc-bin libc6-dev swiftlang
}

# What Swift needs of a Debian 13, unpacked into a folder. Nothing of it is configured and no
# device is made: that needs rights which a container may not give. A half-made one is made anew.
make_root() {
    root=$cache/debian-13
    [ ! -e "$root/.swift-is-ready" ] || return 0
    if grep -q " $root" /proc/self/mounts; then
        echo "test-linux.sh: something is mounted under $root" >&2
        exit 1
    fi
    echo "putting Swift 6.0.3 under $root: about a minute, 570 MB to download" >&2
    rm -rf --one-file-system "$root"
    if ! fetch_packages >"$cache/install.log" 2>&1; then
        tail -n 20 "$cache/install.log" >&2
        not_run "it could not be downloaded; the log is $cache/install.log"
    fi
    mkdir -p "$root"/{dev,proc,root,tmp,usr/bin,usr/lib,usr/lib64,usr/sbin}
    for folder in bin lib lib64 sbin; do ln -s "usr/$folder" "$root/$folder"; done
    for archive in "$cache"/apt/var/cache/apt/archives/*.deb; do
        # Through tar, which follows the links of the folders above where a package has a folder.
        dpkg --fsys-tarfile "$archive" | tar -x -C "$root" --keep-directory-symlink
    done
    printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
    chroot "$root" /sbin/ldconfig || not_run "this root may not chroot"
    rm -rf "$cache/apt"
    touch "$root/.swift-is-ready"
}

# Runs a command there, in a mount namespace of its own: its mounts end with it. It sees the
# package, the libraries and the relay at their own paths.
in_root() {
    # shellcheck disable=SC2016  # for the inner shell
    ROOT=$root BIND_RW="$package $cache/build" BIND_RO="$libraries $(dirname "$relay") $(dirname "$here")/story" DIR=$package \
        exec unshare --mount --pid --fork --kill-child bash -euc '
            mount --make-rprivate /
            mount -t proc proc "$ROOT/proc" 2>/dev/null || mount --rbind /proc "$ROOT/proc"
            mount --rbind /dev "$ROOT/dev"
            for folder in $BIND_RO; do
                mkdir -p "$ROOT$folder"
                mount --bind "$folder" "$ROOT$folder"
                mount -o remount,bind,ro "$ROOT$folder"
            done
            for folder in $BIND_RW; do
                mkdir -p "$ROOT$folder"
                mount --bind "$folder" "$ROOT$folder"
            done
            exec env -i PATH=/usr/libexec/swift/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
                chroot "$ROOT" /bin/sh -c "cd \"\$0\" && exec \"\$@\"" "$DIR" "$@"
        ' run "$@"
}

"$here/place-bindings.sh" "$bindings"
mkdir -p "$cache/build"
package=$here
tests=(env "FOLGE_LIB_DIR=$libraries" "FOLGE_RELAY=$relay" "FOLGE_STORY=$(dirname "$here")/story/story.json"
    swift test --scratch-path "$cache/build")

if command -v swift >/dev/null; then
    cd "$package"
    exec "${tests[@]}"
fi
[ "$(uname -s)" = Linux ] || not_run "there is no swift in PATH"
[ -f /etc/debian_version ] || not_run "there is no swift in PATH, and this is no Debian"
[ "$(id -u)" = 0 ] || not_run "there is no swift in PATH, and this is not root"
case $(uname -m) in x86_64 | aarch64) ;; *) not_run "Debian has no Swift for $(uname -m)" ;; esac
unshare --mount true 2>/dev/null || not_run "this root may not mount, as in a container without the right to"
make_root
in_root "${tests[@]}"
