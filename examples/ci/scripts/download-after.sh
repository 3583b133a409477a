#!/usr/bin/env bash
# After: what does not match its digest is not kept, and what is missing is an error.
set -eu
url=$1 version=$2
python -m wheelhouse_hashes fetch --verify --version "$version" --expect-file expected.txt \
    --sums SHA256SUMS demo "$url"
