#!/bin/bash
# build-xcframework.sh: builds the Rust library for iOS, its simulator and macOS, and puts
# FolgeFFI.xcframework and the generated Swift where Package.swift looks for them.
# Needs macOS with Xcode, and Rust by rustup. It takes some minutes the first time.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
[ "$(uname -s)" = Darwin ] || { echo "build-xcframework.sh: only macOS with Xcode can build for iOS" >&2; exit 3; }
for tool in cargo rustup xcodebuild lipo; do
    command -v "$tool" >/dev/null || { echo "build-xcframework.sh: $tool is missing" >&2; exit 2; }
done
export IPHONEOS_DEPLOYMENT_TARGET=16.0 MACOSX_DEPLOYMENT_TARGET=13.0

cd "$root"
targets=(aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin x86_64-apple-darwin)
rustup target add "${targets[@]}"
for target in "${targets[@]}"; do
    cargo rustc --profile mobile -p folge-mobile --lib --crate-type staticlib --target "$target"
done

# What Swift sees is read from a library of this machine; it is the same for all.
cargo build -p folge-mobile
work=$root/target/xcframework
rm -rf "$work"
mkdir -p "$work/headers" "$work/simulator" "$work/macos"
cargo run --quiet -p folge-bindgen -- "$root/target/debug/libfolge_mobile.dylib" "$work/bindings"
"$here/place-bindings.sh" "$work/bindings"
cp "$here/Generated/FolgeFFI/FolgeFFI.h" "$here/Generated/FolgeFFI/module.modulemap" "$work/headers/"

built() { echo "$root/target/$1/mobile/libfolge_mobile.a"; }
lipo -create "$(built aarch64-apple-ios-sim)" "$(built x86_64-apple-ios)" -output "$work/simulator/libfolge_mobile.a"
lipo -create "$(built aarch64-apple-darwin)" "$(built x86_64-apple-darwin)" -output "$work/macos/libfolge_mobile.a"

rm -rf "$here/FolgeFFI.xcframework"
xcodebuild -create-xcframework \
    -library "$(built aarch64-apple-ios)" -headers "$work/headers" \
    -library "$work/simulator/libfolge_mobile.a" -headers "$work/headers" \
    -library "$work/macos/libfolge_mobile.a" -headers "$work/headers" \
    -output "$here/FolgeFFI.xcframework"
echo "$here/FolgeFFI.xcframework is ready: add $here to your app as a local package"
