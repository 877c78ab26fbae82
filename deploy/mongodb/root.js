// Connects as MongoDB's administrator, without a password in a command line:
//   docker compose exec mongodb env HOME=/tmp mongosh --nodb --shell /etc/gavel/root.js
function connectAsRoot(host) {
  const password = require('fs').readFileSync('/run/secrets/mongodb_root_password', 'utf8').trim();
  const options = 'directConnection=true&serverSelectionTimeoutMS=5000';
  return connect(`mongodb://root:${encodeURIComponent(password)}@${host}/admin?${options}`);
}

db = connectAsRoot('127.0.0.1:27017');
// In a set of several members, only the primary accepts writes.
const { setName, isWritablePrimary, primary } = db.adminCommand({ hello: 1 });
if (setName && !isWritablePrimary && primary) db = connectAsRoot(primary);
