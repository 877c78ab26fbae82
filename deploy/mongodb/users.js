// Creates Gavel's MongoDB users with the passwords in /run/secrets and the fewest rights that each needs. Existing users
// get the current password and rights. Runs when the database is created; run it again after changing a password:
//   docker compose exec mongodb env HOME=/tmp mongosh --quiet --nodb /etc/gavel/users.js
load('/etc/gavel/root.js');

/** Roles and users may already exist. */
function createOrUpdate(kind, name, definition) {
  try {
    db.adminCommand({ [`create${kind}`]: name, ...definition });
  } catch (error) {
    if (error.code !== 51002 && error.code !== 51003) throw error;
    db.adminCommand({ [`update${kind}`]: name, ...definition });
  }
}

const passwordOf = (file) => require('fs').readFileSync(`/run/secrets/mongodb_${file}`, 'utf8').trim();

// Reads everything, and writes only the time of the last backup.
createOrUpdate('Role', 'gavelBackup', {
  privileges: [{ resource: { db: 'gavel', collection: 'backups' }, actions: ['find', 'insert', 'update'] }],
  roles: [{ role: 'read', db: 'gavel' }],
});
createOrUpdate('User', 'gavel', {
  pwd: passwordOf('password'),
  roles: [{ role: 'readWrite', db: 'gavel' }],
});
createOrUpdate('User', 'gavel-backup', {
  pwd: passwordOf('backup_password'),
  roles: [{ role: 'gavelBackup', db: 'admin' }],
});
// For trial restores; no access to the real database.
createOrUpdate('User', 'gavel-trial', {
  pwd: passwordOf('trial_password'),
  roles: [{ role: 'readWrite', db: 'trial' }],
});
print('The users gavel, gavel-backup and gavel-trial have the current passwords.');
