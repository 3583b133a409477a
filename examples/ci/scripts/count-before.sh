#!/usr/bin/env bash
# Before: the number of files decides.
set -eu
expected=4
found=$(find dist -name '*.whl' -o -name '*.tar.gz' | wc -l)
if [ "$found" -ne "$expected" ]; then
    echo "expected $expected files in dist, found $found" >&2
    exit 1
fi
twine upload dist/*
