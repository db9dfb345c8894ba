#!/bin/bash
# Runs clang-format over our C++ files; with --check it changes nothing and fails on a difference.
# Room: tools. Caller: make format, make check.
set -euo pipefail
cd "$(dirname "$0")/../.."

format=clang-format-14  # another version would format differently
mode=(-i)
if [ "${1:-}" = --check ]; then
  mode=(--dry-run --Werror)
fi
find actors algorithms benchmarks examples gpu models runtime serialization tests tools \
  -type f \( -name '*.hpp' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) -print0 2>/dev/null |
  xargs -0 -r "$format" "${mode[@]}"
