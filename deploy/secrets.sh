#!/bin/sh
# Makes each missing secret as a file of its own in deploy/secrets; existing files stay as they are.
#   sh deploy/secrets.sh
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

# The folder is closed to others. The files are not, because each container reads its own as a user of its own.
make() {
  [ -s "secrets/$1" ] && return
  printf '%s\n' "$2" > "secrets/$1"
  chmod 644 "secrets/$1"
  echo "made deploy/secrets/$1"
}

# Letters and digits only: they become part of addresses.
for name in mongodb_root_password mongodb_password mongodb_backup_password mongodb_trial_password \
  valkey_password postgres_password; do
  make "$name" "$(openssl rand -hex 24)"
done
# What the members of MongoDB's set know each other by.
make mongodb_member_key "$(openssl rand -base64 756 | tr -d '\n')"
# What persons' data are encrypted under. Copy it to a safe place, away from the backups: docs/backup.md
make master_keys "$(date -u +%Y):$(openssl rand -base64 32)"
