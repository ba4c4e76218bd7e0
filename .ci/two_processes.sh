#!/usr/bin/env bash
# Two processes train one network, with the words that docs/training.md has for several.
set -euo pipefail
cd "$(dirname "$0")/../app"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python=../.venv/bin/python
$python -W ignore manage.py prepare --phantoms 2 1 0 --out "$folder/set"
$python -W ignore manage.py train --network single --data "$folder/set" --out "$folder/single" --epochs 1 \
    --window-epochs 0 --validate-every 1 --steps 1 --batch 4 --precision 32-true \
    --accelerator cpu --devices 2 --strategy ddp
$python - "$folder/single/card.json" <<'END'
import json, sys

history = json.load(open(sys.argv[1]))["made_by"]["history"]
assert [run["processes"] for run in history] == [2], history
END
echo "ok   two processes trained one network"
