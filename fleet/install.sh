#!/usr/bin/env bash
# Builds the Python environments of the fleet under .tools/python, each from its pinned list. Those that exist and fit are left alone.
#   fleet/install.sh [celery-5.7 celery-5.6 celery-5.3 flower redbeat]      PYTHON=python3.11 chooses the interpreter
set -eu
cd "$(dirname "$0")/.."
for name in ${*:-celery-5.7 celery-5.6 celery-5.3 flower redbeat}; do
  venv=.tools/python/$name
  list=fleet/requirements/$name.txt
  cmp -s "$list" "$venv/requirements.txt" && continue
  "${PYTHON:-python3}" -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$list"
  cp "$list" "$venv/requirements.txt"
done
