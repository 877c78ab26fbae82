#!/bin/sh
# Backs up to /backups every BACKUP_EVERY_HOURS, and removes backups older than BACKUP_KEEP once a new one is complete.
# `sh backup.sh once` makes one and ends. docs/backup.md
set -u
gavel() {
  node --enable-source-maps "${GAVEL:-dist/src/cli/gavel.js}" "$@"
}
dir=${BACKUP_DIR:-/backups}

back_up() {
  gavel backup "$dir/$(date -u +%Y-%m-%dT%H-%M-%SZ)" --keep "${BACKUP_KEEP:-14d}" &&
    gavel leads erasures --json > "$dir/erasures.new" &&
    mv "$dir/erasures.new" "$dir/erasures.jsonl"
}

if [ "${1:-}" = once ]; then
  back_up
  exit
fi
while :; do
  if back_up; then
    sleep "$((${BACKUP_EVERY_HOURS:-24} * 3600))"
  else
    echo 'The backup failed; the next try is in 10 minutes.' >&2
    sleep 600
  fi
done
