#!/usr/bin/env bash
# The job that publishes: verify what the other jobs built, upload it, wait for the index.
#
#   bash release.sh NUMBER INDEX LIST...
#
# NUMBER is how many artifacts the jobs make, INDEX is the project's page at the package index,
# and each LIST is the digest list of a job.  The artifacts are in the folder dist.
#
#   DRY_RUN=1   stop before the upload
#   WAIT        how long the index may take, in seconds; 600 if not given
#
# twine takes the index to upload to, and the account, from its own variables.
set -euo pipefail

if [ $# -lt 3 ]; then
    echo "usage: release.sh NUMBER INDEX LIST..." >&2
    exit 2
fi
number=$1 index=$2
shift 2
python=${PYTHON:-python}
against=()
for list in "$@"; do against+=("--against=$list"); done

"$python" -m pip install --quiet 'wheelhouse-hashes[fetch]' twine
"$python" -m wheelhouse_hashes verify "${against[@]}" "--expect=$number" --grid \
    --sums SHA256SUMS -- dist
"$python" -m twine check --strict dist/*
if [ -n "${DRY_RUN:-}" ]; then exit 0; fi
"$python" -m twine upload --non-interactive dist/*
"$python" -m wheelhouse_hashes verify "--index=$index" "--wait=${WAIT:-600}" -- SHA256SUMS
