#!/bin/bash
# place-bindings.sh BINDINGS: puts the Swift code that `folge-bindgen LIBRARY BINDINGS` made where
# Package.swift looks for it. Nothing of it is in the repository.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: place-bindings.sh BINDINGS" >&2; exit 2; }
from=$1/swift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for file in Folge.swift FolgeFFI.h module.modulemap; do
    [ -f "$from/$file" ] || { echo "place-bindings.sh: no $file in $from" >&2; exit 2; }
done
place() {
    # Untouched where it is the same, so that nothing is compiled anew.
    cmp -s "$1" "$2" || cp "$1" "$2"
}
mkdir -p "$here/Sources/Folge/Generated" "$here/Generated/FolgeFFI"
place "$from/Folge.swift" "$here/Sources/Folge/Generated/Folge.swift"
place "$from/FolgeFFI.h" "$here/Generated/FolgeFFI/FolgeFFI.h"
place "$from/module.modulemap" "$here/Generated/FolgeFFI/module.modulemap"
