#!/bin/bash
# Runs clang-tidy over our sources (not the tests) with the compile commands of a configured build.
# Usage: lint.sh BUILD_DIRECTORY JOBS. Room: tools. Caller: make lint.
set -euo pipefail
cd "$(dirname "$0")/../.."

find actors algorithms gpu models runtime serialization tools -type f -name '*.cpp' -print0 |
  xargs -0 -r -n 1 -P "$2" clang-tidy-14 -p "$1" --quiet --warnings-as-errors='*' \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-unused-command-line-argument
