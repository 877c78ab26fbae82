// Makes Gavel's users of MongoDB with the passwords in /run/secrets, each with no more rights than it needs; users that
// exist get today's password and rights. Run when the database is made, and again after a password was changed:
//   docker compose exec mongodb env HOME=/tmp mongosh --quiet --nodb /etc/gavel/users.js
load('/etc/gavel/root.js');

/** A role may already be there, and so may a user. */
function createOrUpdate(kind, name, definition) {
  try {
    db.adminCommand({ [`create${kind}`]: name, ...definition });
  } catch (error) {
    if (error.code !== 51002 && error.code !== 51003) throw error;
    db.adminCommand({ [`update${kind}`]: name, ...definition });
  }
}

const passwordOf = (file) => require('fs').readFileSync(`/run/secrets/mongodb_${file}`, 'utf8').trim();

// It reads everything, and writes only when the last backup was made.
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
// For a trial restore: it can't reach the real database.
createOrUpdate('User', 'gavel-trial', {
  pwd: passwordOf('trial_password'),
  roles: [{ role: 'readWrite', db: 'trial' }],
});
print('The users gavel, gavel-backup and gavel-trial have the passwords of today.');
