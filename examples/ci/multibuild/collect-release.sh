#!/usr/bin/env bash
# What the release manager types: fetch a release, and look at it twice.
#
#   bash collect-release.sh PROJECT VERSION NUMBER URL
#
# NUMBER is how many artifacts the jobs make.  In the end the folder
# PROJECT-VERSION is ready for "twine upload PROJECT-VERSION/*", and SHA256SUMS,
# beside it and not in it, for the announcement.
set -euo pipefail

if [ $# -ne 4 ]; then
    echo "usage: collect-release.sh PROJECT VERSION NUMBER URL" >&2
    exit 2
fi
project=$1 version=$2 number=$3 url=$4
folder=$project-$version
python=${PYTHON:-python}

"$python" -m pip install --quiet 'wheelhouse-hashes[fetch]' twine
"$python" -m wheelhouse_uploader fetch --verify --version "$version" --expect "$number" \
    --sums SHA256SUMS --local-folder "$folder" "$project" "$url"
"$python" -m wheelhouse_uploader verify "$folder" --against SHA256SUMS --expect "$number"
"$python" -m twine check --strict "$folder"/*
