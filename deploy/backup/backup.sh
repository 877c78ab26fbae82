#!/bin/sh
# Backs up to /backups every BACKUP_EVERY_HOURS, and removes backups older than BACKUP_KEEP after a new one is complete.
# `sh backup.sh once` makes one backup and exits. docs/backup.md
set -u
dir=${BACKUP_DIR:-/backups}
hours=${BACKUP_EVERY_HOURS:-24}

# The image has the program in its working directory; in a clone, it is two folders above this file.
program=${GAVEL:-dist/src/cli/gavel.js}
[ -n "${GAVEL:-}" ] || [ -e "$program" ] || program=$(dirname "$0")/../../dist/src/cli/gavel.js
if [ ! -e "$program" ]; then
  echo "$program does not exist. Run \`npm run build\` in the clone first." >&2
  exit 1
fi
gavel() {
  node --enable-source-maps "$program" "$@"
}

back_up() {
  gavel backup "$dir/$(date -u +%Y-%m-%dT%H-%M-%SZ)" --keep "${BACKUP_KEEP:-14d}"
}

# Adds the database's erasures to the list and removes none, because a lost or restored database knows fewer.
list_erasures() {
  touch "$dir/erasures.jsonl" &&
    gavel leads erasures --json > "$dir/erasures.new" &&
    LC_ALL=C sort -u -T "$dir" -o "$dir/erasures.merged" "$dir/erasures.jsonl" "$dir/erasures.new" &&
    mv "$dir/erasures.merged" "$dir/erasures.jsonl" &&
    rm "$dir/erasures.new" && return
  echo "$dir/erasures.jsonl was not updated; it has the erasures up to the previous backup." >&2
  return 1
}

if [ "${1:-}" = once ]; then
  back_up && list_erasures
  exit
fi
case $hours in
  [1-9] | 1[0-9] | 2[0-4]) ;;
  *)
    echo "BACKUP_EVERY_HOURS must be a whole number from 1 to 24, not \"$hours\"." >&2
    exit 2
    ;;
esac
while :; do
  if back_up; then
    # If only the list failed, another backup would not help: the next one updates the list.
    list_erasures
    sleep "$((hours * 3600))"
  else
    echo 'The backup failed; retrying in 10 minutes.' >&2
    sleep 600
  fi
done
