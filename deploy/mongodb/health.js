// MongoDB's health check, run by mongosh --nodb: connected from here, the password is in no command line. The first check
// that gets through makes the replica set; healthy is a set that takes writes.
const password = encodeURIComponent(process.env.MONGO_INITDB_ROOT_PASSWORD);
const admin = connect(
  `mongodb://root:${password}@127.0.0.1:27017/admin?directConnection=true&serverSelectionTimeoutMS=5000`,
);
try {
  admin.adminCommand({ replSetGetStatus: 1 });
} catch (error) {
  if (error.codeName !== 'NotYetInitialized') throw error;
  admin.adminCommand({ replSetInitiate: { _id: 'gavel', members: [{ _id: 0, host: 'mongodb:27017' }] } });
}
if (!admin.adminCommand({ hello: 1 }).isWritablePrimary) quit(1);
