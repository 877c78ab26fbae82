// MongoDB's health check, run by mongosh --nodb. The first check that gets through makes the replica set; healthy is a
// member of a set that takes writes.
load('/etc/gavel/root.js');
try {
  db.adminCommand({ replSetGetStatus: 1 });
} catch (error) {
  // One member makes the set, and knows the others by MEMBERS.
  if (error.codeName !== 'NotYetInitialized' || !process.env.MEMBERS) throw error;
  const members = process.env.MEMBERS.split(',').map((host, _id) => ({ _id, host }));
  db.adminCommand({ replSetInitiate: { _id: 'gavel', members } });
}
if (!db.adminCommand({ hello: 1 }).isWritablePrimary) quit(1);
