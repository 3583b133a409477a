#!/usr/bin/env bash
# Before: wheelhouse-uploader alone, and twine.
set -eu
url=$1 version=$2
python -m wheelhouse_uploader fetch --version "$version" demo "$url"
twine upload dist/*
