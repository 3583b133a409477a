#!/usr/bin/env bash
# After: the digests of the build jobs decide, and which wheels there are.  Each build job ends
# with "python -m wheelhouse_hashes hash dist --sums SHA256SUMS-JOB".
set -eu
python -m wheelhouse_hashes verify dist --against SHA256SUMS-linux --against SHA256SUMS-windows \
    --expect-file expected.txt
twine upload dist/*
