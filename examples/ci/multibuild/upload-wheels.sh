#!/usr/bin/env bash
# The last step of a job that builds wheels: send them to the container.
#
#   bash upload-wheels.sh [FOLDER]      FOLDER is wheelhouse if not given
#
# The variables are those that such jobs have:
#   CONTAINER                     the container's name
#   UPLOAD_ARGS                   further options of upload, separated by spaces
#   WHEELHOUSE_UPLOADER_USERNAME  the store's account
#   WHEELHOUSE_UPLOADER_SECRET    its secret; a job without one skips the upload
#   PYTHON                        an interpreter from 3.11 on, python if not given;
#                                 it need not be the one that the wheels are for
#
# Pull requests skip the upload, too: Travis and AppVeyor say what is one.  Both
# are the uploader's own decisions, and end with exit code 0.
set -euo pipefail

python=${PYTHON:-python}
"$python" -m pip install --quiet wheelhouse-hashes
# shellcheck disable=SC2086  # UPLOAD_ARGS are several words, or none
"$python" -m wheelhouse_uploader upload --hashfile --local-folder "${1:-wheelhouse}" \
    ${UPLOAD_ARGS:-} "${CONTAINER:?is not set: the name of the container}"
