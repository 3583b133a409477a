#!/usr/bin/env bash
# After: the same command with --verify; the folder is verified again before the upload, and
# the index after it.
set -eu
url=$1 version=$2 index=$3
python -m wheelhouse_uploader fetch --verify --version "$version" --expect 4 \
    --sums SHA256SUMS demo "$url"
python -m wheelhouse_uploader verify dist --against SHA256SUMS --expect 4
twine upload dist/*
python -m wheelhouse_uploader verify SHA256SUMS --index "$index" --wait "${WAIT:-600}"
