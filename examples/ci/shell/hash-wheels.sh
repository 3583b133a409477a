#!/usr/bin/env bash
# The last step of a job that builds: write the digest list that the release is verified with.
#
#   bash hash-wheels.sh JOB [FOLDER]      FOLDER is wheelhouse if not given
#
# JOB names the list, SHA256SUMS-JOB.  Hand it on with the wheels, beside the folder.
set -euo pipefail

python=${PYTHON:-python}
"$python" -m pip install --quiet wheelhouse-hashes
"$python" -m wheelhouse_hashes hash --check-contents full --sums "SHA256SUMS-${1:?no name of the job}" \
    -- "${2:-wheelhouse}"
