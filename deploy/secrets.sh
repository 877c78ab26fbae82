#!/bin/sh
# Creates each missing secret as a file in deploy/secrets; existing files stay unchanged.
#   sh deploy/secrets.sh
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

# Other users can't open the folder. The files are readable, because each container reads its secrets as a different user.
make() {
  [ -s "secrets/$1" ] && return
  printf '%s\n' "$2" > "secrets/$1"
  chmod 644 "secrets/$1"
  echo "made deploy/secrets/$1"
}

# Letters and digits only, because passwords become part of addresses.
for name in mongodb_root_password mongodb_password mongodb_backup_password mongodb_trial_password \
  valkey_password postgres_password; do
  make "$name" "$(openssl rand -hex 24)"
done
# The key file with which members of the MongoDB replica set authenticate each other.
make mongodb_member_key "$(openssl rand -base64 756 | tr -d '\n')"
# The master key that encrypts personal data. Copy it to a safe place, away from the backups: docs/backup.md
make master_keys "$(date -u +%Y):$(openssl rand -base64 32)"
