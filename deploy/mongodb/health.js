// MongoDB's health check, run by mongosh --nodb. The first successful check initiates the replica set. Healthy: the set
// accepts writes.
load('/etc/gavel/root.js');
try {
  db.adminCommand({ replSetGetStatus: 1 });
} catch (error) {
  // One member initiates the set; MEMBERS names all members.
  if (error.codeName !== 'NotYetInitialized' || !process.env.MEMBERS) throw error;
  const members = process.env.MEMBERS.split(',').map((host, _id) => ({ _id, host }));
  db.adminCommand({ replSetInitiate: { _id: 'gavel', members } });
}
if (!db.adminCommand({ hello: 1 }).isWritablePrimary) quit(1);
