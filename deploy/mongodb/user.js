// Run once by mongosh, when the database is made: Gavel gets a user that can do what it needs, in its own database.
db.getSiblingDB('admin').createUser({
  user: 'gavel',
  pwd: process.env.GAVEL_PASSWORD,
  roles: [{ role: 'readWrite', db: 'gavel' }],
});
